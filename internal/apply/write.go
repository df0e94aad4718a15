package apply

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"iter"
	"strconv"
	"time"

	"logferry/internal/merkle"
	"logferry/internal/record"
	"logferry/internal/spool"
	"logferry/internal/state"
	"logferry/internal/table"
	"logferry/sinks"
	"logferry/transform"
)

// write makes the partition's files of its base and of what was fetched, publishes and commits them. Only one step encodes
// at a time: the encoders' memory is declared once.
func (s *step) write(ctx context.Context, w *work, res *StepResult) error {
	out, t, err := s.encode(ctx, w)
	if err != nil {
		return err
	}
	return errors.Join(s.publish(ctx, w, out, t, res), out.abort()) // which does nothing once they are published
}

func (s *step) encode(ctx context.Context, w *work) (writers, *tally, error) {
	r := s.run
	select {
	case r.writing <- struct{}{}:
		defer func() { <-r.writing }()
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	s.writing.Store(true)
	flattener := s.rowsFlattener().Clone()
	moved, err := s.moved(ctx, w)
	if err != nil {
		return nil, nil, err
	}
	out, err := s.openWriters(ctx, flattener.Schema())
	if err != nil {
		return nil, nil, err
	}
	t := newTally(flattener.Schema())
	for row, err := range s.rows(ctx, w, flattener, moved) {
		if err == nil {
			err = t.add(row)
		}
		if err == nil {
			err = out.write(row)
		}
		if err != nil {
			return nil, nil, errors.Join(err, out.abort())
		}
		s.written.Add(1)
	}
	t.end()
	if err := out.seal(ctx); err != nil {
		return nil, nil, errors.Join(err, out.abort())
	}
	return out, t, nil
}

// rows yields the base's rows and those of the fetched records in one order. Of one record the fetched row counts.
func (s *step) rows(ctx context.Context, w *work, f *transform.Flattener, moved map[string]bool) iter.Seq2[table.Row, error] {
	fresh := s.freshRows(ctx, w.records, f, moved)
	if len(s.plan.Base) == 0 {
		return fresh
	}
	at, id := f.Schema().Index("timestamp"), f.Schema().Index("log_id")
	return mergeSorted(s.baseRows(ctx, f.Schema()), fresh, func(a, b table.Row) int {
		return cmp.Or(cmp.Compare(a[at].Int, b[at].Int), bytes.Compare(a[id].Bytes, b[id].Bytes))
	})
}

// freshRows flattens the fetched records, less those that the base has under another timestamp, and those that were tried
// again in vain.
func (s *step) freshRows(ctx context.Context, records *spool.Spool, f *transform.Flattener, moved map[string]bool) iter.Seq2[table.Row, error] {
	return func(yield func(table.Row, error) bool) {
		for rec, err := range records.Sorted(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			if moved[rec.ID] {
				continue
			}
			row, err := f.Flatten(rec, s.plan.Project)
			if err != nil {
				err = fmt.Errorf("record %s: %w", rec.ID, err)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// moved are the ids of fetched records that the base has under another timestamp: they are there already.
func (s *step) moved(ctx context.Context, w *work) (map[string]bool, error) {
	out := map[string]bool{}
	if len(s.plan.Base) == 0 || w.records.Count() == 0 {
		return out, nil
	}
	ids, keys := spool.NewIDSet(), spool.NewIDSet()
	for r, err := range w.records.Sorted(ctx) {
		if err != nil {
			return nil, err
		}
		ids.Add(r.ID)
		keys.Add(keyText(r.Key))
	}
	ids.Seal()
	keys.Seal()
	for key, err := range s.baseKeys(ctx) {
		if err != nil {
			return nil, err
		}
		if ids.Has(key.ID) && !keys.Has(keyText(key)) {
			out[key.ID] = true
		}
	}
	return out, nil
}

func keyText(k record.Key) string { return strconv.FormatInt(k.Micros, 36) + " " + k.ID }

// tally sums up the rows of a partition for its manifest.
type tally struct {
	id, status, detail int
	rows               int64
	ids                hash.Hash
	line               []byte
	canonical          *table.Canonical
	tree               *merkle.Builder
	columns            map[string]string
	statuses, details  map[string]int64 // once it has ended
	byStatus, byDetail counts
}

func newTally(schema *table.Schema) *tally {
	columns := make(map[string]string, len(schema.Columns))
	for _, c := range schema.Columns {
		columns[c.Name] = c.Kind.String()
	}
	return &tally{
		canonical: table.NewCanonical(schema), tree: merkle.NewBuilder(), columns: columns,
		id: schema.Index("log_id"), status: schema.Index("status"), detail: schema.Index("detail"),
		ids: sha256.New(), byStatus: counts{}, byDetail: counts{},
	}
}

func (t *tally) add(row table.Row) error {
	t.rows++
	t.line = append(append(t.line[:0], row[t.id].Bytes...), '\n')
	t.ids.Write(t.line)
	t.byStatus.add(row[t.status].Bytes)
	t.byDetail.add(row[t.detail].Bytes)
	if err := t.canonical.Write(t.tree, row); err != nil {
		return err
	}
	t.tree.End()
	return nil
}

func (t *tally) end() { t.statuses, t.details = t.byStatus.totals(), t.byDetail.totals() }

// counts says how often there was which text. Only a new one is made a string.
type counts map[string]*int64

func (c counts) add(text []byte) {
	n := c[string(text)]
	if n == nil {
		n = new(int64)
		c[string(text)] = n
	}
	*n++
}

func (c counts) totals() map[string]int64 {
	out := make(map[string]int64, len(c))
	for text, n := range c {
		out[text] = *n
	}
	return out
}

// tell puts what is known of the rows into their manifest.
func (t *tally) tell(m *state.Manifest) {
	root := t.tree.Root()
	m.Rows, m.IDs, m.Root, m.Columns = t.rows, hex.EncodeToString(t.ids.Sum(nil)), hex.EncodeToString(root[:]), t.columns
	m.Statuses, m.Details = t.statuses, t.details
}

// writers are the partition's writers, one a sink.
type writers []*writer

type writer struct {
	sink *sinks.Sink
	*sinks.PartitionWriter
	files []sinks.File // once sealed
}

func (s *step) openWriters(ctx context.Context, schema *table.Schema) (writers, error) {
	var out writers
	for _, sink := range s.run.sinks {
		w, err := sink.NewPartition(ctx, schema, sinks.Partition{Prefix: s.prefix(), Metadata: s.metadata()})
		if err != nil {
			return nil, errors.Join(err, out.abort())
		}
		out = append(out, &writer{sink: sink, PartitionWriter: w})
	}
	return out, nil
}

// metadata stands in every file, so that a file found alone says where it belongs.
func (s *step) metadata() map[string]string {
	m := map[string]string{
		"logferry.pipeline":  s.run.pipeline.Name,
		"logferry.version":   s.run.opts.Version,
		"logferry.partition": s.plan.Partition,
		"logferry.from":      s.plan.From.UTC().Format(time.RFC3339Nano),
		"logferry.to":        s.plan.To.UTC().Format(time.RFC3339Nano),
	}
	if s.plan.Project != "" {
		m["logferry.project"] = s.plan.Project
	}
	return m
}

func (w writers) write(row table.Row) error {
	for i := range w {
		if err := w[i].Write(row); err != nil {
			return err
		}
	}
	return nil
}

func (w writers) seal(ctx context.Context) (err error) {
	for i := range w {
		if w[i].files, err = w[i].Seal(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (w writers) abort() error {
	var errs []error
	for i := range w {
		errs = append(errs, w[i].Abort())
	}
	return errors.Join(errs...)
}
