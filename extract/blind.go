package extract

import (
	"math"
	"time"
)

// blind is how to go on where headers don't say what remains of a fixed window: because there are none, or because the API
// counts otherwise (a rolling window, a value that stands still). Then own requests alone are counted, over any stretch of
// a window's length, and a 429 shows where the limit is.
type blind struct {
	on        bool
	forGood   bool // what the headers say contradicts fixed windows
	without   int  // answers in a row without a usable header
	odd       int  // rises of remaining that no reset explains
	userLimit int  // requests a minute that the user allows; 0 is no limit
	told      int  // limit a window by a 429's message; 0 is unknown
	learnt    int  // requests a window after which a 429 came; 0 is none
	learntAt  time.Time
	refusals  int    // times that a 429 came under load
	sent      recent // own requests
}

const (
	// assumedLimit is the smallest limit that is documented, requests a minute.
	assumedLimit = 2000
	// blindAfter is how many answers in a row have no headers before these are no longer counted on.
	blindAfter = 8
	maxOdd     = 3
	leastLearn = 4
)

func newBlind(userLimit int) blind {
	b := blind{on: true, userLimit: userLimit}
	b.sent.setWindow(defaultWindow, time.Time{})
	return b
}

// watch takes in whether an answer said what remains, and returns true where that ends or begins to be counted on.
func (b *blind) watch(answered, said bool) (changed bool) {
	before := b.on
	switch {
	case !answered:
	case said:
		b.without, b.on = 0, b.forGood
	default:
		if b.without++; b.without >= blindAfter {
			b.on = true
		}
	}
	return b.on != before
}

// contradicted takes in a rise of remaining that no reset explains, and returns true once headers are given up.
func (b *blind) contradicted() bool {
	if b.odd++; b.odd >= maxOdd {
		b.on, b.forGood = true, true
	}
	return b.forGood
}

// next is how long to wait until another request is within the share.
func (b *blind) next(now time.Time, m *model) time.Duration {
	b.recover(now, m)
	wait := b.sent.next(now, b.share(m))
	if b.forGood && m.latest.number > 0 && now.Sub(m.latestSeen) < m.window() && m.rolling() <= m.floor() {
		wait = max(wait, b.look(now, m))
	}
	return wait
}

// look is how long to wait with a rolling window at its floor: a request looks again after a little of it has passed, one at a
// time.
func (b *blind) look(now time.Time, m *model) time.Duration {
	const parts = 32 // of a window
	if m.inFlight > 0 {
		return m.window() / parts // own requests leave the window meanwhile
	}
	return m.latestSeen.Add(m.window() / parts).Sub(now)
}

// rolling is what remains of a window that isn't fixed, if no request has left it since the latest answer.
func (m *model) rolling() int { return m.latestRemaining - int(m.sent-m.latest.number) }

// assumed says that neither the API nor the user has named a limit, although the API was asked.
func (m *model) assumed() bool {
	b := &m.blind
	return b.on && b.without > 0 && m.limit == 0 && b.told == 0 && b.userLimit == 0
}

// recover allows more again, some windows after the last refusal: others may have spent the budget then, or the 429 was no
// sign of it. What was learnt under load is tried again ever less often.
func (b *blind) recover(now time.Time, m *model) {
	if b.learnt == 0 {
		return
	}
	stated := b.stated(m)
	low := b.learnt < stated/4
	wait := m.window()
	if !low {
		wait *= time.Duration(8 << min(b.refusals-1, 6))
	}
	switch {
	case now.Sub(b.learntAt) < wait:
		return
	case low:
		b.learnt *= 2
	default:
		b.learnt += b.learnt / 4
	}
	if b.learntAt = now; b.learnt >= stated {
		b.learnt = 0
	}
}

// stated is the limit of a window that was named by somebody.
func (b *blind) stated(m *model) int {
	switch {
	case m.limit > 0:
		return m.limit
	case b.told > 0:
		return b.told
	case b.userLimit > 0:
		return max(int(float64(b.userLimit)*m.window().Minutes()), 1)
	}
	return max(int(assumedLimit*m.window().Minutes()), 1)
}

// share is how many requests a window may be sent. What the user allows is all for this program.
func (b *blind) share(m *model) int {
	limit := b.stated(m)
	headroom := m.headroom
	if m.limit == 0 && b.told == 0 && b.userLimit > 0 {
		headroom = 0
	}
	if b.learnt > 0 {
		limit = min(limit, b.learnt)
	}
	return max(limit-int(math.Ceil(headroom*float64(limit)-1e-9)), 1)
}

// refused takes in a 429 after that many own requests were counted in a window. Few of them may be the others' doing, or no
// sign of the limit at all: no more than half is given up at once, and a fifth at least, since some may have been counted in
// the window before.
func (b *blind) refused(now time.Time, counted int, m *model) {
	before := b.stated(m)
	if b.learnt > 0 {
		before = b.learnt
	}
	b.learnt = max(min(max(counted, before/2), before*4/5), leastLearn)
	b.learntAt = now
	b.refusals++
}
