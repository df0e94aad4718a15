package extract

import (
	"math"
	"net/http"
	"time"
)

// Observe takes in the answer to a request. status is 0 where none came.
func (m *model) Observe(now time.Time, t Ticket, r reading, status int) {
	m.landed(t)
	m.observeLatency(now, t, status)
	m.observeLimit(now, t, r)
	if status == http.StatusTooManyRequests {
		m.refuse(now, r)
		return
	}
	if status != 0 {
		m.penalty, m.refusedAt = firstPenalty, time.Time{}
		if t.number > m.cur.newSent { // an answer to what was sent before a pause does not tell that the pause is over
			m.ramp = min(m.ramp+1, fullRamp)
		}
	}
	if m.blind.watch(status != 0 && status < 500, r.remaining >= 0 && m.limit > 0) {
		m.forgetWindows()
		m.cur.newSent, m.leftOver = t.number-1, 0
	}
	switch {
	case m.unlimited():
		if m.resetBy.IsZero() {
			m.ramp = fullRamp
		}
	case m.blind.forGood:
		if r.remaining >= 0 && t.number > m.latest.number {
			m.latest, m.latestSeen, m.latestRemaining = t, now, min(r.remaining, m.limit)
		}
	case status != 0 && r.remaining >= 0 && m.limit > 0:
		m.take(now, t, min(r.remaining, m.limit))
	default:
		m.cur.lost++
	}
	m.othersRate = m.others.rate(m.window())
}

// observeLatency takes in how long an answer took.
func (m *model) observeLatency(now time.Time, t Ticket, status int) {
	latency := now.Sub(t.at)
	if t.op == OpUsage { // a sum takes its own time
		m.flights[flightOf(t.op)].gone()
		return
	}
	bad := status == 0 || status >= 500
	m.flights[flightOf(t.op)].answer(now, latency, !bad, m.even())
	if bad {
		return
	}
	off := math.Abs(latency.Seconds() - m.pathTime)
	if m.pathTime == 0 {
		off = 0
		m.pathTime = latency.Seconds()
	}
	m.pathTime += (latency.Seconds() - m.pathTime) / 16
	m.pathDev += (off - m.pathDev) / 16
	m.guard = min(time.Duration(4*m.pathDev*float64(time.Second))+2*time.Millisecond, m.window()/100)
}

// observeLimit takes in the limit and the window's length that an answer states.
func (m *model) observeLimit(now time.Time, t Ticket, r reading) {
	if t.number > m.limitOf && (r.limit > 0 || r.window > 0) {
		m.limitOf = t.number
		if r.limit > 0 {
			if m.cur.known && m.limit > 0 {
				m.cur.observed = max(m.cur.observed+r.limit-m.limit, 0)
			}
			m.limit = r.limit
		}
		if r.window > 0 && r.window != m.stated {
			m.stated = r.window
			m.edges = edges{window: r.window}
		}
	}
	m.blind.sent.setWindow(m.window(), now)
}

// refuse takes in a 429: nothing is sent until the named time, and little after it.
func (m *model) refuse(now time.Time, r reading) {
	if m.refusedAt.IsZero() || now.Sub(later(m.refusedTill, m.pausedTill)) > m.window() { // nobody asked for long
		m.refusedAt = now
	}
	m.refusedTill = now
	pause := m.penalty
	switch {
	case r.hasRetryAfter && r.retryAfter >= firstPenalty:
		pause = r.retryAfter
	case now.Before(m.pausedTill):
		pause = 0 // one of several that were refused together
	default:
		m.penalty = min(m.penalty*2, m.window())
	}
	if m.blind.on && pause > 0 && !now.Before(m.pausedTill) {
		m.blind.refused(now, m.blind.sent.count(now)-m.inFlight-1, m)
	}
	if till := now.Add(pause); till.After(m.pausedTill) {
		m.pausedTill = till
	}
	m.resetBy = m.pausedTill
	m.forget()
	m.cur.past = past{} // whether the window ends with the pause is only said, not seen
	m.tokens = min(m.tokens, 1)
}

// Told takes in the limit that a 429 names in its message.
func (m *model) Told(limit int, window time.Duration, now time.Time) {
	m.blind.told = limit
	if m.stated == 0 && window != m.window() {
		m.edges = edges{window: window}
		m.blind.sent.setWindow(window, now)
	}
}

// refusedFor is for how long the API has answered nothing but 429. That nothing was asked is no refusal.
func (m *model) refusedFor() time.Duration {
	if m.refusedAt.IsZero() {
		return 0
	}
	return m.refusedTill.Sub(m.refusedAt)
}
