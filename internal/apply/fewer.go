package apply

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"logferry/internal/plan"
	"logferry/internal/record"
	"logferry/internal/spool"
	"logferry/internal/state"
)

// FewerError says that the API does not list records any more that a partition has, when all of its rows were about to be replaced by
// what it lists. Nothing was changed.
type FewerError struct {
	Partition string   // that has them
	Lost      int64    // how many, at least 1
	IDs       []string // of the first of them; none where the partition's files can't be read, and records were only counted
}

func (e *FewerError) Error() string {
	what := "records"
	if e.Lost == 1 {
		what = "record"
	}
	text := fmt.Sprintf("the API lists %d %s less than %s has", e.Lost, what, e.Partition)
	if len(e.IDs) > 0 {
		text = fmt.Sprintf("the API does not list %d %s any more that %s has (%s)", e.Lost, what, e.Partition, few(e.IDs))
	}
	return text + ": it is left as it is"
}

// Hint is what the user can do about it.
func (e *FewerError) Hint() string {
	return "run it again, in case a listing was incomplete; find out with `logferry verify --census` what the API has; with --allow-fewer the partition is replaced all the same, and those records are gone"
}

// keepsAll returns a *FewerError where a record that the step's partitions have is not among those that were fetched.
func (s *step) keepsAll(ctx context.Context, w *work, t *tally) error {
	unread, names := int64(0), ""
	for _, name := range s.plan.Held {
		e, ok := s.run.entry(name)
		if !ok {
			continue
		}
		readable, err := s.keeps(ctx, w, t, &e)
		if err != nil {
			return err
		}
		if !readable && !e.From.Before(s.plan.From) && !e.To.After(s.plan.To) {
			unread, names = unread+e.Rows, name
		}
	}
	if t.rows < unread {
		return &FewerError{Partition: names, Lost: unread - t.rows}
	}
	return nil
}

// keeps compares ids with those of one partition. Where its manifest or its files can't be read, counts have to do.
func (s *step) keeps(ctx context.Context, w *work, t *tally, e *state.Entry) (readable bool, err error) {
	m, err := s.manifestOf(ctx, e.Name())
	var broken *state.UnusableError
	switch {
	case errors.As(err, &broken):
		return false, nil
	case err != nil:
		return false, err
	case m.IDs == hex.EncodeToString(t.ids.Sum(nil)):
		return true, nil
	case m.Rows > 0 && s.source(m) == nil:
		return false, nil
	}
	lost, err := s.lost(ctx, w, e)
	if err == nil && lost.count > 0 {
		err = &FewerError{Partition: e.Name(), Lost: lost.count, IDs: lost.ids}
	}
	return true, err
}

// lost are the ids that a partition has within the step's time and that were not fetched, under whatever timestamp.
func (s *step) lost(ctx context.Context, w *work, e *state.Entry) (lost named, err error) {
	held := &step{run: s.run, entry: s.entry, known: s.known, plan: &plan.Step{
		Project: s.plan.Project, Partition: s.plan.Partition, From: s.plan.From, To: s.plan.To, Base: []string{e.Name()}, Gone: s.plan.Gone,
	}}
	fresh, candidates := spool.NewIDSet(), 0
	for entry, err := range missing(w.records.Sorted(ctx), held.baseKeys(ctx), func(record.Key) { candidates++ }) {
		if err != nil {
			return lost, err
		}
		fresh.Add(entry.ID)
	}
	if candidates == 0 {
		return lost, nil
	}
	fresh.Seal()
	for _, err := range missing(w.records.Sorted(ctx), held.baseKeys(ctx), func(k record.Key) {
		if !fresh.Has(k.ID) {
			lost.add(k.ID)
		}
	}) {
		if err != nil {
			return lost, err
		}
	}
	return lost, nil
}
