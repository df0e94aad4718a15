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
// covers, in their order. A row is valid until the next one.
func (s *step) baseRows(ctx context.Context) iter.Seq2[table.Row, error] {
	return func(yield func(table.Row, error) bool) {
		schema := s.run.flattener.Schema()
		at := schema.Index("timestamp")
		from, to := s.plan.From.UnixMicro(), s.plan.To.UnixMicro()
		for _, name := range s.plan.Base {
			rows, err := s.rowsOf(ctx, name)
			if err != nil {
				yield(nil, err)
				return
			}
			for row, err := range rows {
				if err == nil && (row[at].Int < from || row[at].Int >= to) {
					continue
				}
				if !yield(row, err) {
					return
				}
			}
		}
	}
}

// baseKeys yields the keys of the rows that the step keeps.
func (s *step) baseKeys(ctx context.Context) iter.Seq2[record.Key, error] {
	schema := s.run.flattener.Schema()
	at, id := schema.Index("timestamp"), schema.Index("log_id")
	return func(yield func(record.Key, error) bool) {
		for row, err := range s.baseRows(ctx) {
			if err != nil {
				yield(record.Key{}, err)
				return
			}
			if !yield(record.Key{Micros: row[at].Int, ID: string(row[id].Bytes)}, nil) {
				return
			}
		}
	}
}

// rowsOf reads a partition of the state back, from the first sink that has all of its files.
func (s *step) rowsOf(ctx context.Context, name string) (iter.Seq2[table.Row, error], error) {
	r := s.run
	m := s.known
	if m == nil || name != s.entry.Name() {
		entry, ok := r.entry(name)
		if !ok {
			return nil, fmt.Errorf("the state does not have %s any more", name)
		}
		var err error
		if m, err = r.store.Manifest(ctx, &entry); err != nil {
			return nil, err
		}
	}
	if m.Rows == 0 {
		return func(func(table.Row, error) bool) {}, nil
	}
	for _, sink := range r.sinks {
		files, err := storedIn(m, sink.Name())
		if err != nil {
			return nil, err
		}
		gone := slices.ContainsFunc(s.plan.Gone, func(o plan.Object) bool { return o.Sink == sink.Name() })
		if len(files) > 0 && !gone {
			return sink.Read(ctx, r.flattener.Schema(), files), nil
		}
	}
	return nil, fmt.Errorf("no declared sink has the files of %s", name)
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
