package extract

import (
	"time"

	"logferry/internal/window"
)

// cutOff is what of a window lies in span and not in left, which is span without one of its ends.
func cutOff(win window.Interval, span, left TimeRange) window.Interval {
	if left.From == span.From {
		return win.Intersect(window.Millis(left.To, span.To))
	}
	return win.Intersect(window.Millis(span.From, left.From))
}

// within is what of the range is needed for a window.
func (r TimeRange) within(win window.Interval) TimeRange {
	whole := win.Align()
	return TimeRange{From: max(r.From, whole.From.UnixMilli()), To: min(r.To, whole.To.UnixMilli())}
}

// wholeWindows is how many windows an interval is cut into whose entries come in no order, so that none can split itself
// later. total is how many records it has, 0 where that is unknown, and least how many pages a window is to have.
func wholeWindows(i window.Interval, total int64, least float64, slots int) int {
	const (
		unknown  = 16          // windows
		shortest = time.Second // a window
	)
	slots = int(min(int64(slots), int64(i.Duration()/shortest)))
	n := min(slots, unknown)
	if total > 0 {
		n = int(min(total/PageLimit/int64(least), int64(slots)))
	}
	return max(n, 1)
}
