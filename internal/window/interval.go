package window

import (
	"slices"
	"time"
)

// Resolution is the finest step that the Logs API's time range can express: it speaks epoch milliseconds. Split cuts
// at multiples of it only. Records may lie between two steps (a timestamp has µs); an Interval may begin or end there too.
const Resolution = time.Millisecond

// Interval is the time from From, included, to To, excluded. The zero Interval is empty.
//
// Made by New, or out of UTC times without a monotonic reading, intervals may be compared with ==.
type Interval struct {
	From, To time.Time
}

// New returns [from, to) in UTC.
func New(from, to time.Time) Interval {
	return Interval{From: from.UTC().Round(0), To: to.UTC().Round(0)}
}

// Millis returns [from, to) for epoch milliseconds.
func Millis(from, to int64) Interval {
	return Interval{From: time.UnixMilli(from).UTC(), To: time.UnixMilli(to).UTC()}
}

// Empty says that no instant lies in the interval: To is not after From.
func (i Interval) Empty() bool { return !i.From.Before(i.To) }

// Contains says whether t lies in the interval.
func (i Interval) Contains(t time.Time) bool { return !t.Before(i.From) && t.Before(i.To) }

// Overlaps says whether an instant lies in both. Intervals that only touch do not overlap.
func (i Interval) Overlaps(o Interval) bool { return !i.Intersect(o).Empty() }

// Intersect returns what lies in both, or the zero Interval where nothing does.
func (i Interval) Intersect(o Interval) Interval {
	both := Interval{From: later(i.From, o.From), To: earlier(i.To, o.To)}
	if both.Empty() {
		return Interval{}
	}
	return both
}

// Duration is the interval's length, 0 when it is empty. As time.Time.Sub does, it stops at about 292 years.
func (i Interval) Duration() time.Duration {
	if i.Empty() {
		return 0
	}
	return i.To.Sub(i.From)
}

// Align widens the interval to whole milliseconds: From down, To up. An API request for the result covers the interval.
func (i Interval) Align() Interval {
	if i.Empty() {
		return Interval{}
	}
	return Millis(i.From.UnixMilli(), ceilMilli(i.To))
}

// String is the interval in the notation of ISO 31-11, "[2026-04-17T00:00:00Z, 2026-04-18T00:00:00Z)".
func (i Interval) String() string {
	return "[" + i.From.UTC().Format(time.RFC3339Nano) + ", " + i.To.UTC().Format(time.RFC3339Nano) + ")"
}

// Split cuts the interval into n pieces in ascending order that cover it exactly. Their lengths differ by at most 1 ms,
// plus what lies outside whole milliseconds at either end; every cut falls on a whole millisecond. Where the interval
// is too short for n pieces there are fewer: at most one a millisecond touched. An empty interval has none; n below 1 counts as 1.
func Split(i Interval, n int) []Interval {
	if i.Empty() {
		return nil
	}
	first, end := i.From.UnixMilli(), ceilMilli(i.To)
	pieces := min(int64(max(n, 1)), end-first)
	size, longer := (end-first)/pieces, (end-first)%pieces
	out := make([]Interval, 0, pieces)
	from, at := i.From, first
	for k := range pieces {
		at += size
		if k < longer {
			at++
		}
		to := time.UnixMilli(at).UTC()
		if k == pieces-1 {
			to = i.To
		}
		out = append(out, Interval{From: from, To: to})
		from = to
	}
	return out
}

// Merge returns the same instants as fewest intervals: ascending, none empty, none touching or overlapping another.
// The argument is not changed.
func Merge(is []Interval) []Interval {
	sorted := slices.DeleteFunc(slices.Clone(is), Interval.Empty)
	slices.SortFunc(sorted, func(a, b Interval) int { return a.From.Compare(b.From) })
	var out []Interval
	for _, i := range sorted {
		if last := len(out) - 1; last >= 0 && !i.From.After(out[last].To) {
			out[last].To = later(out[last].To, i.To)
			continue
		}
		out = append(out, i)
	}
	return out
}

// Subtract returns what of i lies in none of the holes: ascending, none empty, none touching another.
func Subtract(i Interval, holes ...Interval) []Interval {
	var out []Interval
	from := i.From
	for _, h := range Merge(holes) {
		if piece := i.Intersect(Interval{From: from, To: h.From}); !piece.Empty() {
			out = append(out, piece)
		}
		from = later(from, h.To)
	}
	if rest := (Interval{From: from, To: i.To}); !rest.Empty() {
		out = append(out, rest)
	}
	return out
}

// ceilMilli is the first whole millisecond not before t.
func ceilMilli(t time.Time) int64 {
	ms := t.UnixMilli()
	if time.UnixMilli(ms).Before(t) {
		ms++
	}
	return ms
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
