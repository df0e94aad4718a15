package extract

import (
	"math"

	"logferry/internal/window"
)

const (
	windowsOfDetails = 4 // walked at first where details are wanted: a page brings a hundred of them
	patientPages     = 4 // that a first chain walks alone while it is not known how to cut its interval
)

// worth is what a chain is split for.
type worth struct {
	first float64 // pages that a window has at least, as far as can be told, where a fresh interval is cut
	later float64 // and where a window is split later. A split costs about two thirds of a request
	mean  float64 // and so many on average, so that small walks are not cut to pieces
	call  float64 // pages that one usage request may be spent for
}

var defaultWorth = worth{first: 8, later: 3, mean: 4, call: 200}

// share is called between two pages. Where walkers are idle and the chain is one of those with most left to read, it gives
// them a part of that, as windows of their own.
func (c *chain) share() error {
	if !c.divisible() {
		return nil
	}
	c.learn()
	ahead := c.ahead()
	left := c.pace.left(c.counts.weight(ahead), c.counts)
	sum, most, walking := c.w.note(c, left)
	if c.counting != nil || !c.starving() {
		return nil
	}
	n := parts(load{left: left, sum: sum, most: most, walking: walking, idle: min(c.w.idle(), c.w.mayAdd(sum)), least: c.least()})
	if c.whole && c.w.step.Details != DetailsNone {
		n = min(n, windowsOfDetails)
	}
	if n < 2 {
		return nil
	}
	return c.split(ahead, left, n)
}

// load is what the decision to split a chain depends on. Pages are estimates.
type load struct {
	left, most, sum float64 // pages of this chain, of the one that has most, and of all
	walking, idle   int     // walkers
	least           float64 // pages of a part
}

// parts is how many parts a chain is to be cut into, itself included; 1 is not at all.
func parts(l load) int {
	const (
		nearly = 0.7 // of the most: a chain that has as much need not wait for the one that has most
		above  = 1.3 // times what is everybody's share: a chain with less ends about when the others do
	)
	share := l.sum / float64(l.walking+l.idle)
	if l.idle < 1 || l.left < nearly*l.most || l.left < above*share {
		return 1
	}
	n := int(min(l.left/l.least, max(l.left/max(l.least, share)+0.5, 2), float64(l.idle+1)))
	return max(n, 1)
}

// divisible says whether it is known what lies before the chain, and that nothing of it is kept yet.
func (c *chain) divisible() bool {
	return c.number > 0 && c.pass == 1 && c.halved == nil && !c.rereads && c.w.step.Windows == 0 && c.order.trusted() && c.order.any
}

// learn takes in the usage counts once they are there, and stops waiting for them when that takes long.
func (c *chain) learn() {
	if c.counting != nil && (c.counting.settled() || c.pages >= patientPages) {
		c.takeCounts()
	}
}

func (c *chain) least() float64 {
	if c.whole {
		return c.w.x.worth.first
	}
	return c.w.x.worth.later
}

// passed notes where a page has brought the chain, that had its latest entry at a timestamp, if it had any.
func (c *chain) passed(last int64, had bool) {
	if c.order.order != newestFirst && c.order.order != oldestFirst {
		return
	}
	if len(c.pace.places) == 0 {
		switch {
		case had:
		case c.order.order == newestFirst:
			last = c.span.To * 1000
		default:
			last = c.span.From * 1000
		}
		c.pace.begin(last)
	}
	c.pace.end(c.order.last)
}

// ahead is what of the window lies behind the chain's latest entry, in whole milliseconds: nothing of it is kept yet.
func (c *chain) ahead() window.Interval {
	ms := floorDiv(c.order.last, 1000)
	if c.order.order == newestFirst {
		return c.window.Intersect(window.Interval{From: c.window.From, To: window.Millis(0, ms).To})
	}
	return c.window.Intersect(window.Interval{From: window.Millis(ms+1, 0).From, To: c.window.To})
}

// past says that the chain has certainly seen all of its window, though not of what it asks for.
func (c *chain) past() bool {
	micros, ok := c.order.safe()
	switch {
	case !ok || c.halved != nil:
		return false
	case c.order.order == newestFirst:
		return micros < c.from
	default:
		return micros >= c.to
	}
}

// stop ends a chain that is past its window. That nothing else comes is taken from the order.
func (c *chain) stop() error {
	marks := c.w.assume(c.window.Intersect(window.Millis(c.span.From, c.span.To)))
	c.done = true
	return c.w.mark(append(marks, c.markDone())...)
}

// split cuts what lies ahead into up to n parts, keeps the nearest, and lets idle walkers walk the others at once.
func (c *chain) split(ahead window.Interval, left float64, n int) error {
	slots := c.w.x.takeIdle(n - 1)
	pieces := c.counts.cut(ahead, slots+1)
	for ; slots > 0 && slots >= len(pieces); slots-- {
		c.w.x.freeSlot()
	}
	if slots == 0 {
		return nil
	}
	c.whole = false
	c.window, pieces = c.keepNearest(pieces)
	c.from, c.to = c.window.From.UnixMicro(), ceilMicro(c.window.To)
	marks := []Mark{c.mark(c.cursor)}
	off := make([]*chain, len(pieces))
	for k, piece := range pieces {
		off[k] = newChain(c.w, piece, nil)
		off[k].order, off[k].counts = c.order.inherit(), c.counts
		off[k].pace.expect(left/float64(len(pieces)+1), c.counts.weight(piece))
		c.w.number(off[k], 1)
		c.w.note(off[k], off[k].pace.pages)
		marks = append(marks, off[k].mark(nil))
	}
	// One call, before any page of any of them: a walk that is killed has either the one window or all.
	if err := c.w.mark(marks...); err != nil {
		for range slots {
			c.w.x.freeSlot()
		}
		return err
	}
	c.w.progress.add(countSplits, int64(len(off)))
	for _, one := range off {
		c.w.spawn(one)
	}
	return nil
}

// keepNearest returns the chain's window without those pieces of it that lie farther than the nearest, and those.
func (c *chain) keepNearest(pieces []window.Interval) (kept window.Interval, off []window.Interval) {
	last := len(pieces) - 1
	if c.order.order == newestFirst {
		return window.Interval{From: pieces[last].From, To: c.window.To}, pieces[:last]
	}
	return window.Interval{From: c.window.From, To: pieces[0].To}, pieces[1:]
}

// starving says that more pages could be used than the walk brings: where details are wanted, few wait to be fetched.
func (c *chain) starving() bool {
	return c.whole || c.w.step.Details == DetailsNone || len(c.w.x.queue) < PageLimit
}

// note remembers how many pages a chain has left, and returns how many the walk's chains have together, how many the one
// that has most, and how many chains there are.
func (w *walk) note(c *chain, left float64) (sum, most float64, walking int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left[c] = left
	for _, pages := range w.left {
		sum, most = sum+pages, max(most, pages)
	}
	return sum, most, len(w.left)
}

// mayAdd is how many more windows the walk's pages are worth, of which so many are left.
func (w *walk) mayAdd(left float64) int {
	if w.x.worth.mean <= 0 {
		return cap(w.x.slots)
	}
	pages := left + float64(w.progress.n[countPages].Load())
	w.mu.Lock()
	defer w.mu.Unlock()
	return int(min(pages/w.x.worth.mean, math.MaxInt32)) - (w.windows - w.finished)
}

// leave is the opposite of note.
func (w *walk) leave(c *chain) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.left, c)
}

// spawn walks a window in a slot that is taken already.
func (w *walk) spawn(c *chain) {
	w.spawned.Go(func() error {
		defer w.x.freeSlot()
		return w.walking(func() error { return c.finish(w.spawnedCtx) })
	})
}

// idle is how many more windows could be walked at once: slots that nobody uses or waits for, as far as the rate budget has
// slack and the API answers that many lists at once.
func (w *walk) idle() int {
	governor := w.step.Client.governor
	if w.x.wanted.Load() > 0 || !governor.slack() {
		return 0
	}
	return min(cap(w.x.slots), governor.Snapshot().Lists) - len(w.x.slots)
}

// takeIdle takes up to n slots that nobody uses or waits for.
func (x *Extractor) takeIdle(n int) (taken int) {
	for ; taken < n && x.wanted.Load() == 0; taken++ {
		select {
		case x.slots <- struct{}{}:
		default:
			return taken
		}
	}
	return taken
}
