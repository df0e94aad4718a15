package plan

import (
	"sort"
	"time"

	"logferry/internal/state"
)

// density tells how many records a stretch of time will hold by those that the state has beside it, and how many bytes a
// record takes.
type density struct {
	known map[string][]state.Entry // by project, in their order
	rows  int64                    // in files: a row counts once for each sink
	bytes int64                    // of those files
	sinks int64                    // that are declared
}

// neighbours is how many partitions on either side are taken for the same kind of time.
const neighbours = 7

func newDensity(st *state.State, sinks int) *density {
	d := &density{known: map[string][]state.Entry{}, sinks: int64(sinks)}
	for _, e := range st.All() {
		d.known[e.Project] = append(d.known[e.Project], e)
		d.rows += e.Rows * max(sinksOf(&e), 1)
		d.bytes += e.Bytes
	}
	return d
}

// expect is how many records [from, to) may hold, -1 where nothing tells.
func (d *density) expect(project string, from, to time.Time) int64 {
	entries := d.known[project]
	at := sort.Search(len(entries), func(i int) bool { return !entries[i].From.Before(from) })
	var rows int64
	var span time.Duration
	for i := max(at-neighbours, 0); i < min(at+neighbours, len(entries)); i++ {
		rows += entries[i].Rows
		span += entries[i].To.Sub(entries[i].From)
	}
	if span <= 0 {
		return -1
	}
	return int64(float64(rows) * float64(to.Sub(from)) / float64(span))
}

// sinksOf is how many sinks have files of an entry.
func sinksOf(e *state.Entry) int64 {
	names := map[string]bool{}
	for _, f := range e.Files {
		names[f.Sink] = true
	}
	return int64(len(names))
}

// size is how many bytes so many rows take in all declared sinks together, -1 where nothing tells.
func (d *density) size(rows int64) int64 {
	switch {
	case rows == 0:
		return 0
	case rows < 0, d.rows == 0:
		return -1
	}
	return int64(float64(rows*d.sinks) * float64(d.bytes) / float64(d.rows))
}
