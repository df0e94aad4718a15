package extract

import (
	"math"
	"slices"
	"time"

	"logferry/internal/window"
)

// histogram is how many records the parts of an interval have, by the usage counts. A nil one knows nothing: it weighs
// time by its length and cuts it evenly.
type histogram struct {
	parts   []window.Interval // ascending, each beginning where the one before it ends
	records []float64         // never 0: counts may lag, and no part is taken for empty
}

// newHistogram returns nil where the counts can't be true: none at all, or fewer than 0.
func newHistogram(parts []window.Interval, counts []int64) *histogram {
	total := int64(0)
	for _, n := range counts {
		if n < 0 || n > math.MaxInt64-total {
			return nil
		}
		total += n
	}
	if total == 0 || len(parts) != len(counts) {
		return nil
	}
	const doubt = 0.02 // of the records, spread evenly
	h := &histogram{parts: parts}
	whole := float64(parts[len(parts)-1].To.Sub(parts[0].From))
	for k, n := range counts {
		h.records = append(h.records, (1-doubt)*float64(n)+doubt*float64(total)*float64(parts[k].Duration())/whole)
	}
	return h
}

// weight is how many records an interval is thought to have, or how long it is where that is unknown: in seconds.
func (h *histogram) weight(i window.Interval) (total float64) {
	if h == nil {
		return i.Duration().Seconds()
	}
	for k, part := range h.parts {
		total += h.records[k] * float64(part.Intersect(i).Duration()) / float64(part.Duration())
	}
	return total
}

// cut cuts an interval into n pieces of equal weight, in ascending order. There are fewer where it is too short. Every cut
// falls on a whole millisecond.
func (h *histogram) cut(i window.Interval, n int) []window.Interval {
	whole := h.weight(i)
	if h == nil || n < 2 || whole <= 0 {
		return window.Split(i, n)
	}
	var out []window.Interval
	from, done := i.From, 0.0
	for k, part := range h.parts {
		in := part.Intersect(i)
		weight := h.records[k] * float64(in.Duration()) / float64(part.Duration())
		for len(out)+1 < n && !in.Empty() {
			want := whole * float64(len(out)+1) / float64(n)
			if want > done+weight {
				break
			}
			at := in.From.Add(time.Duration((want - done) / weight * float64(in.Duration()))).Truncate(window.Resolution)
			if at.Before(from) {
				at = from
			}
			out = append(out, window.Interval{From: from, To: at})
			from = at
		}
		done += weight
	}
	out = append(out, window.Interval{From: from, To: i.To})
	return slices.DeleteFunc(out, window.Interval.Empty)
}
