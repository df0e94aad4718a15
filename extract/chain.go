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
}

// brokenChain says that an attempt can't go on: its cursor was rejected, or repeated where err is nil.
type brokenChain struct{ err error }

func (b *brokenChain) Error() string { return "the chain is broken" }

// newChain returns a chain for a window. first may be nil, or the chain that read the walk's first page.
func newChain(w *walk, win window.Interval, first *chain) *chain {
	c := &chain{w: w, window: win, limit: PageLimit, seen: newSeenSet(w.x.seen), from: win.From.UnixMicro(), to: ceilMicro(win.To)}
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
	c.span, c.cursor, c.pages = span, nil, 0
	c.cursors = map[hash128]struct{}{}
	c.order.restart()
}

// finish reads what is left of the window.
func (c *chain) finish(ctx context.Context) error {
	err := c.read(ctx, maxIdle)
	if err != nil && ctx.Err() == nil {
		return &WalkError{Window: c.window, Err: err, Hint: hintOf(err)}
	}
	return err
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
		switch {
		case left != c.span:
			c.w.assume(cutOff(c.window, c.span, left))
			idle, longest = 0, 0
		case c.pages > longest:
			idle, longest = 0, c.pages
		default:
			idle++
		}
		if left.From >= left.To {
			return nil // all that is left is the edge, which belongs to the next window
		}
		c.begin(left)
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
		next, err := c.page(ctx)
		if err != nil {
			return false, err
		}
		if next == nil {
			return true, nil
		}
		h := hashBytes(next)
		if _, again := c.cursors[h]; again {
			return false, &brokenChain{}
		}
		c.cursors[h] = struct{}{}
		c.cursor = next
	}
	return false, nil
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
	kept := c.keep(&page)
	if c.order.order == unordered {
		c.w.misled.Store(true)
	}
	c.hand(memory, kept, size)
	return next, context.Cause(ctx)
}

// keep returns the page's entries that belong to the window and have not been kept before. It reorders page.Entries.
func (c *chain) keep(page *record.Page) []record.Entry {
	kept := page.Entries[:0]
	var outside, duplicates int64
	for i := range page.Entries {
		e := page.Entries[i]
		c.order.see(e.Micros)
		if e.Micros < c.from || e.Micros >= c.to {
			outside++
			continue
		}
		h := hashText(e.ID)
		if c.before != nil && c.before.has(h) || !c.seen.add(h) {
			duplicates++
			continue
		}
		kept = append(kept, e)
	}
	c.reportBad(page.Bad)
	p := c.w.progress
	p.add(countEntries, int64(len(page.Entries)+len(page.Bad)))
	p.add(countKept, int64(len(kept)))
	p.add(countOutside, outside)
	p.add(countDuplicates, duplicates)
	return kept
}

// reportBad reports the elements that are no record: once a walk, and by the window that they belong to, if they do.
func (c *chain) reportBad(bads []record.Bad) {
	for _, bad := range bads {
		if bad.HasTime && (bad.Micros < c.from || bad.Micros >= c.to) {
			continue
		}
		h := hashBytes(bad.Raw)
		c.w.mu.Lock()
		isNew := c.w.bads.add(h)
		c.w.mu.Unlock()
		if isNew {
			bad.Raw = bytes.Clone(bad.Raw)
			c.w.progress.add(countUnreadable, 1)
			c.w.report(Bad{Bad: bad})
		}
	}
}

// hand gives the kept entries to the detail workers or to the receiver. memory holds the page's size in bytes.
func (c *chain) hand(memory *reservation, kept []record.Entry, size int) {
	w := c.w
	var bytesKept int64
	for i := range kept {
		bytesKept += int64(len(kept[i].Raw))
	}
	if bytesKept < int64(size)/2 {
		for i := range kept { // don't hold a page for a few of its entries
			kept[i].Raw = bytes.Clone(kept[i].Raw)
		}
	}
	skipped := batch{}
	var jobs []job
	var total int64
	for i := range kept {
		rec := record.Record{Entry: kept[i], Outcome: record.Skipped}
		part := held{of: memory, bytes: int64(rec.Size())}
		total += part.bytes
		if w.wants(&kept[i]) {
			if jobs == nil {
				jobs = make([]job, 0, len(kept)-i)
			}
			jobs = append(jobs, job{walk: w, rec: rec, entry: part})
			continue
		}
		if skipped.records == nil {
			skipped.records = make([]record.Record, 0, len(kept)-i)
		}
		skipped.records = append(skipped.records, rec)
		skipped.held = append(skipped.held, part)
	}
	memory.resize(total)
	w.collector.begin(len(jobs))
	if len(skipped.records) > 0 {
		w.progress.add(countSkipped, int64(len(skipped.records)))
		w.deliver(skipped)
	}
	for i := range jobs {
		w.enqueue(&jobs[i])
	}
}

// rest returns what of the window is left to read, and what the pages so far cover, if their order is one.
func (c *chain) rest() (rest, read window.Interval) {
	left := c.order.narrow(c.span)
	if left == c.span {
		return c.window, window.Interval{}
	}
	return c.window.Intersect(window.Millis(left.From, left.To)), cutOff(c.window, c.span, left)
}

// cutOff is what of a window lies in span and not in left, which is span without one of its ends.
func cutOff(win window.Interval, span, left TimeRange) window.Interval {
	if left.From == span.From {
		return win.Intersect(window.Millis(left.To, span.To))
	}
	return win.Intersect(window.Millis(span.From, left.From))
}

// suggest is how many windows, up to most, are worth walking at the same time, by what the first page shows.
func (c *chain) suggest(most int) int {
	const (
		pagesEach = 4           // at least as many a window, as far as can be told
		shortest  = time.Second // a window
	)
	most = int(min(int64(most), max(int64(c.window.Duration()/shortest), 1)))
	rest, read := c.rest()
	if c.order.order == unordered || read.Empty() {
		return most
	}
	pages := float64(rest.Duration()) / float64(max(read.Duration(), time.Millisecond))
	return int(min(max(pages/pagesEach, 1), float64(most)))
}
