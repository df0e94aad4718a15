package spool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// ErrNoJournal says that a store holds no journal with the header that was asked for.
var ErrNoJournal = errors.New("there is no such journal")

// errChanged says that a journal is not what it was when it was opened.
var errChanged = errors.New("it changed while it was read")

// Replay is what can be read of a journal that an earlier run left. It is safe for concurrent use.
type Replay struct {
	store   JournalStore
	head    segmentHead // of the first segment
	parts   []part      // that count, in order
	surplus []int       // segments that do not
	last    int         // the highest number there is
	damaged bool
}

// ReadJournal reads a journal from its beginning up to its end, or to what is torn or damaged, and calls visit with each
// frame. It returns ErrNoJournal where there is none, or one with another header, before any call.
func ReadJournal(ctx context.Context, store JournalStore, header []byte, visit func(Frame) error) (*Replay, error) {
	numbers, err := store.Segments(ctx)
	if err != nil {
		return nil, journalError("list", err)
	}
	r := &Replay{store: store}
	for _, n := range numbers {
		r.last = n
		err := r.readSegment(ctx, n, header, visit)
		if errors.Is(err, errNotPart) && len(r.parts) > 0 {
			r.surplus = append(r.surplus, n)
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	if len(r.parts) == 0 {
		return nil, ErrNoJournal
	}
	return r, nil
}

// errNotPart says that a segment is none of the journal.
var errNotPart = errors.New("not a segment of this journal")

// readSegment reads a segment that continues what was read so far.
func (r *Replay) readSegment(ctx context.Context, n int, header []byte, visit func(Frame) error) error {
	in, err := r.store.Open(ctx, n)
	if err != nil {
		return journalError("read", err)
	}
	defer in.Close()
	blocks := newBlockReader(in)
	head, err := readHead(blocks)
	if err == nil {
		err = r.accept(&head, header)
	}
	if err != nil {
		return r.refuse(err)
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		good := part{number: n, size: blocks.read, sum: blocks.sum}
		frames, err := blocks.next()
		if err == nil {
			err = checkFrames(frames)
		}
		if err != nil {
			r.damaged = errors.Is(err, errCorrupt)
			r.parts = append(r.parts, good)
			if r.damaged || errors.Is(err, errTorn) || errors.Is(err, io.EOF) {
				return nil
			}
			return journalError("read", err)
		}
		if err := eachFrame(frames, visit); err != nil {
			return err
		}
	}
}

// accept says whether a segment is the first one, of a journal with the header, or continues the last.
func (r *Replay) accept(head *segmentHead, header []byte) error {
	switch {
	case len(r.parts) > 0:
		if !head.follows(&r.head, r.parts[len(r.parts)-1]) {
			return errCorrupt
		}
	case head.After != 0 || !bytes.Equal(head.Header, header):
		return ErrNoJournal
	default:
		r.head = *head
	}
	return nil
}

// refuse says what it means that a segment's head was not accepted.
func (r *Replay) refuse(err error) error {
	torn := errors.Is(err, errTorn) || errors.Is(err, io.EOF)
	switch {
	case !torn && !errors.Is(err, errCorrupt):
		if errors.Is(err, ErrNoJournal) {
			return err
		}
		return journalError("read", err)
	case len(r.parts) == 0:
		return ErrNoJournal
	}
	r.damaged = r.damaged || !torn
	return errNotPart
}

func eachFrame(frames []byte, visit func(Frame) error) error {
	for len(frames) > 0 {
		f, rest, err := cutFrame(frames)
		if err == nil {
			err = visit(f)
		}
		if err != nil {
			return err
		}
		frames = rest
	}
	return nil
}

// Began is when the journal was begun.
func (r *Replay) Began() time.Time { return time.UnixMicro(r.head.Began).UTC() }

// Damaged says that more was written than can be read, and that this is not what a kill leaves.
func (r *Replay) Damaged() bool { return r.damaged }

// Frames yields the frames that ReadJournal visited, once more. A frame is valid until the next one is asked for. An error
// ends the sequence.
func (r *Replay) Frames(ctx context.Context) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		stop := errors.New("stopped")
		for _, p := range r.parts {
			err := r.readPart(ctx, p, func(f Frame) error {
				if !yield(f, nil) {
					return stop
				}
				return nil
			})
			if errors.Is(err, stop) {
				return
			}
			if err != nil {
				yield(Frame{}, err)
				return
			}
		}
	}
}

// readPart visits the frames of what counts of a segment.
func (r *Replay) readPart(ctx context.Context, p part, visit func(Frame) error) error {
	in, err := r.store.Open(ctx, p.number)
	if err != nil {
		return journalError("read", err)
	}
	defer in.Close()
	blocks := newBlockReader(io.LimitReader(in, p.size))
	if _, err := readHead(blocks); err != nil {
		return journalError("read", errors.Join(errChanged, err))
	}
	for blocks.read < p.size {
		if err := ctx.Err(); err != nil {
			return err
		}
		frames, err := blocks.next()
		if err != nil {
			return journalError("read", errors.Join(errChanged, err))
		}
		if err := eachFrame(frames, visit); err != nil {
			return err
		}
	}
	return nil
}

// Append returns a journal that continues this one behind what can be read, and removes the rest.
func (r *Replay) Append(ctx context.Context, o JournalOptions) (*Journal, error) {
	if err := removeSegments(ctx, r.store, r.surplus); err != nil {
		return nil, err
	}
	var stored int64
	for _, p := range r.parts {
		stored += p.size
	}
	return newJournal(ctx, r.store, r.head.next(r.last+1, r.parts[len(r.parts)-1]), stored, o), nil
}
