package extract

import (
	"time"

	"logferry/internal/window"
)

const (
	paceSteps = 8 // pages that a pace is taken from
	paceStuck = 4 // pages at one timestamp that count
	paceDoubt = 2 // pages that what was expected counts for, where no page has been seen
)

// pace is how fast a chain gets on through its window: the places that its latest pages ended at, and what was expected of
// the window before the first of them. Lengths are weights, see histogram.
type pace struct {
	places []int64 // timestamps in µs; the first is where the oldest of the pages began
	pages  float64 // expected of a window of this weight; 0 is unknown
	weight float64
}

// expect says how many pages a window is thought to have.
func (p *pace) expect(pages, weight float64) { p.pages, p.weight = pages, weight }

// begin is called with the place where a chain begins, end with the one at which a page of it ended.
func (p *pace) begin(at int64) { p.places = append(p.places[:0], at) }

func (p *pace) end(at int64) {
	// Thousands of records in one millisecond say little of the next.
	if n := len(p.places); n > paceStuck && p.places[n-1-paceStuck] == at {
		return
	}
	if len(p.places) > paceSteps {
		p.places = append(p.places[:0], p.places[1:]...)
	}
	p.places = append(p.places, at)
}

// left is how many pages something of this weight has, if all goes on as before. It is 0 where nothing is known.
func (p *pace) left(weight float64, h *histogram) float64 {
	pages, passed := 0.0, 0.0
	if n := len(p.places); n > 1 {
		pages, passed = float64(n-1), h.weight(between(p.places[0], p.places[n-1]))
	}
	// What was expected counts for less with every page that is seen: where records are dense now, it may be wrong by orders
	// of magnitude.
	if doubt := paceDoubt - pages/2; p.pages > 0 && doubt > 0 {
		pages, passed = pages+doubt, passed+doubt*p.weight/p.pages
	}
	if passed <= 0 {
		return 0
	}
	return pages / passed * weight
}

// between is the time from one timestamp in µs to another, whichever is the earlier.
func between(a, b int64) window.Interval {
	return window.New(time.UnixMicro(min(a, b)), time.UnixMicro(max(a, b)))
}
