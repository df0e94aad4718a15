package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"

	"logferry/extract"
	"logferry/internal/record"
	"logferry/internal/spool"
	"logferry/internal/window"
)

// fetch gets from the API what the step lists, and fetches the details of what is new.
func (s *step) fetch(ctx context.Context, w *work) error {
	var err error
	switch {
	case len(s.plan.Base) > 0:
		err = s.fetchNew(ctx, w)
	case len(s.plan.Held) > 0:
		err = s.fetchHeld(ctx, w)
	default:
		err = s.fetchAll(ctx, w)
	}
	if err != nil {
		return err
	}
	return s.takeCensus(ctx, w)
}

// fetchAll gets everything anew, details beside listing.
func (s *step) fetchAll(ctx context.Context, w *work) error {
	for _, l := range s.plan.List {
		if err := s.walk(ctx, w, "fetch", extract.Step{Interval: l.Window(), Details: s.details()}, w.collector(w.records)); err != nil {
			return err
		}
	}
	return nil
}

// fetchHeld gets everything anew, and the details once the listing has shown that nothing is missing.
func (s *step) fetchHeld(ctx context.Context, w *work) error {
	listed := w.spool()
	if err := s.listAll(ctx, w, listed); err != nil {
		return err
	}
	if err := s.keepsAll(ctx, w, listed); err != nil {
		return err
	}
	return s.fetchEntries(ctx, w, "details", entries(listed.Sorted(ctx)))
}

// listAll lists what the step says.
func (s *step) listAll(ctx context.Context, w *work, to *spool.Spool) error {
	for i, l := range s.plan.List {
		st := extract.Step{Interval: l.Window(), Details: extract.DetailsNone}
		if err := s.walk(ctx, w, fmt.Sprint("list", i), st, w.lister(to)); err != nil {
			return err
		}
	}
	return nil
}

// entries are the list entries of records.
func entries(records iter.Seq2[*record.Record, error]) iter.Seq2[record.Entry, error] {
	return func(yield func(record.Entry, error) bool) {
		for r, err := range records {
			var e record.Entry
			if err == nil {
				e = r.Entry.Clone()
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (s *step) details() extract.Details { return detailModes[s.run.pipeline.Source.Details] }

func (w *work) collector(to *spool.Spool) *collector { return &collector{work: w, records: to} }

// lister collects a listing.
func (w *work) lister(to *spool.Spool) *collector {
	return &collector{work: w, records: to, listing: true}
}

// walk runs one walk, going on where a killed run was.
func (s *step) walk(ctx context.Context, w *work, phase string, st extract.Step, to extract.Receiver) error {
	r := s.run
	st.Client, st.Filters, st.Progress = s.project.client, filters(r.pipeline.Source.Filters), s.progress
	if filter, ok := r.usageFilter(); ok {
		st.Usage = &filter
	}
	redactor, err := newRedactor(r.pipeline)
	if err != nil {
		return err
	}
	journal, err := s.openJournal(ctx, phase, st)
	if err != nil {
		return err
	}
	w.journals = append(w.journals, journal)
	to = s.erased.receiver(to)
	if err := journal.Replay(ctx, to); err != nil {
		return fmt.Errorf("read what an earlier run had fetched: %w", err)
	}
	var receiver extract.Receiver
	st.Journal, receiver = redacted(redactor, journal.Journal(), s.erased.receiver(journal.Receiver(to)))
	if earlier := journal.Resume(); earlier != nil {
		s.erased.resumed()
		st.Resume = joinResume(earlier, st.Resume)
	}
	st.Resume = s.erased.resume(st.Resume)
	if !st.Interval.Empty() && (w.asOf.IsZero() || journal.Started().Before(w.asOf)) {
		w.asOf = journal.Started()
	}
	var handed int64
	if st.Resume != nil {
		again := *st.Resume
		again.Pending = counted(again.Pending, &handed)
		st.Resume = &again
	}
	stats, err := r.extractor.Walk(ctx, st, receiver)
	w.windows += stats.WindowsWalked
	r.least.Add(leastRequests(&stats, handed))
	return err
}

// joinResume adds the entries that a step brings to those of its journal, less those that the journal has settled.
func joinResume(earlier, own *extract.Resume) *extract.Resume {
	if own == nil || own.Pending == nil {
		return earlier
	}
	out := *earlier
	out.Pending = func(yield func(record.Entry, error) bool) {
		for e, err := range own.Pending {
			if err == nil && earlier.Known != nil && earlier.Known(e.ID) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
	return &out
}

// fetchNew lists what the step says, and fetches the details of entries that the base does not have, and of quarantined
// records that are due.
func (s *step) fetchNew(ctx context.Context, w *work) error {
	listed := w.spool()
	if err := s.listAll(ctx, w, listed); err != nil {
		return err
	}
	same, err := s.sameIDs(ctx, listed)
	if err != nil {
		return err
	}
	var sources []iter.Seq2[record.Entry, error]
	if !same && len(s.plan.List) > 0 {
		sources = append(sources, missing(listed.Sorted(ctx), s.baseKeys(ctx), nil))
	}
	if s.plan.Retry {
		due, err := s.due(ctx, w)
		if err != nil {
			return err
		}
		sources = append(sources, due)
	}
	return s.fetchEntries(ctx, w, "details", sources...)
}

// fetchEntries fetches the details of entries, and takes those as they are that want none.
func (s *step) fetchEntries(ctx context.Context, w *work, phase string, sources ...iter.Seq2[record.Entry, error]) error {
	if len(sources) == 0 {
		return nil
	}
	to := w.collector(w.records)
	pending := func(yield func(record.Entry, error) bool) {
		for _, source := range sources {
			for e, err := range source {
				if err == nil && !s.details().Wants(e.Status) {
					if err = to.Records(ctx, []record.Record{{Entry: e, Outcome: record.Skipped}}); err == nil {
						continue
					}
				}
				if !yield(e, err) {
					return
				}
			}
		}
	}
	return s.walk(ctx, w, phase, extract.Step{Interval: window.Interval{}, Details: s.details(), Resume: &extract.Resume{Pending: pending}}, to)
}

// sameIDs says whether the listing shows just the records that the partition has: then nothing of its files need be read.
func (s *step) sameIDs(ctx context.Context, listed *spool.Spool) (bool, error) {
	if s.known == nil || !s.plan.ListsAll() {
		return false, nil
	}
	digest, err := digestOf(ctx, listed)
	return digest == s.known.IDs, err
}

// digestOf is what a manifest has as IDs.
func digestOf(ctx context.Context, records *spool.Spool) (string, error) {
	digest := sha256.New()
	for r, err := range records.Sorted(ctx) {
		if err != nil {
			return "", err
		}
		digest.Write(append([]byte(r.ID), '\n'))
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// missing yields the listed entries whose keys are not among those given, both in their order. extra, which may be nil, gets
// the keys that are not listed.
func missing(listed iter.Seq2[*record.Record, error], keys iter.Seq2[record.Key, error], extra func(record.Key)) iter.Seq2[record.Entry, error] {
	if extra == nil {
		extra = func(record.Key) {}
	}
	return func(yield func(record.Entry, error) bool) {
		next, stop := iter.Pull2(keys)
		defer stop()
		key, err, more := next()
		for r, listErr := range listed {
			if listErr != nil {
				yield(record.Entry{}, listErr)
				return
			}
			for ; more && err == nil && key.Compare(r.Key) < 0; key, err, more = next() {
				extra(key)
			}
			switch {
			case more && err != nil:
				yield(record.Entry{}, err)
				return
			case more && key == r.Key:
				key, err, more = next()
				continue
			}
			if !yield(r.Entry.Clone(), nil) {
				return
			}
		}
		for ; more; key, err, more = next() {
			if err != nil {
				yield(record.Entry{}, err)
				return
			}
			extra(key)
		}
	}
}
