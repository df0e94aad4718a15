package extract

import "time"

// edge is one reset of the API's window, as seen by the requests around it. Moments are those of sending: with a steady
// latency every request sent before one moment belongs to the old window and every one after it to the new, while the
// moment of counting, somewhere on the way, is never seen.
type edge struct {
	old time.Time // the last request known to be counted before the reset was sent then
	new time.Time // the first one known to be counted after it
}

// zone is the stretch in which the reset lies. Where answers overtake one another, old is after new.
func (e edge) zone() (from, till time.Time) {
	if e.old.After(e.new) {
		return e.new, e.old
	}
	return e.old, e.new
}

// edges are the latest resets, whole windows apart. The zero value knows none.
type edges struct {
	window    time.Duration
	list      []edge        // oldest first
	confirmed bool          // two resets were whole windows apart
	last      edge          // the latest reset, kept where the list is dropped
	missed    bool          // a reset that was foretold has not come since
	measured  time.Duration // between the last two resets, where that was no window; 0 for none
}

// keptEdges is how many resets are remembered: enough to see how much latency varies, few enough to follow a slow drift.
const keptEdges = 3

// useful says whether a reset is known precisely enough to foretell the next ones.
func (s *edges) useful(e edge) bool {
	from, till := e.zone()
	return till.Sub(from) < s.window/4
}

// add takes in a reset. What is remembered is dropped where the two can't be whole windows apart.
func (s *edges) add(e edge) {
	if !s.useful(e) {
		return
	}
	switch last := s.last; {
	case last == (edge{}):
	case s.missed || !s.fits(last, e):
		s.remeasure(last, e)
		s.list, s.confirmed = s.list[:0], false
	default:
		s.confirmed = true
	}
	if len(s.list) == keptEdges {
		s.list = append(s.list[:0], s.list[1:]...)
	}
	s.list, s.last, s.missed = append(s.list, e), e, false
}

// fits says whether two resets may be whole windows apart.
func (s *edges) fits(a, b edge) bool {
	aFrom, aTill := a.zone()
	bFrom, bTill := b.zone()
	apart := middle(bFrom, bTill).Sub(middle(aFrom, aTill))
	slack := (aTill.Sub(aFrom)+bTill.Sub(bFrom))/2 + s.window/50
	off := (apart - apart.Round(s.window)).Abs()
	return apart > s.window/2 && off <= slack
}

// remeasure notes how far apart two resets were that are no window apart. Seen twice, that is the window's length.
func (s *edges) remeasure(a, b edge) {
	apart := b.new.Sub(a.new)
	if (apart-s.measured).Abs() < apart/20 && apart >= minWindow && apart <= maxWindow {
		s.window, s.measured = apart.Round(minWindow), 0
		return
	}
	s.measured = apart
}

// moved says that what was remembered of the moments of resets does not hold any more.
func (s *edges) moved() { s.list, s.confirmed, s.missed = nil, false, true }

// sawOld takes in that a request was counted before the last reset.
func (s *edges) sawOld(at time.Time) {
	if n := len(s.list); n > 0 && at.After(s.list[n-1].old) {
		s.list[n-1].old = at
	}
}

// sawNew takes in that a request was counted after the last reset.
func (s *edges) sawNew(at time.Time) {
	if n := len(s.list); n > 0 && at.Before(s.list[n-1].new) {
		s.list[n-1].new = at
	}
}

// next returns when the window to which a request sent at t belongs ends: requests sent before from are counted in it,
// those sent after till are not. ok is false where that is not known.
func (s *edges) next(t time.Time) (from, till time.Time, ok bool) {
	if len(s.list) == 0 {
		return t, t, false
	}
	if from, till, ok = s.agreed(t, 0); ok {
		return from, till, true
	}
	if from, till, ok = s.agreed(t, s.drift()); ok {
		return from, till, true
	}
	from, till = s.shifted(s.list[0], t, 0)
	for _, e := range s.list[1:] {
		a, b := s.shifted(e, t, 0)
		from, till = sooner(from, a), later(till, b)
	}
	return from, till, true
}

// agreed is next where all that is remembered agrees: each reset makes the others more precise.
func (s *edges) agreed(t time.Time, drift time.Duration) (from, till time.Time, ok bool) {
	from, till = s.shifted(s.list[0], t, drift)
	for _, e := range s.list[1:] {
		a, b := s.shifted(e, t, drift)
		from, till = later(from, a), sooner(till, b)
	}
	return from, till, from.Before(till)
}

// shifted moves a reset's zone to the end of the window of t.
func (s *edges) shifted(e edge, t time.Time, drift time.Duration) (from, till time.Time) {
	from, till = e.zone()
	// A request seen in the new window may seem to have been sent a little before that began.
	windows := time.Duration(floorDiv(int64(t.Add(s.window/16).Sub(middle(from, till))), int64(s.window))) + 1
	shift := windows * (s.window + drift)
	return from.Add(shift), till.Add(shift)
}

// drift is by how much a window is longer than it should be: some limiters begin one with the first request after the last.
func (s *edges) drift() time.Duration {
	if len(s.list) < keptEdges {
		return 0
	}
	first, last := s.list[0], s.list[len(s.list)-1]
	span := last.new.Sub(first.new)
	windows := span.Round(s.window) / s.window
	if windows == 0 {
		return 0
	}
	return (span - windows*s.window) / windows
}

func middle(a, b time.Time) time.Time { return a.Add(b.Sub(a) / 2) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
