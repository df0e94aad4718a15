package extract

import (
	"math"
	"net/http"
	"time"
)

// model is the arithmetic of the rate budget: no clock, no waiting, no locking.
//
// The API counts the requests of a whole organisation in a fixed window whose phase it does not tell. What is known
// comes from response headers: the limit, what remains, the window's length. The model answers one question: may a
// request be sent now, and if not, how long is it to wait. Three bounds hold together:
//
//   - Floor. By the lowest `remaining` seen in the current window, less the own requests that are sent and not answered,
//     sending one more leaves headroom*limit. Where it does not, the window has to end first.
//   - Pace. Tokens flow in at the share's even rate, (1-headroom)*limit a window, and slower where others have spent so
//     much that the rest has to last until the window's end. A few seconds' worth may be saved up.
//   - Ramp. While nothing is known (at the start, after a 429, when a window's end was waited for) only a few requests may
//     be unanswered at once; every answer allows one more.
//
// Where the floor is reached before the window's end, and that end is not known well, up to maxProbes requests, spared for
// that from the share, look for it by bisection. Without headers only the ramp and the user's own limit hold.
type model struct {
	headroom float64      // share of the limit left to others, 0 to 0.99
	own      slidingLimit // the user's own limit a minute

	window time.Duration // length of the API's window
	limit  int           // requests a window; 0 is unknown

	known    bool
	observed int       // lowest remaining seen in the current window
	lost     int       // requests since then that may have been counted without an answer that says so
	low      Ticket    // the request that showed observed
	end      time.Time // the current window is over by then at the latest
	endAfter time.Time // and not before then
	phase    phase
	probes   int // requests sent in the current window to find its end

	sent     uint64 // requests sent so far; a ticket's number is its place in this count
	inFlight int    // sent and not answered
	lowSent  uint64 // value of sent when observed was seen: a later request can't be shown more in the same window
	newSent  uint64 // value of sent when the window was first seen: earlier requests may tell of the one before

	pausedTill time.Time
	penalty    time.Duration // next pause for a 429 that names no time

	tokens   float64
	tokensAt time.Time
	ramp     int // requests that may be unanswered at once
}

const (
	defaultWindow = time.Minute
	firstRamp     = 2
	fullRamp      = 1 << 12 // more than any concurrency here
	burstSeconds  = 2       // of the even rate that may be saved up
	firstPenalty  = time.Second
	maxProbes     = 3
	// reorderSlack is by how much answers of one window may differ, beyond the requests in flight, because others spent too.
	reorderSlack = 16
	// untilAnswer is a wait that only an observation ends.
	untilAnswer = time.Duration(math.MaxInt64)
)

func newModel(headroom float64, ownLimit int) model {
	return model{
		headroom: min(max(headroom, 0), 0.99), own: newSlidingLimit(ownLimit, time.Minute),
		window: defaultWindow, penalty: firstPenalty, ramp: firstRamp,
	}
}

// floor is how many requests of a window are left to others.
func (m *model) floor() int { return int(math.Ceil(m.headroom*float64(m.limit) - 1e-9)) }

// share is how many requests of a window are this program's.
func (m *model) share() int { return max(m.limit-m.floor(), 1) }

// available is how many requests may be sent before the floor is reached, those for finding the window's end aside. Only
// where known.
func (m *model) available() int {
	return m.observed - m.lost - m.inFlight - m.floor() - (m.spare() - m.probes)
}

// Next returns 0 where a request may be sent at now, otherwise how long to wait before asking again; untilAnswer where
// only an observation changes that. Any observation may end a wait early.
func (m *model) Next(now time.Time) time.Duration {
	if wait := m.pausedTill.Sub(now); wait > 0 {
		return wait
	}
	if m.known && !now.Before(m.end) {
		m.forget()
	}
	if m.inFlight >= m.ramp {
		return untilAnswer
	}
	wait := max(m.own.next(now), m.pace(now))
	if m.known && m.available() < 1 {
		m.tokens = min(m.tokens, 1) // no burst when the window ends
		wait = max(m.own.next(now), m.stall(now))
	}
	return wait
}

// stall is how long to wait with the floor reached: for the window's end, or for a look at whether it is over.
func (m *model) stall(now time.Time) time.Duration {
	if m.spare() == m.probes || m.inFlight > 0 || m.available()+m.spare()-m.probes < 1 {
		return m.end.Sub(now)
	}
	from := later(m.endAfter, m.low.at)
	return max(from.Add(m.end.Sub(from)/2).Sub(now), 0)
}

// spare is how many requests of the window are kept for finding its end.
func (m *model) spare() int {
	if m.end.Sub(m.endAfter) < m.window/100 {
		return m.probes
	}
	return max(min(maxProbes, m.share()/100), m.probes)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Send accounts for a request sent at now.
func (m *model) Send(now time.Time) Ticket {
	if m.known && m.available() < 1 {
		m.probes++
	}
	m.own.add(now)
	m.tokens--
	m.sent++
	m.inFlight++
	return Ticket{number: m.sent, at: now}
}

// forget drops what was known. The next request's answer makes known again; those in flight may tell of the window before.
func (m *model) forget() {
	m.known, m.newSent = false, m.sent
	m.ramp = m.inFlight + 1
}

// pace refills the tokens and returns how long to wait for a whole one.
func (m *model) pace(now time.Time) time.Duration {
	rate := m.rate(now)
	if math.IsInf(rate, 1) {
		m.tokens = 1
		return 0
	}
	burst := max(rate*burstSeconds, 1)
	if m.tokensAt.IsZero() {
		m.tokens = burst
	}
	m.tokens = min(m.tokens+rate*now.Sub(m.tokensAt).Seconds(), burst)
	m.tokensAt = now
	if m.tokens >= 1 {
		return 0
	}
	return time.Duration(math.Ceil((1 - m.tokens) / rate * float64(time.Second)))
}

// rate is the even rate, in requests a second, at which the budget lasts; infinite where there is none.
func (m *model) rate(now time.Time) float64 {
	rate := m.own.rate()
	if m.limit > 0 {
		rate = min(rate, float64(m.share())/m.window.Seconds())
	}
	if m.known {
		left := max(m.end.Sub(now).Seconds(), 1e-3)
		// Never so slow that a window's end would be missed: the floor is what protects others.
		rate = min(rate, max(float64(m.available())/left, 1/m.window.Seconds()))
	}
	return rate
}

// Observe takes in the answer to a request. status is 0 where none came.
func (m *model) Observe(now time.Time, t Ticket, r reading, status int) {
	m.inFlight--
	if r.limit > 0 {
		m.limit = r.limit
	}
	if r.window > 0 && r.window != m.window {
		m.window, m.phase = r.window, phase{}
	}
	if status == http.StatusTooManyRequests {
		m.refuse(now, r)
		return
	}
	if status != 0 {
		m.penalty = firstPenalty
		if t.number > m.newSent { // an answer to what was sent before a pause does not tell that the pause is over
			m.ramp = min(m.ramp+1, fullRamp)
		}
	}
	if status != 0 && r.remaining >= 0 && m.limit > 0 {
		m.take(now, t, r.remaining)
	} else {
		m.lost++
	}
}

// take brings an observed remaining into the order in which the API counted.
func (m *model) take(now time.Time, t Ticket, remaining int) {
	// Sent after the lowest value was seen, and yet not lower: a new window has begun in between.
	reset := t.number > m.lowSent && remaining >= m.observed && m.low.number > 0
	switch {
	case !m.known && t.number <= m.newSent:
	case reset || !m.known:
		if reset {
			m.phase.learn(m.low.at, now, m.window)
		}
		m.endAfter, m.end = m.phase.next(now, m.window)
		m.known, m.newSent, m.probes = true, m.sent, 0
		m.see(t, remaining)
	case t.number <= m.newSent && remaining < m.observed-m.inFlight-reorderSlack:
		m.lost++ // of the window before; in this one it may have been counted or not
	case remaining < m.observed:
		m.see(t, remaining)
	}
}

func (m *model) see(t Ticket, remaining int) {
	m.observed, m.lost, m.low, m.lowSent = remaining, 0, t, m.sent
}

// refuse takes in a 429: nothing is sent until the named time, and little after it.
func (m *model) refuse(now time.Time, r reading) {
	pause := m.penalty
	switch {
	case r.hasRetryAfter:
		pause = max(r.retryAfter, 100*time.Millisecond)
	case now.Before(m.pausedTill):
		pause = 0 // one of several that were refused together
	default:
		m.penalty = min(m.penalty*2, m.window)
	}
	if till := now.Add(pause); till.After(m.pausedTill) {
		m.pausedTill = till
	}
	m.forget()
	m.ramp, m.tokens = 1, min(m.tokens, 1)
}
