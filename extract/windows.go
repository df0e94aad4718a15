package extract

import (
	"context"

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

// readNew reads an interval of which nothing is read: one page alone, and what that leaves in windows at the same time.
func (w *walk) readNew(ctx context.Context, i window.Interval) error {
	if w.step.Windows > 1 {
		return w.readWindows(ctx, window.Split(i, w.step.Windows), nil, nil)
	}
	first := newChain(w, i, nil)
	var more bool
	var n int
	err := w.inSlot(ctx, func() (err error) {
		n, more, err = w.readFirst(ctx, first)
		return err
	})
	if err != nil || !more {
		return err
	}
	rest, read := first.rest()
	return w.readWindows(ctx, window.Split(rest, n), first, w.assume(read))
}

// readFirst reads an interval's first page, and all of it where it is one window. more says that it is to be read in n.
func (w *walk) readFirst(ctx context.Context, first *chain) (n int, more bool, err error) {
	if w.step.Windows == 1 {
		w.number(first, 1)
		if err := w.mark(first.mark(nil)); err != nil {
			return 0, false, err
		}
		return 1, false, first.finish(ctx)
	}
	ended, err := first.follow(ctx, 1)
	if err != nil {
		return 0, false, err
	}
	if !ended {
		if n = first.suggest(cap(w.x.slots)); n > 1 {
			return n, true, nil
		}
	}
	w.number(first, 1)
	if ended {
		w.progress.add(countWindows, 1)
		return 1, false, w.mark(first.markDone())
	}
	if err := w.mark(first.mark(first.cursor)); err != nil {
		return 0, false, err
	}
	return 1, false, first.finish(ctx)
}

// readWindows reads windows that are planned now, and tells the journal of them together with other marks.
func (w *walk) readWindows(ctx context.Context, windows []window.Interval, first *chain, marks []Mark) error {
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
