package extract

import (
	"bytes"
	"context"
	"errors"
	"time"

	"logferry/internal/record"
	"logferry/internal/window"
)

// How many restarts in a row may bring nothing new before a window is cut in two: where the chain is a window's, and
// where it is a part of one that was cut already.
const (
	maxIdle     = 3
	maxIdlePart = 1
)

// chain reads one window by following cursors. It asks for [from, to] and keeps what lies in [from, to): right whether
// the API takes `to` as included or not. It is used by one goroutine at a time.
type chain struct {
	w        *walk
	number   int // of the window within the walk; 0 while it is not known to be one
	pass     int
	window   window.Interval
	from, to int64     // the window in µs: what is kept
	span     TimeRange // what is asked for: the window, or what of it is left to read
	seen     *seenSet  // ids kept
	before   *seenSet  // ids that the walk kept before; read only, may be nil
	order    orderTracker
	limit    int // entries a page; less than PageLimit once a page was too large
	cursor   []byte
	cursors  map[hash128]struct{} // of this attempt
	pages    int                  // of this attempt
	shown    hashTable            // the least hash of an element of each page of this attempt
	barren   int                  // pages in a row that showed nothing that the attempt had not seen
	halved   *TimeRange           // the span that is being read in halves; nil for none
	rereads  bool                 // an earlier attempt may have kept what lies ahead
	done     bool                 // the journal knows that the window is read
	pace     pace
	counts   *histogram // of an interval around the window; may be nil
	counting *inquiry   // brings counts; nil where they are there or not waited for
	whole    bool       // the window is an interval of which nothing has been split off yet
}

// brokenChain says that an attempt can't go on: its cursor was rejected, or repeated where err is nil.
type brokenChain struct{ err error }

func (b *brokenChain) Error() string { return "the chain is broken" }

// newChain returns a chain for a window. first may be nil, or the chain that read the walk's first page.
func newChain(w *walk, win window.Interval, first *chain) *chain {
	c := &chain{
		w: w, pass: 1, window: win, limit: PageLimit, seen: newSeenSet(w.x.seen),
		from: win.From.UnixMicro(), to: ceilMicro(win.To),
	}
	if first != nil {
		c.before, c.order = first.seen, first.order
	}
	whole := win.Align()
	c.begin(TimeRange{From: whole.From.UnixMilli(), To: whole.To.UnixMilli()})
	return c
}

// ceilMicro is the first whole microsecond not before t.
func ceilMicro(t time.Time) int64 {
	us := t.UnixMicro()
	if time.UnixMicro(us).Before(t) {
		us++
	}
	return us
}

// begin starts another attempt, at a span.
func (c *chain) begin(span TimeRange) {
	c.span, c.cursor, c.pages, c.shown = span, nil, 0, hashTable{}
	c.cursors = map[hash128]struct{}{}
	c.order.restart()
	c.pace.places = nil
}

// finish reads what is left of the window.
func (c *chain) finish(ctx context.Context) error {
	c.w.progress.add(countWindows, 1)
	err := c.read(ctx, maxIdle)
	c.w.leave(c)
	c.seen, c.before, c.cursors = nil, nil, nil // others may walk on for long
	if err != nil && ctx.Err() == nil {
		return &WalkError{Window: c.window, Err: err, Hint: hintOf(err)}
	}
	if err != nil || c.done {
		return err
	}
	return c.w.mark(c.markDone())
}

// read follows the chain through its span. Where the chain breaks it goes on from what is certainly read; where that
// brings nothing new, it reads the span in two halves, whose chains are shorter.
func (c *chain) read(ctx context.Context, patience int) error {
	longest := 0
	for idle := 0; ; {
		_, err := c.follow(ctx, 0)
		var broken *brokenChain
		if !errors.As(err, &broken) {
			return err
		}
		c.w.progress.add(countRestarts, 1)
		left := c.order.narrow(c.span)
		var marks []Mark
		switch {
		case left != c.span:
			marks = c.w.assume(cutOff(c.window, c.span, left))
			idle, longest = 0, 0
		case c.shown.count > longest:
			idle, longest = 0, c.shown.count
			c.rereads = true
		default:
			idle++
			c.rereads = c.rereads || c.pages > 0
		}
		left = left.within(c.window)
		if left.From >= left.To {
			return c.w.mark(marks...) // all that is left is the edge, which belongs to the next window
		}
		c.begin(left)
		if err := c.w.mark(append(marks, c.mark(nil))...); err != nil {
			return err
		}
		if idle >= patience {
			return c.halve(ctx, idle, broken.err)
		}
	}
}

// halve reads the span in two parts that share an edge.
func (c *chain) halve(ctx context.Context, restarts int, cause error) error {
	whole := c.span
	if whole.To-whole.From < 2 {
		return &ChainError{Restarts: restarts, Err: cause}
	}
	if c.halved == nil { // a walk that resumes begins again with the whole
		c.halved = &whole
		defer func() { c.halved = nil }()
	}
	middle := whole.From + (whole.To-whole.From)/2
	for _, half := range []TimeRange{{From: whole.From, To: middle}, {From: middle, To: whole.To}} {
		c.begin(half)
		if err := c.read(ctx, maxIdlePart); err != nil {
			return err
		}
	}
	return nil
}

// follow reads pages until the chain ends, breaks, or limit pages are read (0 for no limit). ended says that it ended.
func (c *chain) follow(ctx context.Context, limit int) (ended bool, err error) {
	for c.pages < limit || limit == 0 {
		if c.past() {
			return true, c.stop()
		}
		if c.astray() {
			return false, &brokenChain{}
		}
		next, err := c.page(ctx)
		if err != nil {
			return false, err
		}
		if next == nil {
			return true, nil
		}
		if err := c.fruitless(); err != nil {
			return false, err
		}
		h := hashBytes(next)
		if _, again := c.cursors[h]; again {
			return false, &brokenChain{}
		}
		c.cursors[h] = struct{}{}
		c.cursor = next
		if err := c.share(); err != nil {
			return false, err
		}
	}
	return false, nil
}

// astray says that the chain asks for more than its window, of which others read the rest, and that no order will tell when it
// is past the window.
func (c *chain) astray() bool {
	return c.order.order == unordered && c.halved == nil && c.span.within(c.window) != c.span
}

// page reads one page, hands its records on, and returns the next cursor.
func (c *chain) page(ctx context.Context) (next []byte, err error) {
	memory, err := c.w.x.entries.reserve(ctx)
	if err != nil {
		return nil, err
	}
	request := ListRequest{Cursor: c.cursor, Limit: c.limit, Filters: c.w.step.Filters, Range: c.span}
	page, size, err := c.w.step.Client.list(ctx, &request, c.w.progress, memory)
	var large *TooLargeError
	if errors.As(err, &large) && c.limit > 1 {
		memory.release()
		c.limit /= 2
		return c.page(ctx)
	}
	if err != nil {
		memory.release()
		if c.cursor != nil && rejectsCursor(err) {
			return nil, &brokenChain{err: err}
		}
		return nil, err
	}
	memory.settle(int64(size))
	c.pages++
	c.w.progress.add(countPages, 1)
	next = bytes.Clone(page.Next)
	last, any := c.order.last, c.order.any
	kept := c.keep(&page)
	c.passed(last, any)
	if c.order.order == unordered {
		c.w.misled.Store(true)
	}
	// Where a bad record was not accepted, the walk has ended: the page must not be taken for read.
	if err := context.Cause(c.w.ctx); err != nil {
		memory.release()
		return nil, err
	}
	if err := c.w.journalled(kept, c.markPage(next)); err != nil {
		memory.release()
		return nil, err
	}
	c.hand(memory, kept, size)
	return next, context.Cause(ctx)
}

// keep returns the page's entries that belong to the window and have not been kept before, by this walk or an earlier one. It reorders page.Entries.
func (c *chain) keep(page *record.Page) []record.Entry {
	kept := page.Entries[:0]
	var outside, duplicates, known int64
	least := noHash
	for i := range page.Entries {
		e := page.Entries[i]
		c.order.see(e.Micros)
		h := hashText(e.ID)
		least = least.min(h)
		if e.Micros < c.from || e.Micros >= c.to {
			outside++
			continue
		}
		if c.before != nil && c.before.has(h) || !c.seen.add(h) {
			duplicates++
			continue
		}
		if c.w.known(e.ID) {
			known++
			continue
		}
		kept = append(kept, e)
	}
	c.shows(c.reportBad(page.Bad, least))
	p := c.w.progress
	p.add(countEntries, int64(len(page.Entries)+len(page.Bad)))
	p.add(countKept, int64(len(kept)))
	p.add(countOutside, outside)
	p.add(countDuplicates, duplicates)
	p.add(countKnown, known)
	return kept
}

// reportBad reports the elements that are no record: once a walk, and by the window that they belong to, if they do. It returns the
// least of their hashes and another one.
func (c *chain) reportBad(bads []record.Bad, least hash128) hash128 {
	for _, bad := range bads {
		h := hashBytes(bad.Raw)
		least = least.min(h)
		if bad.HasTime && (bad.Micros < c.from || bad.Micros >= c.to) {
			continue
		}
		c.w.mu.Lock()
		isNew := c.w.bads.add(h)
		c.w.mu.Unlock()
		if isNew {
			bad.Raw = bytes.Clone(bad.Raw)
			c.w.progress.add(countUnreadable, 1)
			c.w.report(Bad{Bad: bad})
		}
	}
	return least
}
