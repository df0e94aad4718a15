package extract

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeAPI serves entries in exactly the order they are given, with cursors that count entries, and details that a
// function answers. Faults are the functions' business.
type fakeAPI struct {
	entries []fakeEntry
	// list may answer a list request itself, given the number of earlier list requests and the cursor ("" for none).
	list func(w http.ResponseWriter, n int, cursor string) (answered bool)
	// detail may answer a detail request itself, given its id and the number of earlier requests for it.
	detail func(w http.ResponseWriter, r *http.Request, id string, n int) (answered bool)

	mu      sync.Mutex
	lists   int
	details map[string]int
}

// listRequests is how many list requests came, at any time: a request that its client gave up may still be served.
func (f *fakeAPI) listRequests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lists
}

// detailRequests is how many detail requests came for each record.
func (f *fakeAPI) detailRequests() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.details)
}

// stateNoLimit says that there is no limit in practice.
func stateNoLimit(h http.Header) {
	h.Set("X-RateLimit", "2147483647")
	h.Set("X-RateLimit-Remaining", "2147483647")
	h.Set("X-RateLimit-Window-Size", "60s")
}

type fakeEntry struct {
	id string
	ms int64
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	stateNoLimit(w.Header())
	if id, ok := strings.CutPrefix(r.URL.Path, detailPath); ok {
		f.mu.Lock()
		if f.details == nil {
			f.details = map[string]int{}
		}
		n := f.details[id]
		f.details[id]++
		f.mu.Unlock()
		if f.detail == nil || !f.detail(w, r, id, n) {
			_, _ = fmt.Fprintf(w, `{"id":%q}`, id)
		}
		return
	}
	var request struct {
		Cursor string
		Range  struct{ From, To int64 } `json:"time_range"`
	}
	_ = json.NewDecoder(r.Body).Decode(&request)
	f.mu.Lock()
	n := f.lists
	f.lists++
	f.mu.Unlock()
	if f.list == nil || !f.list(w, n, request.Cursor) {
		f.page(w, request.Cursor, request.Range.From, request.Range.To)
	}
}

func (f *fakeAPI) page(w http.ResponseWriter, cursor string, from, to int64) {
	skip := 0
	_, _ = fmt.Sscan(cursor, &skip)
	var in []fakeEntry
	for _, e := range f.entries {
		if from <= e.ms && e.ms < to {
			in = append(in, e)
		}
	}
	until, next := min(skip+PageLimit, len(in)), "null"
	if until < len(in) {
		next = fmt.Sprintf(`"%d"`, until)
	}
	_, _ = fmt.Fprintf(w, `{"next_cursor":%s,"logs":[`, next)
	for i, e := range in[min(skip, until):until] {
		if i > 0 {
			_, _ = fmt.Fprint(w, ",")
		}
		_, _ = fmt.Fprintf(w, `{"id":%q,"timestamp":%d}`, e.id, e.ms)
	}
	_, _ = fmt.Fprint(w, "]}")
}

// newestEntries returns n entries of the day, newest first, evenly spread.
func newestEntries(n int) []fakeEntry {
	step := day.Duration().Milliseconds() / int64(n)
	out := make([]fakeEntry, n)
	for i := range out {
		out[i] = fakeEntry{id: fmt.Sprintf("log_%05d", i), ms: day.To.UnixMilli() - 1 - int64(i)*step}
	}
	return out
}

// withFake walks against a fake API in a synctest bubble.
func withFake(t *testing.T, api http.Handler, o Options, f func(t *testing.T, x *Extractor, c *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		transport, end := inMemory(api)
		defer end()
		bounded := &limited{RoundTripper: transport}
		bounded.left.Store(30_000)
		x := New(o)
		defer x.Close()
		c, err := NewClient(ClientOptions{BaseURL: "http://api.test", APIKey: testKey, Transport: bounded, Timeout: 10 * time.Second, GiveUpAfter: 10 * time.Minute})
		require.NoError(t, err)
		f(t, x, c)
	})
}
