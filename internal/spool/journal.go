package spool

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"logferry/internal/record"
)

// A journal is what a run has fetched of one partition and not yet committed, so that a killed run can be continued. It
// is a sequence of frames, written as blocks (journal_block.go) into numbered segments (journal_segment.go). Each run
// begins a segment, which names the one that it continues and how many of its bytes were good: whatever a kill or a damage
// left behind is never read again.

// DefaultJournalBytes is the MaxBytes of a journal without one.
const DefaultJournalBytes = 16 << 30

// When a journal is written and flushed to the disk.
const (
	blockAge    = 5 * time.Millisecond // a frame waits no longer for its block to be full, see blockSize: a kill costs what came since
	maxBuffered = 4 * blockSize        // whoever adds more waits; a frame alone may be larger
	syncAge     = 2 * time.Second
)

// JournalOptions are the bounds of a Journal.
type JournalOptions struct {
	// MaxBytes bounds what is stored, in bytes; 0 is DefaultJournalBytes. At seven eighths of it records are journalled no
	// more, at all of it nothing is: the work goes on, and a crash costs more.
	MaxBytes int64
	// Full is called once when that begins, from a goroutine of the journal's users; may be nil.
	Full func()
	// Hook is called at named points, for tests that kill the process there: spool.write.before, spool.write.after,
	// spool.sync.before, spool.sync.after. nil in production.
	Hook func(point string)
}

// Journal appends frames. Add methods may be called from several goroutines at once and block while the store is behind;
// they return the error of a failed write, which is the last thing that a journal does. What was added is in the store
// after 5 ms or 64 KiB, and flushed to its disk every 2 s. The owner calls Close or Remove, after the last Add.
type Journal struct {
	opts JournalOptions
	out  journalOutput // the goroutine's
	wake chan struct{} // holds 1: look at the buffer
	done chan struct{}

	mu       sync.Mutex
	taken    sync.Cond // the buffer was taken, or there is an error
	buffer   []byte    // whole frames
	spare    []byte
	stored   int64 // bytes, of earlier runs too
	saidFull bool
	ended    bool // nothing is journalled any more
	closed   bool
	err      error
}

var errJournalClosed = errors.New("journal is closed")

// CreateJournal begins a journal in a store and removes what is there. The header is given back by ReadJournal; began is
// when the first walk begins.
func CreateJournal(ctx context.Context, store JournalStore, header []byte, began time.Time, o JournalOptions) (*Journal, error) {
	numbers, err := store.Segments(ctx)
	if err != nil {
		return nil, journalError("list", err)
	}
	if err := removeSegments(ctx, store, numbers); err != nil {
		return nil, err
	}
	head := segmentHead{
		Version: segmentVersion, Journal: rand.Text(), Began: began.UnixMicro(), Number: 1, Header: header,
	}
	if len(numbers) > 0 {
		head.Number = numbers[len(numbers)-1] + 1
	}
	return newJournal(ctx, store, head, 0, o), nil
}

func newJournal(ctx context.Context, store JournalStore, head segmentHead, stored int64, o JournalOptions) *Journal {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultJournalBytes
	}
	if o.Hook == nil {
		o.Hook = func(string) {}
	}
	j := &Journal{
		opts: o, stored: stored, wake: make(chan struct{}, 1), done: make(chan struct{}),
		// What was fetched is to be kept also where its walk was cancelled.
		out: journalOutput{ctx: context.WithoutCancel(ctx), store: store, head: head, hook: o.Hook},
	}
	j.taken.L = &j.mu
	go j.run()
	return j
}

func removeSegments(ctx context.Context, store JournalStore, numbers []int) error {
	slices.Sort(numbers) // without its first segment a journal is none
	for _, n := range numbers {
		if err := store.Remove(ctx, n); err != nil {
			return journalError("remove", err)
		}
	}
	return nil
}

// JournalError says that a journal can't be written or read: its disk, its folder, its bucket.
type JournalError struct {
	Op  string
	Err error
}

func (e *JournalError) Error() string { return fmt.Sprintf("journal: %s: %v", e.Op, e.Err) }

// Unwrap returns the store's error.
func (e *JournalError) Unwrap() error { return e.Err }

// Hint is what the user can do about it.
func (e *JournalError) Hint() string {
	return "check that extract.spool can be written and has space left; what is in it may be deleted, at the price of fetching again"
}

func journalError(op string, err error) error { return &JournalError{Op: op, Err: err} }

// AddPage adds a page's entries and a mark, which go together.
func (j *Journal) AddPage(entries []record.Entry, mark []byte) error {
	size := len(mark)
	for i := range entries {
		size += len(entries[i].Raw) + len(entries[i].ID) + len(entries[i].Status) + entryOverhead
	}
	return j.add(FramePage, size, func(dst []byte) []byte { return appendPage(dst, entries, mark) })
}

// AddMarks adds marks, which go together.
func (j *Journal) AddMarks(marks []byte) error {
	return j.add(FrameMarks, len(marks), func(dst []byte) []byte { return append(dst, marks...) })
}

// AddRecord adds a record with its outcome.
func (j *Journal) AddRecord(r *record.Record) error {
	return j.add(FrameRecord, storedSize(r), func(dst []byte) []byte { return appendRecord(dst, r) })
}

// AddBad adds a line about a record that can't be had.
func (j *Journal) AddBad(line []byte) error {
	return j.add(FrameBad, len(line), func(dst []byte) []byte { return append(dst, line...) })
}

// add appends a frame of about size bytes.
func (j *Journal) add(kind FrameKind, size int, body func(dst []byte) []byte) error {
	kept, full, err := j.append(kind, size, body)
	if full && j.opts.Full != nil {
		j.opts.Full()
	}
	if kept {
		j.nudge()
	}
	return err
}

// append adds to the buffer. kept says that the goroutine has something to do, full that the bound is met for the first time.
func (j *Journal) append(kind FrameKind, size int, body func(dst []byte) []byte) (kept, full bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.err == nil && !j.closed && len(j.buffer) > 0 && len(j.buffer)+size > maxBuffered {
		j.taken.Wait()
	}
	switch {
	case j.err != nil:
		return false, false, j.err
	case j.closed:
		return false, false, errJournalClosed
	case j.left(kind):
		full = !j.saidFull
		j.saidFull = true
		return false, full, nil
	}
	first := len(j.buffer) == 0
	j.buffer = appendFrame(j.buffer, kind, body)
	return first || len(j.buffer) >= blockSize, false, nil
}

// left says that a frame is left out, since the journal has come near its bound. Records may be left out one by one. Once
// anything else was, everything is: marks behind a gap would tell of pages that are not there.
func (j *Journal) left(kind FrameKind) bool {
	stored := j.stored + int64(len(j.buffer))
	if kind == FrameRecord {
		return j.ended || stored >= j.opts.MaxBytes/8*7
	}
	j.ended = j.ended || stored >= j.opts.MaxBytes
	return j.ended
}

func (j *Journal) nudge() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// Close stores what was added, flushes it and ends the journal's goroutine. The journal stays for a later run. It may be
// called more than once.
func (j *Journal) Close() error {
	j.mu.Lock()
	j.closed = true
	j.taken.Broadcast()
	j.mu.Unlock()
	j.nudge()
	<-j.done
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Remove closes the journal and deletes it, in whatever state it is.
func (j *Journal) Remove(ctx context.Context) error {
	_ = j.Close()
	numbers, err := j.out.store.Segments(ctx)
	if err != nil {
		return journalError("list", err)
	}
	return removeSegments(ctx, j.out.store, numbers)
}
