package extract

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"logferry/internal/record"
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

	collector collector
	misled    atomic.Bool // a chain saw that entries come in no order

	mu      sync.Mutex
	bads    *seenSet          // elements reported as bad
	assumed []window.Interval // taken for read because entries seemed to come in order
}

func newWalk(ctx context.Context, x *Extractor, step Step, receiver Receiver) *walk {
	w := &walk{x: x, step: step, receiver: receiver, parent: ctx, bads: newSeenSet(x.seen)}
	w.progress = &Progress{parent: step.Progress}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.collector.idle.L = &w.collector.mu
	return w
}

func (w *walk) run() error {
	defer w.cancel(nil)
	if !w.step.Interval.Empty() {
		if err := w.windows(); err != nil {
			w.fail(err, w.step.Interval)
		}
	}
	w.collector.wait()
	w.flush()
	w.collector.wait() // another walk may have taken the last batch
	if w.parent.Err() != nil {
		return context.Cause(w.parent)
	}
	return context.Cause(w.ctx)
}

// fail ends the walk. The first failure counts.
func (w *walk) fail(err error, at window.Interval) {
	if _, ok := err.(*WalkError); !ok { //nolint:errorlint // wrapped once, here
		err = &WalkError{Window: at, Err: err, Hint: hintOf(err)}
	}
	w.cancel(err)
}

// windows reads the step's interval. What was taken for read by an order that proves to be none is read again.
func (w *walk) windows() error {
	if err := w.once(); err != nil || !w.misled.Load() {
		return err
	}
	w.mu.Lock()
	again := window.Merge(w.assumed)
	w.mu.Unlock()
	none := newChain(w, w.step.Interval, nil)
	none.order.order = unordered
	return w.parallel(again, none)
}

// assume notes that an interval is taken for read.
func (w *walk) assume(read window.Interval) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.assumed = append(w.assumed, read)
}

// once reads the step's interval: one page alone, and what that leaves in windows at the same time.
func (w *walk) once() error {
	n := w.step.Windows
	if n > 1 {
		return w.parallel(window.Split(w.step.Interval, n), nil)
	}
	first := newChain(w, w.step.Interval, nil)
	var ended bool
	err := w.inSlot(func() (err error) {
		if n != 1 {
			if ended, err = first.follow(w.ctx, 1); ended || err != nil {
				return err
			}
			n = first.suggest(cap(w.x.slots))
		}
		if n == 1 {
			ended, err = true, first.finish(w.ctx)
		}
		return err
	})
	if ended || err != nil {
		return err
	}
	rest, read := first.rest()
	w.assume(read)
	return w.parallel(window.Split(rest, n), first)
}

// parallel reads windows at the same time, as far as there are slots.
func (w *walk) parallel(windows []window.Interval, first *chain) error {
	group, ctx := errgroup.WithContext(w.ctx)
	group.SetLimit(cap(w.x.slots))
	for _, win := range windows {
		if win.Empty() {
			continue
		}
		group.Go(func() error {
			return w.inSlot(func() error { return newChain(w, win, first).finish(ctx) })
		})
	}
	return group.Wait()
}

func (w *walk) inSlot(f func() error) error {
	if err := w.x.slot(w.ctx); err != nil {
		return err
	}
	defer w.x.freeSlot()
	w.progress.add(gaugeWindows, 1)
	defer w.progress.add(gaugeWindows, -1)
	return f()
}

// wants says whether an entry's detail is to be fetched.
func (w *walk) wants(e *record.Entry) bool {
	return w.step.Details == DetailsAll || w.step.Details == DetailsFailed && e.Status == "failed"
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

// report hands a bad record to the receiver.
func (w *walk) report(bad Bad) {
	if w.ctx.Err() != nil {
		return
	}
	if err := w.receiver.Bad(w.ctx, bad); err != nil {
		w.fail(err, w.step.Interval)
	}
}
