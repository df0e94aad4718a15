package resume

import (
	"context"
	"errors"

	"logferry/extract"
	"logferry/internal/record"
	"logferry/internal/spool"
)

// Bounds of what is handed to a receiver at once.
const (
	batchRecords = 128
	batchBytes   = 256 << 10
)

// Replay hands what earlier runs had to a receiver: records whose detail is settled or was not wanted, and bad records
// but for those whose detail is going to be fetched again. The walk fetches the rest. An error is the receiver's, the
// store's as *spool.JournalError, or the context's.
func (r *Run) Replay(ctx context.Context, to extract.Receiver) error {
	if r.replay == nil {
		return nil
	}
	b := batch{ctx: ctx, to: to}
	for f, err := range r.replay.Frames(ctx) {
		if err != nil {
			return err
		}
		if err := r.replayFrame(&b, f); err != nil {
			return err
		}
	}
	return b.flush()
}

func (r *Run) replayFrame(b *batch, f spool.Frame) error {
	switch f.Kind {
	case spool.FramePage:
		_, err := f.Page(func(e record.Entry) error {
			if r.details.Wants(e.Status) {
				return nil
			}
			return b.add(record.Record{Entry: e, Outcome: record.Skipped})
		})
		return err
	case spool.FrameRecord:
		var rec record.Record
		if err := f.Record(&rec); err != nil {
			return err
		}
		return b.add(rec)
	case spool.FrameBad:
		bad, err := decodeBad(f.Text())
		if err != nil || bad.Attempts > 0 && !r.index.had.Has(bad.ID) {
			return err
		}
		return b.to.Bad(b.ctx, bad)
	}
	return nil
}

// pending yields the entries whose detail was wanted and is not settled.
func (r *Run) pending(yield func(record.Entry, error) bool) {
	for f, err := range r.replay.Frames(context.Background()) {
		if err != nil {
			yield(record.Entry{}, err)
			return
		}
		if f.Kind != spool.FramePage {
			continue
		}
		_, err := f.Page(func(e record.Entry) error {
			if !r.details.Wants(e.Status) || r.index.had.Has(e.ID) {
				return nil
			}
			if !yield(e.Clone(), nil) {
				return errStopped
			}
			return nil
		})
		if errors.Is(err, errStopped) {
			return
		}
		if err != nil {
			yield(record.Entry{}, err)
			return
		}
	}
}

var errStopped = errors.New("stopped")

// batch gathers records for a receiver.
type batch struct {
	ctx     context.Context
	to      extract.Receiver
	records []record.Record
	bytes   int
}

// add copies a record.
func (b *batch) add(r record.Record) error {
	b.records = append(b.records, r.Clone())
	b.bytes += r.Size()
	if len(b.records) < batchRecords && b.bytes < batchBytes {
		return nil
	}
	return b.flush()
}

func (b *batch) flush() error {
	records := b.records
	b.records, b.bytes = nil, 0
	if len(records) == 0 {
		return nil
	}
	return b.to.Records(b.ctx, records)
}
