package extract

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// orderly is an API with rows in one order, whose cursors are counts of rows, and which a script makes fail in ways that lose
// nothing.
type orderly struct {
	mu     sync.Mutex
	rows   []row
	script []byte
	n      int
}

func (o *orderly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	stateNoLimit(w.Header())
	var asked struct {
		Cursor string
		Range  TimeRange `json:"time_range"`
	}
	_ = json.NewDecoder(r.Body).Decode(&asked)
	var op byte
	if o.n < len(o.script) {
		op = o.script[o.n]
	}
	o.n++
	skip, salt := 0, 0
	_, _ = fmt.Sscanf(asked.Cursor, "%d-%d", &skip, &salt)
	var in []row
	for _, r := range o.rows {
		if asked.Range.From <= r.ms && r.ms <= asked.Range.To { // the end is taken as included
			in = append(in, r)
		}
	}
	until := min(skip+1+int(op>>4), len(in))
	skip = min(skip, until)
	next := func(n int) string {
		if n >= len(in) {
			return "null"
		}
		return fmt.Sprintf(`"%d-%d"`, n, o.n)
	}
	if asked.Cursor == "" && (op%16 == 8 || op%16 == 11) {
		op = 9 // a request without a cursor can't be blamed on it
	}
	switch op % 16 {
	case 8:
		w.WriteHeader([]int{400, 404, 409, 410, 422}[int(op>>4)%5])
	case 9:
		w.WriteHeader(http.StatusBadGateway)
	case 10: // an empty page
		writePage(w, nil, fmt.Sprintf(`"%d-%d"`, skip, o.n))
	case 11: // the cursor that was sent
		writePage(w, in[skip:until], fmt.Sprintf("%q", asked.Cursor))
	case 12: // rows of before
		writePage(w, in[max(skip-int(op>>4), 0):until], next(until))
	case 13:
		_, _ = w.Write([]byte(`{"logs":[{"id":"log_1`))
	default:
		writePage(w, in[skip:until], next(until))
	}
}

// FuzzCursors walks against an API with a truth, through any sequence of its faults: everything is delivered.
func FuzzCursors(f *testing.F) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	f.Add(all, []byte{0xf0, 0xf0, 0xf8, 0xf0, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd}, byte(0), byte(0))
	f.Add(all[:80], []byte("\xf0\x28\xf0\x28\xf0\x28\xf0\x28\x28\x28\x28\x28\x28"), byte(1), byte(1))
	f.Add(all[:200], []byte("\xf0\xf0\xf0\x28\xf0\xf0\x18\xf0\x08\x38"), byte(0), byte(1))
	f.Add(all[40:200], []byte("\xf0\xfb\xfb\xfb\xfb\xfb\xfb\xfb\xfb\xfb\xfb\xfb"), byte(2), byte(0))
	f.Add([]byte{9, 9, 200, 1, 77, 0, 255}, []byte("\x1c\x1a\x1a\x10\x1b\x1c"), byte(2), byte(3))
	f.Fuzz(func(t *testing.T, values, faults []byte, order, windows byte) {
		if len(faults) > 200 || len(values) > 1000 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			api := &orderly{script: faults, rows: ordered(values, order)}
			g, err := walkDirect(t, api, int(windows%4))
			if err != nil {
				return // faults that last
			}
			got := map[string]bool{}
			for i := range g.records {
				got[g.records[i].ID] = true
			}
			for _, r := range api.rows {
				at := time.UnixMilli(r.ms)
				require.Equal(t, !at.Before(fuzzed.From) && at.Before(fuzzed.To), got[r.id], "%v", r)
			}
		})
	})
}

// ordered are the rows of the values, each once: newest first, oldest first, or in no order. That is not the input's to choose: where
// rows stand in one order for long, and then one far out of its place, a chain that breaks in between takes it for read by the order.
func ordered(values []byte, order byte) []row {
	var present [256]bool
	for _, v := range values {
		present[v] = true
	}
	var rows []row
	for i := range 256 {
		v := byte(i * 97) // at most three in a row rise
		if present[v] {
			rows = append(rows, rowAt(v))
		}
	}
	if order%3 < 2 {
		slices.SortFunc(rows, func(a, b row) int {
			return (1 - 2*int(order%3)) * cmp.Or(cmp.Compare(b.ms, a.ms), cmp.Compare(b.id, a.id))
		})
	}
	return rows
}
