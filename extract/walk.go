package extract

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"logferry/internal/window"
)

// walk is one Extractor.Walk in progress.
type walk struct {
	x        *Extractor
	step     Step
	receiver Receiver
	progress *Progress

	parent context.Context // the caller's: tells its end from a failure
	ctx    context.Context // ends with the first failure, which is its cause
	cancel context.CancelCauseFunc

	// What splits off walks in a group of its own, whose members may add to it. Set before any chain walks.
	spawned    *errgroup.Group
	spawnedCtx context.Context

	collector collector
	misled    atomic.Bool // a chain saw that entries come in no order

	mu       sync.Mutex
	bads     *seenSet           // elements reported as bad
	assumed  []window.Interval  // taken for read because entries seemed to come in order
	windows  int                // numbered so far
	finished int                // of them, those that earlier walks have done with
	left     map[*chain]float64 // pages that the chains walking have left to read, as far as can be told
}

func newWalk(ctx context.Context, x *Extractor, step Step, receiver Receiver) *walk {
	w := &walk{x: x, step: step, receiver: receiver, parent: ctx, bads: newSeenSet(x.seen), left: map[*chain]float64{}}
	w.progress = &Progress{parent: step.Progress}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.collector.idle.L = &w.collector.mu
	return w
}

func (w *walk) run() error {
	defer w.cancel(nil)
	var pending sync.WaitGroup
	if r := w.step.Resume; r != nil && r.Pending != nil {
		pending.Go(func() { w.try(func() error { return w.fetchPending(r.Pending) }) })
	}
	if !w.step.Interval.Empty() {
		w.try(w.read)
	}
	pending.Wait()
	w.collector.wait()
	w.flush()
	w.collector.wait() // another walk may have taken the last batch
	if w.parent.Err() != nil {
		return context.Cause(w.parent)
	}
	return context.Cause(w.ctx)
}

// try ends the walk where f returns an error.
func (w *walk) try(f func() error) {
	if err := f(); err != nil {
		w.fail(err, w.step.Interval)
	}
}

// fail ends the walk. The first failure counts.
func (w *walk) fail(err error, at window.Interval) {
	if _, ok := err.(*WalkError); !ok { //nolint:errorlint // wrapped once, here
		err = &WalkError{Window: at, Err: err, Hint: hintOf(err)}
	}
	w.cancel(err)
}

func (w *walk) inSlot(ctx context.Context, f func() error) error {
	if err := w.x.slot(ctx); err != nil {
		return err
	}
	defer w.x.freeSlot()
	return w.walking(f)
}

// walking is inSlot for who has a slot.
func (w *walk) walking(f func() error) error {
	w.progress.add(gaugeWindows, 1)
	defer w.progress.add(gaugeWindows, -1)
	return f()
}

// flush delivers what is pending.
func (w *walk) flush() {
	if due, ok := w.collector.take(); ok {
		w.deliver(due)
		w.collector.end()
	}
}

// deliver hands a batch to the receiver and releases its memory.
func (w *walk) deliver(due batch) {
	defer due.release()
	if w.ctx.Err() != nil {
		return
	}
	if err := w.receiver.Records(w.ctx, due.records); err != nil {
		w.fail(err, w.step.Interval)
	}
}

// report hands a bad record to the receiver and says whether that has accepted it. If not, the walk has ended.
func (w *walk) report(bad Bad) (accepted bool) {
	if w.ctx.Err() != nil {
		return false
	}
	if err := w.receiver.Bad(w.ctx, bad); err != nil {
		w.fail(err, w.step.Interval)
		return false
	}
	return true
}
