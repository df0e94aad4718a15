package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/internal/table"
	"logferry/sinks"
	"logferry/transform"
)

// eraseAction is what a manifest says that a version was made by.
const eraseAction plan.Action = "erase"

// erasing is what one step erases: rows and quarantined records of some persons. A nil one erases nothing.
type erasing struct {
	persons *persons
	reason  string
	by      string
	at      time.Time
	salt    []byte // for ids of partitions that nothing was erased from yet
	// What the rows look like, which stays as it was.
	shape     string
	flattener *transform.Flattener

	rows        int64
	ids         map[string]bool
	quarantined int64
	made        *state.Manifest // of the version that is written; of an attempt that failed too
}

// begin forgets what an attempt has found whose files proved to be damaged.
func (x *erasing) begin() { x.rows, x.quarantined, x.ids = 0, 0, map[string]bool{} }

// erases returns what says of a row of the schema that it is to go; nil where none is.
func (s *step) erases(schema *table.Schema) func(table.Row) bool {
	x := s.erasing
	if x == nil {
		return nil
	}
	user, id := schema.Index("user_id"), schema.Index("log_id")
	return func(row table.Row) bool {
		if !row[user].Valid || !x.persons.ids[string(row[user].Bytes)] {
			return false
		}
		x.rows++
		x.ids[string(row[id].Bytes)] = true
		return true
	}
}

// erasesLine says whether a line of the quarantine is to go. The partition's rows come before it: one of a record with a row goes with that
// row and never without it.
func (s *step) erasesLine(line *quarantined) bool {
	x := s.erasing
	if x == nil || !x.ids[line.LogID] && (line.Exported || !x.persons.received(line.received())) {
		return false
	}
	x.quarantined++
	x.ids[lineID(line.LogID, line.received())] = true
	return true
}

// tell puts into a manifest what was erased in it.
func (x *erasing) tell(m, before *state.Manifest) {
	set := &state.ErasedSet{}
	set.Join(m.Erased)
	var ids []string
	for id := range x.ids {
		ids = append(ids, id)
	}
	set.Add(x.salt, ids)
	m.Shape, m.Erased = x.shape, set.List()
	m.Erasures = state.JoinErasures(m.Erasures, []state.Erasure{{
		At: x.at, By: x.by, Reason: x.reason, Version: m.Version, Rows: x.rows, Quarantined: x.quarantined,
		IDsBefore: before.IDs, IDsAfter: m.IDs, RootBefore: before.Root, RootAfter: m.Root,
	}})
}

// rowsFlattener knows what the step's rows look like.
func (s *step) rowsFlattener() *transform.Flattener {
	if s.erasing != nil {
		return s.erasing.flattener
	}
	return s.run.flattener
}

// erase writes the partition anew without what is erased. A manifest that comes with an error is committed all the same.
func (s *step) erase(ctx context.Context) (*state.Manifest, error) {
	for {
		s.erasing.begin()
		w := s.begin()
		res := s.newResult()
		err := w.end(s.write(ctx, w, &res))
		var damaged *sinks.DamagedError
		if errors.As(err, &damaged) && s.without(damaged) {
			continue
		}
		if err != nil && !w.committed {
			return nil, err
		}
		return s.erasing.made, err
	}
}

// newErasing makes ready what a step of a partition needs. The error is an *EraseShapeError where its rows can't be written as they are.
func (s *step) newErasing(of *Erasable) error {
	x := &erasing{persons: of.persons, reason: of.reason, by: s.run.store.By(), at: s.run.opts.Now.UTC(), salt: of.salt}
	if err := s.keepShape(x); err != nil {
		return err
	}
	s.erasing = x
	return nil
}

// keepShape finds out what the rows of the partition look like. Where the configuration was changed since, they stay as they are: the next
// plan is to see that they are not what is declared.
func (s *step) keepShape(x *erasing) error {
	r := s.run
	now := state.Shape(r.pipeline.Shape())
	x.shape, x.flattener = now.Hash(), r.flattener
	if s.known.Shape == x.shape {
		return nil
	}
	was, known := r.state.Shapes[s.known.Shape]
	if !known {
		return &EraseShapeError{Partition: s.plan.Name()}
	}
	if sameRows(was, now) {
		return nil
	}
	flattener, err := flattenerOf(was)
	if err != nil {
		return &EraseShapeError{Partition: s.plan.Name(), Err: err}
	}
	schema := flattener.Schema()
	for name, kind := range s.known.Columns {
		if i := schema.Index(name); i < 0 || schema.Columns[i].Kind.String() != kind {
			return &EraseShapeError{Partition: s.plan.Name(), Err: fmt.Errorf("the column %q", name)}
		}
	}
	x.shape, x.flattener = s.known.Shape, flattener
	return nil
}

// sameRows says that shapes differ in nothing but in what files look like.
func sameRows(a, b state.Shape) bool {
	rows := func(s state.Shape) state.Shape {
		out := state.Shape{}
		for key, value := range s {
			if !strings.HasPrefix(key, "sinks.") {
				out[key] = value
			}
		}
		return out
	}
	return rows(a).Hash() == rows(b).Hash()
}

// flattenerOf makes rows of a shape.
func flattenerOf(s state.Shape) (*transform.Flattener, error) {
	var columns []struct{ Name, Path, Type string }
	if err := json.Unmarshal([]byte(s["transform.columns"]), &columns); err != nil {
		return nil, fmt.Errorf("the columns that were declared: %w", err)
	}
	o := transform.Options{Raw: s["transform.raw"] == "true", Project: s["source.projects"] == "true"}
	for _, c := range columns {
		var kind table.Kind
		for word, k := range columnKinds {
			if string(word) == c.Type {
				kind = k
			}
		}
		o.Columns = append(o.Columns, transform.Column{Name: c.Name, Path: c.Path, Type: kind})
	}
	return transform.New(o)
}

// EraseShapeError says that a partition's rows can't be written again as they are.
type EraseShapeError struct {
	Partition string
	Err       error // nil where nothing is known of them
}

func (e *EraseShapeError) Error() string {
	text := fmt.Sprintf("the rows of %s are of a configuration that the state does not know", e.Partition)
	if e.Err != nil {
		text = fmt.Sprintf("the rows of %s are of a configuration that this program can't write rows of: %v", e.Partition, e.Err)
	}
	return text + ": nothing was erased"
}

// Unwrap returns why.
func (e *EraseShapeError) Unwrap() error { return e.Err }

// Hint is what the user can do about it.
func (e *EraseShapeError) Hint() string {
	return "`logferry apply` first, which makes the partition what is declared now; where the service has deleted its logs, `logferry destroy --target` removes it whole"
}

// undeclaredSinks are the sinks that hold something of a partition and are not declared any more.
func (s *Session) undeclaredSinks(m *state.Manifest) []string {
	var out []string
	for _, f := range m.Files {
		out = append(out, f.Sink)
	}
	if m.QuarantineObject != nil {
		out = append(out, m.QuarantineObject.Sink)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(name string) bool { return s.sink(name) != nil })
}
