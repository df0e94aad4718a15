package extract

import (
	"time"

	"logferry/internal/window"
)

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
