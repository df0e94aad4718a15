package extract

import "time"

// current is what is known of the API's current window. The zero value knows nothing.
type current struct {
	known    bool
	overdue  bool // it should have ended, and nothing has shown that it has
	foretold bool // it began by what was learnt of earlier resets; nothing has been seen of it
	observed int  // lowest remaining seen in it
	lost     int  // requests since then that may have been counted without an answer that says so
	low      Ticket
	lowSent  uint64 // value of model.sent when observed was seen: a later request can't be shown more in the same window
	newSent  uint64 // value of model.sent when the window was first believed in: earlier requests may tell of the one before
	mixed    uint64 // value of model.sent when the first answer of the window came: earlier requests may be of either
	first    uint64 // number of the first request known to be counted in it
	lastAt   time.Time
	probes   int // requests sent in it to find its end

	begun      time.Time // when it was seen first
	from, till time.Time // requests sent before from are counted in it, those sent after till are not

	past     past // the window before
	tooEarly int  // times that its end was expected and had not come
}

// past is what was seen of the window before.
type past struct {
	remaining int       // the lowest
	low       Ticket    // the request that showed it
	sent      uint64    // value of model.sent then
	last      time.Time // when the last request that is known to be counted in it was sent; zero where none is to be learnt from
}

// passes returns what is past once another window has begun.
func (c *current) passes() past {
	if !c.known || c.foretold {
		return c.past
	}
	return past{remaining: c.observed, low: c.low, sent: c.lowSent, last: c.lastAt}
}

// windowOver begins a window by the clock. Where the moments of resets are known well, what is known of the limit is counted
// on; otherwise the next answer has to tell.
func (m *model) windowOver(now time.Time) {
	switch {
	case !m.edges.confirmed && !m.cur.foretold && m.available() >= 1:
		// Over or not, this much is left. An answer will tell.
		m.cur.overdue, m.cur.till = true, now.Add(m.window()/16)
		return
	case now.Sub(m.cur.till) > m.window()/2:
		m.forget()
		m.cur.past = past{} // a window or more without a request: nothing tells this one from that
		return
	case !m.edges.confirmed || m.cur.foretold || now.Sub(m.cur.till) > m.window()/16:
		m.forget() // others may have spent of it already
		return
	}
	m.leftOver = m.inFlight
	c := current{
		known: true, foretold: true, begun: now, observed: m.limit, newSent: m.sent, lowSent: m.sent,
		past: m.cur.passes(),
	}
	c.from, c.till = m.ends(now)
	m.cur = c
	m.others.nextWindow()
}

// forget drops what was known. The next request's answer makes known again; those in flight may tell of the window before.
func (m *model) forget() {
	m.cur = current{newSent: m.sent, tooEarly: m.cur.tooEarly, past: m.cur.passes()}
	m.ramp, m.leftOver = 1, m.inFlight
}

// ends returns the stretch in which the window of a request sent at t ends.
func (m *model) ends(t time.Time) (from, till time.Time) {
	from, till, ok := m.edges.next(t)
	if !ok {
		return t, t.Add(m.window())
	}
	return from, till.Add(m.guard)
}

// take brings an observed remaining into the order in which the API counted.
func (m *model) take(now time.Time, t Ticket, remaining int) {
	c := &m.cur
	switch {
	case !c.known || c.foretold:
		m.takeFirst(now, t, remaining)
	case t.number > c.lowSent && remaining >= c.observed:
		// Sent after the lowest value was seen, and yet not lower: a new window has begun in between.
		m.risen(now, t, remaining)
	case t.number > c.newSent && m.exceeds(t, remaining):
		m.risen(now, t, remaining)
	case t.number <= c.mixed && remaining < c.observed-m.reorder():
		m.edges.sawOld(t.at)
	case remaining < c.observed:
		m.see(t, remaining)
	default:
		m.seeLater(t, remaining)
	}
}

// exceeds says that an answer shows no less than was left when its request was sent: it was counted in another window. Answers
// that overtake one another never do, however many.
func (m *model) exceeds(t Ticket, remaining int) bool {
	return t.left >= 0 && remaining >= t.left+max(m.limit-t.limit, 0)
}

// sincePast says that an answer to a request that was sent in the window before, or while none was known, shows that the window
// before is over.
func (m *model) sincePast(t Ticket, remaining int) bool {
	if t.left >= 0 {
		return m.exceeds(t, remaining)
	}
	return remaining > m.cur.past.remaining+m.reorder()
}

// reorder is by how much remaining may differ between answers of one window that overtook one another.
func (m *model) reorder() int { return m.inFlight + reorderSlack }

// takeFirst takes in an answer while nothing has been seen of the current window.
func (m *model) takeFirst(now time.Time, t Ticket, remaining int) {
	c := &m.cur
	after := t.number > c.newSent
	switch {
	case c.past.last.IsZero():
		if after {
			m.begin(now, t, remaining)
		}
	case m.sincePast(t, remaining), after && t.number > c.past.sent && remaining >= c.past.remaining:
		m.risen(now, t, remaining)
	case !after:
		if remaining < c.past.remaining {
			c.past.remaining, c.past.low, c.past.sent = remaining, t, m.sent
		}
		c.past.last = later(c.past.last, t.at)
	default:
		m.notOver(now, t, remaining)
	}
}

// begin takes in the first answer of a window.
func (m *model) begin(now time.Time, t Ticket, remaining int) {
	old, foretold := m.cur, m.cur.foretold
	if !old.past.last.IsZero() {
		m.edges.add(edge{old: old.past.last, new: t.at})
	}
	m.cur = current{known: true, newSent: old.newSent, mixed: m.sent, first: t.number, lost: old.lost, probes: old.probes}
	if !foretold {
		m.cur.newSent, m.cur.lost, m.cur.probes, m.leftOver = m.sent, 0, 0, m.inFlight
		if old.past.last.IsZero() {
			m.others.lookAgain()
		} else {
			m.others.nextWindow()
		}
	}
	m.cur.from, m.cur.till = m.ends(t.at)
	m.cur.begun = now
	switch {
	case m.resetBy.IsZero():
		m.ramp = fullRamp // what remains is known, and the pace holds
	case len(m.edges.list) == 0:
		m.cur.till = later(sooner(m.cur.till, m.resetBy.Add(m.window())), now)
		m.cur.from = sooner(m.cur.from, m.cur.till)
	}
	m.resetBy = time.Time{}
	m.see(t, remaining)
}

// risen takes in that more remains than before: a new window has begun, or the API does not count in fixed windows.
func (m *model) risen(now time.Time, t Ticket, remaining int) {
	c := &m.cur
	seen := c.known && !c.foretold
	c.past = c.passes()
	switch {
	case m.plausible(now, remaining) || m.due(t):
		m.blind.odd = 0
		if remaining-c.past.remaining < max(m.limit/20, 2) {
			c.past.last = time.Time{} // too little to learn a moment from
		}
		m.begin(now, t, remaining)
	case m.blind.contradicted():
		m.forgetWindows()
	case seen:
		m.see(t, remaining)
	default:
		m.notOver(now, t, remaining)
	}
}

// plausible says whether a rise of remaining may be a reset: one leaves little spent, and not twice in half a window. In a
// rolling window remaining rises all the time, by little.
func (m *model) plausible(now time.Time, remaining int) bool {
	c := &m.cur
	since := now.Sub(c.past.low.at).Seconds()
	spent := m.limit - remaining
	if spent > int(m.sent-c.past.low.number)+reorderSlack+int(3*m.othersRate*since) {
		return false
	}
	return remaining > c.past.remaining || c.begun.IsZero() || now.Sub(c.begun) >= m.window()/2
}

// due says whether a window was expected to begin about when a request was sent: others may have spent much of it at once.
func (m *model) due(t Ticket) bool {
	if !m.edges.confirmed {
		return false
	}
	from, till, _ := m.edges.next(t.at.Add(-m.window() / 2))
	return t.at.Sub(middle(from, till)).Abs() < m.window()/16
}

// forgetWindows drops all that was learnt of fixed windows.
func (m *model) forgetWindows() {
	m.cur, m.leftOver, m.edges = current{newSent: m.sent}, m.inFlight, edges{window: m.window()}
	m.others.forget()
}

// notOver takes in that the window before goes on although its end was expected.
func (m *model) notOver(now time.Time, t Ticket, remaining int) {
	early := m.cur.tooEarly + 1
	if !m.edges.confirmed || early > 1 {
		m.edges.moved()
	}
	m.cur = current{known: true, newSent: m.cur.newSent, tooEarly: early, probes: m.cur.probes}
	wait := min(m.window()/64<<min(early, 6), m.window())
	m.cur.from, m.cur.till = now, now.Add(wait)
	m.cur.probes = m.spare()
	m.see(t, remaining)
}

// see takes in the lowest remaining so far.
func (m *model) see(t Ticket, remaining int) {
	m.cur.observed, m.cur.lost, m.cur.low, m.cur.lowSent = remaining, 0, t, m.sent
	m.seeLater(t, remaining)
}

// seeLater takes in an answer of the current window.
func (m *model) seeLater(t Ticket, remaining int) {
	c := &m.cur
	c.lastAt = later(c.lastAt, t.at)
	m.edges.sawNew(t.at)
	if t.number >= c.first {
		own := int(t.number - c.first + 1)
		m.others.see(t.at, float64(m.limit-remaining-own), m.window())
	}
}
