package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"logferry/internal/plan"
	"logferry/internal/record"
	"logferry/internal/spool"
	"logferry/internal/state"
)

// FewerError says that the API does not list records any more that a partition has, when all of its rows were about to be replaced by
// what it lists. Nothing was changed.
type FewerError struct {
	Partition string   // that has them
	Lost      int64    // how many; 0 where that can't be told, as the partition is a larger one whose files can't be read
	IDs       []string // of the first of them; none where the partition's files can't be read, and records were only counted
}

func (e *FewerError) Error() string {
	if e.Lost == 0 {
		return "whether the API still lists all records that " + e.Partition + " has can't be told, as its files can't be read: it is left as it is"
	}
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

// keepsAll returns a *FewerError where a record that the step's partitions have is not among those that are listed. Where some may go it
// counts them instead.
func (s *step) keepsAll(ctx context.Context, w *work, listed *spool.Spool) error {
	digest, err := digestOf(ctx, listed)
	if err != nil {
		return err
	}
	for _, name := range s.plan.Held {
		e, ok := s.run.entry(name)
		if !ok {
			continue
		}
		err := s.keeps(ctx, listed, digest, &e)
		var fewer *FewerError
		if errors.As(err, &fewer) && s.plan.Fewer {
			w.dropped += fewer.Lost
			err = nil
		}
		if err != nil {
			return err
		}
	}
	if w.dropped > 0 {
		s.run.opts.Logger.Warn("records that the partition had are not listed any more, and go", "partition", s.plan.Name(), "records", w.dropped)
	}
	return nil
}

// reason is why the step makes a version, and what that has cost.
func (s *step) reason(w *work) string {
	out := strings.Join(s.plan.Reasons, "; ")
	if w.dropped > 0 {
		out += fmt.Sprintf("; %d records that it had are not listed any more", w.dropped)
	}
	return out
}

// countWithin is how many records lie within a time.
func countWithin(ctx context.Context, records *spool.Spool, from, to time.Time) (n int64, err error) {
	for r, err := range records.Sorted(ctx) {
		if err != nil {
			return 0, err
		}
		if r.Micros >= from.UnixMicro() && r.Micros < to.UnixMicro() {
			n++
		}
	}
	return n, nil
}

// keeps compares ids with those of one partition. Where its manifest or its files can't be read, counts have to do.
func (s *step) keeps(ctx context.Context, listed *spool.Spool, digest string, e *state.Entry) error {
	m, err := s.manifestOf(ctx, e.Name())
	var broken *state.UnusableError
	switch {
	case errors.As(err, &broken):
		return s.counts(ctx, listed, e)
	case err != nil:
		return err
	case m.IDs == digest:
		return nil
	case m.Rows > 0 && s.source(m) == nil:
		return s.counts(ctx, listed, e)
	}
	lost, err := s.lost(ctx, listed, e)
	if err == nil && lost.count > 0 {
		err = &FewerError{Partition: e.Name(), Lost: lost.count, IDs: lost.ids}
	}
	return err
}

// counts compares how many records a partition has with how many are listed.
func (s *step) counts(ctx context.Context, listed *spool.Spool, e *state.Entry) error {
	if e.From.Before(s.plan.From) || e.To.After(s.plan.To) {
		return &FewerError{Partition: e.Name()}
	}
	n, err := countWithin(ctx, listed, e.From, e.To)
	if err == nil && n < e.Rows {
		err = &FewerError{Partition: e.Name(), Lost: e.Rows - n}
	}
	return err
}

// lost are the ids that a partition has within the step's time and that are not listed, under whatever timestamp.
func (s *step) lost(ctx context.Context, listed *spool.Spool, e *state.Entry) (lost named, err error) {
	held := &step{run: s.run, entry: s.entry, known: s.known, plan: &plan.Step{
		Project: s.plan.Project, Partition: s.plan.Partition, From: s.plan.From, To: s.plan.To, Base: []string{e.Name()}, Gone: s.plan.Gone,
	}}
	fresh, candidates := spool.NewIDSet(), 0
	for entry, err := range missing(listed.Sorted(ctx), held.baseKeys(ctx), func(record.Key) { candidates++ }) {
		if err != nil {
			return lost, err
		}
		fresh.Add(entry.ID)
	}
	if candidates == 0 {
		return lost, nil
	}
	fresh.Seal()
	for _, err := range missing(listed.Sorted(ctx), held.baseKeys(ctx), func(k record.Key) {
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
