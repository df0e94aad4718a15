package extract

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"logferry/internal/window"
)

// read reads the step's interval. What was taken for read by an order that proves to be none is read again.
func (w *walk) read() error {
	earlier := w.earlier()
	if err := w.readOnce(&earlier); err != nil || !w.misled.Load() {
		return err
	}
	return w.readAgain(&earlier)
}

// readOnce continues the windows of earlier walks, and reads what they leave.
func (w *walk) readOnce(e *earlier) error {
	unread := window.Subtract(w.step.Interval, append(intervals(e.first), w.assumed...)...)
	group, ctx := errgroup.WithContext(w.ctx)
	w.spawned, w.spawnedCtx = group, ctx
	group.Go(func() error { return w.parallel(ctx, w.resumed(e.first)) })
	for _, i := range unread {
		group.Go(func() error { return w.readNew(ctx, i) })
	}
	return group.Wait()
}

// readAgain reads what was assumed, and assumes nothing.
func (w *walk) readAgain(e *earlier) error {
	chains := w.resumed(e.second)
	var marks []Mark
	none := newChain(w, w.step.Interval, nil)
	none.order.order = unordered
	for _, assumed := range window.Merge(w.assumed) {
		for _, win := range window.Subtract(assumed, intervals(e.second)...) {
			c := newChain(w, win, none)
			w.number(c, 2)
			chains, marks = append(chains, c), append(marks, c.mark(nil))
		}
	}
	if err := w.mark(marks...); err != nil {
		return err
	}
	return w.parallel(w.ctx, chains)
}

// readNew reads an interval of which nothing is read.
func (w *walk) readNew(ctx context.Context, i window.Interval) error {
	if w.step.Windows > 1 {
		return w.readWindows(ctx, window.Split(i, w.step.Windows), nil)
	}
	first := newChain(w, i, nil)
	var windows []window.Interval
	err := w.inSlot(ctx, func() (err error) {
		if w.step.Windows == 1 {
			return w.readAlone(ctx, first)
		}
		windows, err = w.readFirst(ctx, first)
		return err
	})
	if err != nil || windows == nil {
		return err
	}
	return w.readWindows(ctx, windows, first)
}

// readFirst reads an interval's first page, and all of it by a chain that splits itself. Where entries come in no order, it
// returns the windows that are to be read instead.
func (w *walk) readFirst(ctx context.Context, first *chain) ([]window.Interval, error) {
	first.whole = true
	for first.pages < patientPages && !first.order.trusted() {
		ended, err := first.follow(ctx, first.pages+1)
		var broken *brokenChain
		if errors.As(err, &broken) {
			w.progress.add(countRestarts, 1)
			first.rereads = first.pages > 0
			first.begin(first.span)
			break
		}
		if err != nil {
			return nil, err
		}
		if ended {
			w.number(first, 1)
			w.progress.add(countWindows, 1)
			return nil, w.mark(first.markDone())
		}
		if first.counting == nil {
			if asked := first.askCounts(ctx); asked != nil {
				defer asked.stop()
			}
		}
		if first.order.order == unordered && first.counting.settled() {
			break
		}
	}
	if first.order.order == unordered {
		total := first.takeCounts()
		if n := wholeWindows(first.window, total, w.x.worth.first, cap(w.x.slots)); n > 1 {
			return first.counts.cut(first.window, n), nil
		}
	}
	return nil, w.readAlone(ctx, first)
}

// readAlone reads a chain's window from where it is.
func (w *walk) readAlone(ctx context.Context, c *chain) error {
	w.number(c, 1)
	if err := w.mark(c.mark(c.cursor)); err != nil {
		return err
	}
	if err := c.share(); err != nil {
		return err
	}
	return c.finish(ctx)
}

// readWindows reads windows that are planned now.
func (w *walk) readWindows(ctx context.Context, windows []window.Interval, first *chain) error {
	var marks []Mark
	chains := make([]*chain, len(windows))
	for i, win := range windows {
		chains[i] = newChain(w, win, first)
		w.number(chains[i], 1)
		marks = append(marks, chains[i].mark(nil))
	}
	if err := w.mark(marks...); err != nil {
		return err
	}
	return w.parallel(ctx, chains)
}

// number makes a chain a window of the walk.
func (w *walk) number(c *chain, pass int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.windows++
	c.number, c.pass = w.windows, pass
}

// parallel reads windows at the same time, as far as there are slots.
func (w *walk) parallel(ctx context.Context, chains []*chain) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cap(w.x.slots))
	for _, c := range chains {
		group.Go(func() error {
			return w.inSlot(ctx, func() error { return c.finish(ctx) })
		})
	}
	return group.Wait()
}
