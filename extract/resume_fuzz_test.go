package extract

import (
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
)

// marked is a journal that keeps marks and stops the walk after some pages.
type marked struct {
	mu    sync.Mutex
	marks []Mark
	ids   map[string]bool
	pages int
}

func (m *marked) Page(entries []record.Entry, mark Mark) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.marks = append(m.marks, mark)
	for _, e := range entries {
		m.ids[e.ID] = true
	}
	if m.pages--; m.pages == 0 {
		return errEndless
	}
	return nil
}

func (m *marked) Mark(marks ...Mark) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.marks = append(m.marks, marks...)
	return nil
}

func (m *marked) Settled(*record.Record) error { return nil }

// FuzzMarks goes on from any marks: what JSON allows neither breaks the walk nor keeps it from ending. Marks that a walk has left,
// wherever it was stopped, lose nothing.
func FuzzMarks(f *testing.F) {
	values := make([]byte, 200)
	for i := range values {
		values[i] = byte(i + 5)
	}
	f.Add([]byte(`[]`), values, []byte("\xf0\xf0\x28\xf0"), byte(3), byte(0))
	for _, text := range []string{
		`[{"window":1,"pass":1,"from":1776384000000000,"to":1776384000100000,"span":{"from":1776384000000,"to":1776384000100},"cursor":"Ing=","order":{"order":"newest","steps":99,"recent":[1,2,3]}}]`,
		`[{"window":1,"from":9,"to":1},{"window":-1},{"window":2,"pass":7,"from":1776384000000000,"to":1776384000050000,"span":{"from":5,"to":-5},"limit":-3}]`,
		`[{"assumed":true,"from":1776384000000000,"to":1776384000100000},{"window":9,"pass":2,"from":1776384000000000,"to":1776384000010000,"order":{"order":"none"}}]`,
		`[{"assumed":true,"from":1776384000090000,"to":1776384000010000}]`, `[{"window":1,"from":1776384000000000,"to":1776384000100000,"done":true,"limit":1000,"span":{"from":-9223372036854775808,"to":9223372036854775807}}]`,
	} {
		f.Add([]byte(text), values[:40], []byte{}, byte(0), byte(1))
	}
	f.Fuzz(func(t *testing.T, text, values, faults []byte, pages, order byte) {
		var marks []Mark
		if len(values) > 300 || len(faults) > 100 || len(text) > 2000 || json.Unmarshal(text, &marks) != nil {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			api := &orderly{script: faults, rows: ordered(values, order)}
			journal := &marked{ids: map[string]bool{}, pages: int(pages)}
			g, err := walkOn(t, api, Step{Journal: journal, Windows: int(order>>4) % 4})
			if err != nil {
				known := func(id string) bool { return journal.ids[id] }
				g, err = walkOn(t, api, Step{Resume: &Resume{Marks: journal.marks, Known: known}})
			}
			if err == nil {
				requireAll(t, api.rows, g, journal.ids)
			}
			_, _ = walkOn(t, &orderly{rows: api.rows}, Step{Resume: &Resume{Marks: marks}})
		})
	})
}

// requireAll says that every row of the interval was delivered, or was on a page that the journal knows.
func requireAll(t *testing.T, rows []row, g *gathered, journalled map[string]bool) {
	got := map[string]bool{}
	for i := range g.records {
		got[g.records[i].ID] = true
	}
	for _, r := range rows {
		at := time.UnixMilli(r.ms)
		require.Equal(t, !at.Before(fuzzed.From) && at.Before(fuzzed.To), got[r.id] || journalled[r.id], "%v", r)
	}
}
