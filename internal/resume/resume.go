// Package resume joins a walk and its journal: what the walks of an earlier run had fetched is handed on again, and the
// next walk continues where they were.
//
// The work on one partition, with all the runs that it takes:
//
//	run, err := resume.Open(ctx, store, header, details, options)
//	defer run.Close()
//	err = run.Replay(ctx, receiver)                  // what earlier runs had
//	extractor.Walk(ctx, extract.Step{…, Journal: run.Journal(), Resume: run.Resume()}, run.Receiver(receiver))
//	…                                                // write, commit
//	err = run.Remove(ctx)
//
// A receiver may be given a record twice where a kill came between two lines of the journal; identity is the record's id.
package resume

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"logferry/extract"
	"logferry/internal/spool"
)

// Run is the work of one process on one partition. All methods may be called concurrently, but for Close and Remove. The
// owner calls Close or Remove after the walk has returned.
type Run struct {
	details extract.Details
	replay  *spool.Replay // nil where there was nothing
	index   *index        // of replay
	journal *spool.Journal
	began   time.Time
}

// Open opens the journal in a store, or begins one. Of the store's journal the header is compared: one with another header
// is removed. It has to tell apart whatever decides what a walk fetches: project, filters, details, the beginning of the
// interval; not the interval's end, which may have moved on. details has to be the walk's, and now is
// when it begins.
//
// The errors are those of the store, as *spool.JournalError. A journal that is damaged is no error: it counts up to the
// damage.
func Open(ctx context.Context, store spool.JournalStore, header []byte, details extract.Details, now time.Time, o spool.JournalOptions) (*Run, error) {
	r := &Run{details: details, index: newIndex(), began: now.UTC().Truncate(time.Microsecond)}
	replay, err := spool.ReadJournal(ctx, store, header, r.index.add)
	switch {
	case errors.Is(err, spool.ErrNoJournal), errors.Is(err, errForeign):
		return r, r.begin(ctx, store, header, o)
	case err != nil:
		return nil, err
	}
	r.index.seal()
	r.replay, r.began = replay, replay.Began()
	r.journal, err = replay.Append(ctx, o)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// begin begins a journal in place of whatever there is.
func (r *Run) begin(ctx context.Context, store spool.JournalStore, header []byte, o spool.JournalOptions) (err error) {
	r.index = newIndex()
	r.journal, err = spool.CreateJournal(ctx, store, header, r.began, o)
	return err
}

// Started is when the first walk began: what became visible after that may be missing.
func (r *Run) Started() time.Time { return r.began }

// Damaged says that a part of what earlier runs had fetched was unreadable; it is fetched again.
func (r *Run) Damaged() bool { return r.replay != nil && r.replay.Damaged() }

// Journal is what the walk has to tell.
func (r *Run) Journal() extract.Journal { return (*journal)(r) }

// Resume is how far earlier runs came, nil where there was none. Its Pending reads the journal while the walk runs.
func (r *Run) Resume() *extract.Resume {
	if r.replay == nil {
		return nil
	}
	return &extract.Resume{Marks: r.index.marks(), Pending: r.pending, Known: r.index.known.Has}
}

// Receiver returns a receiver that hands everything to next and journals the bad records that next has accepted.
func (r *Run) Receiver(next extract.Receiver) extract.Receiver {
	return &receiver{Receiver: next, run: r}
}

type receiver struct {
	extract.Receiver
	run *Run
}

func (r *receiver) Bad(ctx context.Context, b extract.Bad) error {
	if err := r.Receiver.Bad(ctx, b); err != nil {
		return err
	}
	return r.run.Bad(b)
}

// Bad journals a bad record that its receiver has accepted. Receiver does that for all that a walk reports.
func (r *Run) Bad(b extract.Bad) error {
	line, err := json.Marshal(badLine{Version: version, Bad: b})
	if err != nil {
		return fmt.Errorf("journal a bad record: %w", err)
	}
	return r.journal.AddBad(line)
}

// Close ends the journal and leaves it for a later run. It may be called more than once, and after Remove.
func (r *Run) Close() error { return r.journal.Close() }

// Remove ends the journal and deletes it: what was fetched is committed, or not wanted any more.
func (r *Run) Remove(ctx context.Context) error { return r.journal.Remove(ctx) }
