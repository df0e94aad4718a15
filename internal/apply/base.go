package apply

import (
	"context"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"

	"logferry/internal/plan"
	"logferry/internal/record"
	"logferry/internal/state"
	"logferry/internal/table"
	"logferry/sinks"
)

// baseRows yields the rows that the step keeps, from the files of the partitions that its plan names: those within what it
// covers, in their order, as rows of schema. A row is valid until the next one.
func (s *step) baseRows(ctx context.Context, schema *table.Schema) iter.Seq2[table.Row, error] {
	return func(yield func(table.Row, error) bool) {
		at := schema.Index("timestamp")
		from, to := s.plan.From.UnixMicro(), s.plan.To.UnixMicro()
		gone := s.erases(schema)
		for _, name := range s.plan.Base {
			rows, err := s.rowsOf(ctx, name, schema)
			if err != nil {
				yield(nil, err)
				return
			}
			for row, err := range rows {
				if err == nil && (row[at].Int < from || row[at].Int >= to || gone != nil && gone(row)) {
					continue
				}
				if !yield(row, err) {
					return
				}
			}
		}
	}
}

// baseKeys yields the keys of the rows that the step keeps, and reads no other column.
func (s *step) baseKeys(ctx context.Context) iter.Seq2[record.Key, error] {
	whole := s.run.flattener.Schema()
	keys := &table.Schema{Columns: []table.Column{whole.Columns[whole.Index("timestamp")], whole.Columns[whole.Index("log_id")]}}
	return func(yield func(record.Key, error) bool) {
		for row, err := range s.baseRows(ctx, keys) {
			if err != nil {
				yield(record.Key{}, err)
				return
			}
			if !yield(record.Key{Micros: row[0].Int, ID: string(row[1].Bytes)}, nil) {
				return
			}
		}
	}
}

// rowsOf reads a partition of the state back, from the first sink that has all of its files.
func (s *step) rowsOf(ctx context.Context, name string, schema *table.Schema) (iter.Seq2[table.Row, error], error) {
	m, err := s.manifestOf(ctx, name)
	if err != nil {
		return nil, err
	}
	if m.Rows == 0 {
		return func(func(table.Row, error) bool) {}, nil
	}
	sink := s.source(m)
	if sink == nil {
		return nil, &noSourceError{name}
	}
	files, err := storedIn(m, sink.Name())
	if err != nil {
		return nil, err
	}
	return sink.Read(ctx, schema, files), nil
}

// manifestOf returns the manifest of a partition of the state.
func (s *step) manifestOf(ctx context.Context, name string) (*state.Manifest, error) {
	if s.known != nil && name == s.entry.Name() {
		return s.known, nil
	}
	entry, ok := s.run.entry(name)
	if !ok {
		return nil, fmt.Errorf("the state does not have %s any more", name)
	}
	return s.run.store.Manifest(ctx, &entry)
}

// source is the first sink that has all files of a partition, as far as that is known; nil where there is none.
func (s *step) source(m *state.Manifest) *sinks.Sink {
	for _, sink := range s.run.sinks {
		files := slices.DeleteFunc(slices.Clone(m.Files), func(f state.File) bool { return f.Sink != sink.Name() })
		gone := slices.ContainsFunc(s.plan.Gone, func(o plan.Object) bool {
			return o.Sink == sink.Name() && slices.ContainsFunc(files, func(f state.File) bool { return f.Key == o.Key })
		})
		if len(files) > 0 && !gone {
			return sink
		}
	}
	return nil
}

// noSourceError says that no declared sink has a partition's files.
type noSourceError struct{ name string }

func (e *noSourceError) Error() string { return "no declared sink has the files of " + e.name }

// Hint is what the user can do about it.
func (e *noSourceError) Hint() string {
	return "declare the sink again that has them, or `logferry apply --replace " + e.name + "`, which fetches them from the API"
}

// storedIn are the files that a sink has of a partition.
func storedIn(m *state.Manifest, sink string) ([]sinks.Stored, error) {
	var out []sinks.Stored
	for _, f := range m.Files {
		if f.Sink != sink {
			continue
		}
		sum, err := hex.DecodeString(f.SHA256)
		if err != nil || len(sum) != 32 {
			return nil, fmt.Errorf("the manifest of %s has no SHA-256 for %s", m.Partition, f.Key)
		}
		out = append(out, sinks.Stored{Key: f.Key, Size: f.Size, SHA256: [32]byte(sum), Rows: f.Rows})
	}
	return out, nil
}

// entry returns the state's entry of a name.
func (r *run) entry(name string) (state.Entry, bool) {
	r.committing.Lock()
	defer r.committing.Unlock()
	return r.state.Get(plan.SplitName(name))
}
