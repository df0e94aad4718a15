package apply

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"logferry/extract"
	"logferry/internal/config"
	"logferry/internal/plan"
	"logferry/internal/record"
	"logferry/internal/spool"
	"logferry/internal/state"
)

// census is what a second listing of a partition, through differently cut windows, has shown.
type census struct {
	taken bool
	late  named // listed by it alone: fetched and exported with the others
	extra named // had, and not listed any more
}

// named counts ids and keeps the first of them.
type named struct {
	ids   []string
	count int64
}

func (n *named) add(id string) {
	n.count++
	if len(n.ids) < state.MaxNamed {
		n.ids = append(n.ids, id)
	}
}

// takeCensus lists the partition again where a disagreement is to fail the run, and fetches what only this listing shows.
func (s *step) takeCensus(ctx context.Context, w *work) error {
	if s.run.pipeline.Reconcile != config.ReconcileFail || len(s.plan.List) == 0 {
		return nil
	}
	second := w.spool()
	if err := s.list(ctx, w, second); err != nil {
		return err
	}
	late := w.spool()
	found := w.lister(late)
	for e, err := range missing(second.Sorted(ctx), s.keysWithin(s.had(ctx, w)), func(k record.Key) { w.census.extra.add(k.ID) }) {
		if err != nil {
			return err
		}
		w.census.late.add(e.ID)
		if err := found.Records(ctx, []record.Record{{Entry: e, Outcome: record.Skipped}}); err != nil {
			return err
		}
	}
	w.census.taken = true
	if w.census.late.count == 0 {
		return nil
	}
	return s.fetchEntries(ctx, w, "late", entries(late.Sorted(ctx)))
}

// list lists the step's intervals through other windows than the first time.
func (s *step) list(ctx context.Context, w *work, to *spool.Spool) error {
	for i, l := range s.plan.List {
		st := extract.Step{Interval: l.Window(), Details: extract.DetailsNone, Windows: int(w.windows) + 1}
		if err := s.walk(ctx, w, fmt.Sprint("census", i), st, w.lister(to)); err != nil {
			return err
		}
	}
	return nil
}

// had yields the keys of the base's rows and of what was fetched, in their order.
func (s *step) had(ctx context.Context, w *work) iter.Seq2[record.Key, error] {
	fresh := func(yield func(record.Key, error) bool) {
		for r, err := range w.records.Sorted(ctx) {
			var k record.Key
			if err == nil {
				k = r.Key
			}
			if !yield(k, err) {
				return
			}
		}
	}
	if len(s.plan.Base) == 0 {
		return fresh
	}
	return mergeSorted(s.baseKeys(ctx), fresh, record.Key.Compare)
}

// keysWithin are those keys that lie in what the step lists.
func (s *step) keysWithin(keys iter.Seq2[record.Key, error]) iter.Seq2[record.Key, error] {
	return func(yield func(record.Key, error) bool) {
		for k, err := range keys {
			listed := err != nil
			for _, l := range s.plan.List {
				listed = listed || k.Micros >= l.From.UnixMicro() && k.Micros < l.To.UnixMicro()
			}
			if listed && !yield(k, err) {
				return
			}
		}
	}
}

// reconcile compares the partition with the usage count of exactly its time and with the census, and notes in the manifest
// what it found. A disagreement is an error only where the pipeline says so, and the data is committed all the same.
func (s *step) reconcile(ctx context.Context, w *work, m *state.Manifest) error {
	r := s.run
	if r.pipeline.Reconcile == config.ReconcileOff || len(s.plan.List) == 0 {
		return nil
	}
	m.Reconcile = &state.Reconcile{
		Usage: state.UsageUnknown, Late: w.census.late.ids, LateCount: w.census.late.count,
		Extra: w.census.extra.ids, ExtraCount: w.census.extra.count,
	}
	unreadable, nameless := int64(0), false
	for _, q := range m.Quarantine {
		if !q.Exported {
			unreadable++
			nameless = nameless || q.LogID == ""
		}
	}
	if filter, ok := r.usageFilter(); ok {
		s.askUsage(ctx, m, filter, unreadable, nameless)
	}
	_, erased := s.erased.counts(s.plan.ListsAll())
	e := &ReconcileError{Rows: m.Rows, Unreadable: unreadable, Erased: erased, Usage: m.Usage, Found: *m.Reconcile}
	if m.Reconcile.Usage != state.UsageDiffers && m.Reconcile.ExtraCount == 0 {
		return nil
	}
	if r.pipeline.Reconcile == config.ReconcileFail {
		return e
	}
	r.opts.Logger.Warn("the partition disagrees with the API's counts", "partition", s.plan.Name(), "finding", e.Error())
	return nil
}

// askUsage compares the usage count with the rows, the unreadable records and the erased ones. Of those that have no name there may be more
// than were told apart. Where a disagreement fails the run, the count is asked for as patiently as the records; otherwise the
// partition does not wait for it for long.
func (s *step) askUsage(ctx context.Context, m *state.Manifest, filter extract.UsageRequest, unreadable int64, nameless bool) {
	if m.To.Sub(m.From) > plan.LongestUsage {
		return
	}
	n, err := s.countNow(ctx, m, filter)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		s.run.opts.Logger.Warn("the usage count can't be had: the partition is not compared with it", "partition", s.plan.Name(), "error", err)
		return
	}
	m.Usage, m.Reconcile.Usage = &n, state.UsageAgrees
	least, most := s.erased.counts(s.plan.ListsAll())
	switch known := m.Rows + unreadable; {
	case n > known+most && nameless:
		m.Reconcile.Usage = state.UsageUnknown
	case n < known+least || n > known+most:
		m.Reconcile.Usage = state.UsageDiffers
	}
}

func (s *step) countNow(ctx context.Context, m *state.Manifest, filter extract.UsageRequest) (int64, error) {
	if s.run.pipeline.Reconcile == config.ReconcileFail {
		return usageCount(ctx, s.project.client, m.From, m.To, filter)
	}
	client, err := s.run.counter(s.plan.Project)
	if err != nil {
		return 0, err
	}
	return usageCount(ctx, client, m.From, m.To, filter)
}

// ReconcileError says that a partition is not what the API counts or lists.
type ReconcileError struct {
	Rows, Unreadable int64
	Erased           int64 // records that were erased, at most
	Usage            *int64
	Found            state.Reconcile
}

func (e *ReconcileError) Error() string {
	var parts []string
	if e.Found.Usage == state.UsageDiffers && e.Usage != nil {
		text := fmt.Sprintf("%d rows, and the usage count says %d", e.Rows, *e.Usage)
		if e.Unreadable > 0 {
			text = fmt.Sprintf("%d rows and %d unreadable records, and the usage count says %d", e.Rows, e.Unreadable, *e.Usage)
		}
		if e.Erased > 0 {
			text += fmt.Sprintf(" (%d records were erased)", e.Erased)
		}
		parts = append(parts, text)
	}
	if e.Found.ExtraCount > 0 {
		parts = append(parts, fmt.Sprintf("%d rows are not listed any more (%s)", e.Found.ExtraCount, few(e.Found.Extra)))
	}
	if e.Found.LateCount > 0 {
		parts = append(parts, fmt.Sprintf("%d records appeared only in a second listing and were added (%s)", e.Found.LateCount, few(e.Found.Late)))
	}
	return "the export and the API disagree: " + strings.Join(parts, "; ")
}

// Hint is what the user can do about it.
func (e *ReconcileError) Hint() string {
	return "the partition is committed as it was listed; usage counts may lag or count nested calls otherwise: `logferry verify --census` lists it again and names ids, reconcile: warn reports without failing"
}

// few shows the first of some ids.
func few(ids []string) string {
	const shown = 3
	if len(ids) <= shown {
		return strings.Join(ids, ", ")
	}
	return strings.Join(ids[:shown], ", ") + ", …"
}
