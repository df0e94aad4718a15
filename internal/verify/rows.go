package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"

	"logferry/internal/merkle"
	"logferry/internal/state"
	"logferry/sinks"
	"logferry/sinks/reread"
)

// tally recomputes what a manifest says of the rows of a partition in one sink.
type tally struct {
	manifest          *state.Manifest
	rows              int64
	ids               hash.Hash
	statuses, details map[string]int64
	last              int64
	lastID            string
	problem           string          // the first
	tree              *merkle.Builder // nil where the manifest has no root
	erased            *state.ErasedSet
}

func newTally(m *state.Manifest) *tally {
	t := &tally{manifest: m, ids: sha256.New(), statuses: map[string]int64{}, details: map[string]int64{}, erased: m.ErasedSet()}
	if m.Root != "" {
		t.tree = merkle.NewBuilder()
	}
	return t
}

// add takes a row. The first that is out of its place is a problem.
func (t *tally) add(micros int64, id []byte, status, detail string) {
	switch {
	case t.problem != "":
	case t.rows > 0 && (micros < t.last || micros == t.last && string(id) <= t.lastID):
		t.problem = fmt.Sprintf("row %d (%s) is not after the one before it (%s): rows are to be sorted by timestamp and log_id, each once", t.rows+1, id, t.lastID)
	case micros < t.manifest.From.UnixMicro() || micros >= t.manifest.To.UnixMicro():
		t.problem = fmt.Sprintf("row %d (%s) does not belong into the partition's time", t.rows+1, id)
	case t.erased.Has(string(id)):
		t.problem = fmt.Sprintf("row %d (%s) is of a record that was erased", t.rows+1, id)
	}
	t.rows++
	t.last, t.lastID = micros, string(id)
	t.ids.Write(id)
	t.ids.Write([]byte{'\n'})
	t.statuses[status]++
	t.details[detail]++
}

// compare says what is wrong with all the rows together, "" if nothing is.
func (t *tally) compare() string {
	m := t.manifest
	switch {
	case t.problem != "":
		return t.problem
	case t.rows != m.Rows:
		return fmt.Sprintf("%d rows were read, and %d were committed", t.rows, m.Rows)
	case hex.EncodeToString(t.ids.Sum(nil)) != m.IDs:
		return "the set of log_ids is not the one that was committed"
	case t.tree != nil && t.root() != m.Root:
		return fmt.Sprintf("the rows are not those that were committed: the root of their Merkle tree is %s, and %s was committed", t.root(), m.Root)
	case !maps.Equal(t.statuses, m.Statuses):
		return fmt.Sprintf("rows by status are %v, and %v were committed", t.statuses, m.Statuses)
	case !maps.Equal(t.details, m.Details):
		return fmt.Sprintf("rows by detail are %v, and %v were committed", t.details, m.Details)
	}
	return ""
}

func (t *tally) root() string {
	root := t.tree.Root()
	return hex.EncodeToString(root[:])
}

// rows reads a file back with an implementation that did not write it.
func (c *checker) rows(ctx context.Context, s *sinks.Sink, f *state.File, path string, t *tally) (ok bool, err error) {
	before := t.rows
	first, last := int64(0), int64(0)
	columns, rows, err := c.read(ctx, path, f.Key, t, func(micros int64, id []byte, status, detail string) error {
		if t.rows == before {
			first = micros
		}
		last = micros
		t.add(micros, id, status, detail)
		return nil
	})
	var damaged *reread.FileError
	if errors.As(err, &damaged) {
		c.find(Content, removal, s.Name(), f.Key, "%v", damaged.Err)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	c.count(func(r *Report) { r.RowsRead += rows })
	switch {
	case rows != f.Rows:
		c.find(Content, removal, s.Name(), f.Key, "has %d rows, and %d were committed", rows, f.Rows)
		return false, nil
	case rows > 0 && (first != f.First.UnixMicro() || last != f.Last.UnixMicro()):
		c.find(Content, removal, s.Name(), f.Key, "its first and last timestamps are not those that were committed")
		return false, nil
	}
	if problem := c.otherColumns(f.Key, columns); problem != "" {
		c.find(Content, removal, s.Name(), f.Key, "%s", problem)
		return false, nil
	}
	return true, nil
}
