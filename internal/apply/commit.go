package apply

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"logferry/internal/config"
	"logferry/internal/record"
	"logferry/internal/state"
	"logferry/sinks"
	"logferry/sinks/bucket"
)

// publish uploads the sealed files, then writes the manifest, then commits, then removes what the commit has replaced. That
// order is what makes a crash harmless: see docs/GUARANTEES.md.
func (s *step) publish(ctx context.Context, w *work, out writers, t *tally, res *StepResult) error {
	if err := s.run.claim(ctx); err != nil {
		return err
	}
	m := s.manifest(w)
	t.tell(m)
	keys := make([][]string, len(out))
	overwrites := false
	for i, wr := range out {
		var inPlace bool
		keys[i], inPlace = s.keys(wr.sink, wr.files, m.Version)
		overwrites = overwrites || inPlace
		m.Files = append(m.Files, filesOf(wr.sink.Name(), wr.files, keys[i])...)
	}
	if err := s.putAside(ctx, w, m); err != nil {
		return err
	}
	s.tellErased(m)
	disagreement := s.reconcile(ctx, w, m)
	s.account(m, w)
	if err := s.run.lock.Check(ctx); err != nil {
		return err
	}
	if overwrites {
		err := s.run.store.PutPending(ctx, m)
		if errors.Is(err, bucket.ErrRetained) { // the note of an earlier run stays: nothing is replaced in place
			overwrites = false
			err = s.allBeside(ctx, out, keys, m)
		}
		if err != nil {
			return fmt.Errorf("note the files that are about to be replaced: %w", err)
		}
	}
	for i, wr := range out {
		_, err := wr.Publish(ctx, keys[i])
		if errors.Is(err, bucket.ErrRetained) {
			if keys[i], err = s.beside(ctx, wr, m); err == nil {
				_, err = wr.Publish(ctx, keys[i])
			}
		}
		if err != nil {
			return err
		}
	}
	if err := s.commit(ctx, m); err != nil {
		return err
	}
	w.committed, res.Dropped = true, w.dropped
	s.fill(res, m)
	if err := s.cleanUp(ctx, m, overwrites); err != nil {
		return err
	}
	return disagreement
}

// manifest is the next version of the partition, without its rows and files.
func (s *step) manifest(w *work) *state.Manifest {
	r := s.run
	asOf := s.asOf(w)
	r.committing.Lock()
	defer r.committing.Unlock()
	return &state.Manifest{
		Pipeline: r.pipeline.Name, Lineage: r.state.Lineage, Project: s.plan.Project, Partition: s.plan.Partition,
		Version: r.state.NextVersion(s.plan.Project, s.plan.Partition), Previous: s.entry.Manifest,
		From: s.plan.From, To: s.plan.To, AsOf: asOf, Shape: state.Shape(r.pipeline.Shape()).Hash(),
		Action: string(s.plan.Action), Reason: s.reason(w),
		CreatedAt: r.opts.Now.UTC(), Program: r.opts.Version,
	}
}

// asOf is when the listing began that the partition is complete as of: the earliest, where parts of it were listed apart.
func (s *step) asOf(w *work) time.Time {
	out := w.asOf
	if s.plan.ListsAll() {
		return out.UTC()
	}
	for _, name := range s.plan.Base {
		if e, ok := s.run.entry(name); ok && (out.IsZero() || e.AsOf.Before(out)) {
			out = e.AsOf
		}
	}
	return out.UTC()
}

// account sets what the version has cost.
func (s *step) account(m *state.Manifest, w *work) {
	n := s.progress.Snapshot()
	m.Requests = state.Requests{List: n.ListRequests, Detail: n.DetailRequests, Usage: n.UsageRequests}
	m.Windows = w.windows
}

// keys are where the files of a sink go. A single file that replaces a single one takes its place, so that a reader who
// globs sees every row once at every instant; other files get names of their own and the old ones are removed later.
func (s *step) keys(sink *sinks.Sink, files []sinks.File, version int) (keys []string, inPlace bool) {
	var old []string
	for _, f := range s.entry.Files { // and not those of the manifest, which may be damaged
		if f.Sink == sink.Name() {
			old = append(old, f.Key)
		}
	}
	if len(old) == 1 && len(files) == 1 && strings.HasSuffix(old[0], sink.Extension()) {
		return old, true
	}
	if len(old) == 0 {
		version = 1 // nothing that is committed has these names
	}
	return freeKeys(sink, s.prefix(), len(files), version, old), false
}

func filesOf(sink string, files []sinks.File, keys []string) []state.File {
	var out []state.File
	for i, f := range files {
		out = append(out, state.File{
			Sink: sink, Key: keys[i], Size: f.Size, SHA256: hex.EncodeToString(f.SHA256[:]), Rows: f.Rows,
			First: time.UnixMicro(f.First).UTC(), Last: time.UnixMicro(f.Last).UTC(),
		})
	}
	return out
}

// commit makes the manifest a fact.
func (s *step) commit(ctx context.Context, m *state.Manifest) error {
	r := s.run
	sha, err := r.store.PutManifest(ctx, m)
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	shape := state.Shape(r.pipeline.Shape())
	return r.commit(ctx, state.Change{
		Set:    []state.Entry{m.Entry(sha, retryAt(m, r.opts.Now))},
		Shapes: map[string]state.Shape{shape.Hash(): shape},
	})
}

// cleanUp removes what the commit has replaced. What it can't remove, the next run's plan finds.
func (s *step) cleanUp(ctx context.Context, m *state.Manifest, pending bool) error {
	errs := []error{s.run.removeReplaced(ctx, m)}
	if pending || s.run.halfDone[s.plan.Name()] {
		errs = append(errs, unlessRetained(s.run.store.DropPending(ctx, m)))
	}
	return errors.Join(errs...)
}

// removeReplaced removes the data files and quarantine objects of a partition that its manifest does not name.
func (s *Session) removeReplaced(ctx context.Context, m *state.Manifest) error {
	keep := map[string]map[string]bool{}
	for _, sink := range s.sinks {
		keep[sink.Name()] = map[string]bool{}
	}
	for _, f := range m.Files {
		if keep[f.Sink] != nil {
			keep[f.Sink][f.Key] = true
		}
	}
	if q := m.QuarantineObject; q != nil && keep[q.Sink] != nil {
		keep[q.Sink][q.Key] = true
	}
	var errs []error
	for _, sink := range s.sinks {
		errs = append(errs,
			s.left(sink.RemoveParts(ctx, sinks.PartitionPrefix(m.Project, m.Partition), keep[sink.Name()])),
			s.left(removeObjects(ctx, sink, quarantinePrefix(m.Project, m.Partition), keep[sink.Name()])))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove what was replaced: %w", err)
	}
	return nil
}

// removeObjects removes what lies below a prefix and is not to be kept.
func removeObjects(ctx context.Context, sink *sinks.Sink, prefix string, keep map[string]bool) error {
	var surplus []string // collected first: a listing may miss objects that are removed while it goes on
	for o, err := range sink.List(ctx, prefix) {
		if err != nil {
			return err
		}
		if !keep[o.Key] {
			surplus = append(surplus, o.Key)
		}
	}
	return sink.DeleteAll(ctx, surplus)
}

// unchanged says that there is nothing to write: no row is new, and none was asked to be written anew.
func (s *step) unchanged(w *work) bool {
	return !s.plan.Rewrite && s.known != nil && w.records.Count() == 0
}

// commitUnchanged records what was learnt of a partition whose rows stay as they are. A listing that showed nothing new is
// recorded only where it was the last one that the lookback asks for: all others are repeated anyway.
func (s *step) commitUnchanged(ctx context.Context, w *work, res *StepResult) error {
	m := *s.known
	res.Unchanged = true
	covers := s.plan.From.Equal(m.From) && s.plan.To.Equal(m.To)
	if covers && !s.plan.Retry && !w.bad.news.Load() {
		return s.confirm(ctx, w, &m, res)
	}
	next := s.manifest(w)
	next.Files, next.Rows, next.IDs, next.Statuses, next.Details = m.Files, m.Rows, m.IDs, m.Statuses, m.Details
	next.Root, next.Columns, next.Shape = m.Root, m.Columns, m.Shape
	if err := s.putAside(ctx, w, next); err != nil {
		return err
	}
	s.tellErased(next)
	disagreement := s.reconcile(ctx, w, next)
	s.account(next, w)
	if err := s.commit(ctx, next); err != nil {
		return err
	}
	s.fill(res, next)
	return errors.Join(s.cleanUp(ctx, next, false), disagreement)
}

// confirm ends a listing that showed nothing new. It is compared with the usage count only where a disagreement is to fail the
// run: the rows are those that were compared before. A run that was killed after the commit may have left what that replaced.
func (s *step) confirm(ctx context.Context, w *work, m *state.Manifest, res *StepResult) error {
	m.Reconcile = nil // which is of another day
	var disagreement error
	if s.run.pipeline.Reconcile == config.ReconcileFail {
		disagreement = s.reconcile(ctx, w, m)
	}
	asOf := s.asOf(w)
	if last := s.plan.To.Add(s.run.pipeline.Range.Lookback); !asOf.Before(last) && asOf.After(s.entry.AsOf) {
		e := s.entry
		e.AsOf = asOf
		if err := s.run.commit(ctx, state.Change{Set: []state.Entry{e}}); err != nil {
			return err
		}
	}
	s.fill(res, m)
	return errors.Join(s.cleanUp(ctx, m, false), disagreement)
}

// fill tells the result of a step by its manifest.
func (s *step) fill(res *StepResult, m *state.Manifest) {
	res.Version, res.Records, res.Quarantined, res.Reconcile = m.Version, m.Rows, int64(len(m.Quarantine)), m.Reconcile
	res.New = m.Rows
	switch {
	case s.known != nil:
		res.New = max(m.Rows-s.known.Rows+res.Dropped, 0)
	case len(s.plan.Base) > 0:
		res.New = 0 // the rows were there, in partitions of another size
	}
	for outcome, n := range m.Details {
		res.Details[record.Outcome(outcome)] = n
	}
	if res.Unchanged {
		return
	}
	for _, f := range m.Files {
		res.Files = append(res.Files, FileResult{Sink: f.Sink, Key: f.Key, Bytes: f.Size, Rows: f.Rows, SHA256: f.SHA256})
	}
}

// remove takes the partition out of the lake: its files first, then its place in the state.
func (s *step) remove(ctx context.Context) error {
	return s.run.removeEntry(ctx, s.entry, s.run.commit)
}

// removeEntry removes a partition's files and records it with commit.
func (s *Session) removeEntry(ctx context.Context, e state.Entry, commit func(context.Context, state.Change) error) error {
	m, err := s.store.Manifest(ctx, &e)
	if err != nil {
		return err
	}
	for _, f := range m.Files {
		sink := s.sink(f.Sink)
		if sink == nil {
			s.opts.Logger.Warn("a file stays: its sink is not declared any more", "sink", f.Sink, "key", f.Key)
			continue
		}
		if err := sink.Delete(ctx, f.Key); err != nil && !errors.Is(err, bucket.ErrRetained) {
			return err
		}
	}
	if err := s.removeReplaced(ctx, &state.Manifest{Project: e.Project, Partition: e.Partition}); err != nil {
		return err
	}
	return commit(ctx, state.Change{Remove: []state.EntryKey{e.EntryKey()}})
}
