package extract

import (
	"math"
	"time"
)

// model is the arithmetic of the rate budget: no clock, no waiting, no locking.
//
// The API counts the requests of a whole organisation in a fixed window whose phase it does not tell. What is known
// comes from response headers: the limit, what remains, the window's length. The model answers one question: may a
// request be sent now, and if not, how long is it to wait. Four bounds hold together:
//
//   - Floor. By the lowest `remaining` seen in the current window, less the own requests that are sent and not answered,
//     sending one more leaves headroom*limit. Where it does not, the window has to end first.
//   - Pace. What is left of the share, less what the others will use at their present rate, is spread evenly over what is
//     left of the window.
//   - Ramp. While nothing is known (at the start, after a 429, when a window's end was waited for) only a few requests may
//     be unanswered at once; every answer allows one more.
//   - Flight. So many requests of each kind are unanswered at once as the rate needs at the latency seen; see flight.
//
// What a header has not said is not counted on: see blind. The moments of the resets are learnt from the jumps of
// `remaining`; see edges.
type model struct {
	headroom float64      // share of the limit left to others, 0 to 0.99
	own      slidingLimit // the user's own limit a minute

	limit      int    // requests a window; 0 is unknown
	limitOf    uint64 // number of the latest request that showed it, or the window's length
	stated     time.Duration
	edges      edges // with the window's length
	cur        current
	others     others
	othersRate float64 // requests a second
	blind      blind

	latest          Ticket // the last request that showed what remains, where that is not counted in fixed windows
	latestSeen      time.Time
	latestRemaining int

	guard    time.Duration // by how much the moment at which a request is counted varies
	pathTime float64       // mean latency in seconds, for guard
	pathDev  float64       // and its mean deviation

	now      time.Time // of the latest question
	sent     uint64    // requests sent so far; a ticket's number is its place in this count
	inFlight int       // sent and not answered
	leftOver int       // of them, those sent before the current window was believed in
	flights  [2]flight

	pausedTill  time.Time
	refusedAt   time.Time     // of the first 429 since the API has answered otherwise; zero for none
	refusedTill time.Time     // of the last one
	resetBy     time.Time     // a 429 named it as the window's end; zero once a window has begun since
	penalty     time.Duration // next pause for a 429 that names no time, or one that has passed

	tokens   float64
	tokensAt time.Time
	ramp     int // requests that may be unanswered at once
}

const (
	defaultWindow = time.Minute
	firstRamp     = 2
	fullRamp      = 1 << 12 // more than any concurrency here
	firstPenalty  = time.Second
	maxProbes     = 3
	// burstTime is how much of the even rate may be saved up while nobody asks: enough for a timer that comes late.
	burstTime = 250 * time.Millisecond
	// haste is by how much the pace may exceed the even rate to make up for what was not used earlier in the window.
	haste = 2
	// patrol is the part of the even rate that goes on while others seem to need all that is left.
	patrol = 50
	// patrolLeast is how many requests a window that is at least.
	patrolLeast = 16
	// reorderSlack is by how much answers of one window may differ, beyond the requests in flight, because others spent too.
	reorderSlack = 16
	// untilAnswer is a wait that only an observation ends.
	untilAnswer = time.Duration(math.MaxInt64)
)

// The kinds of requests that are counted apart in model.flights.
const (
	flightOfList = iota // usage counts too
	flightOfDetail
)

func flightOf(op Op) int {
	if op == OpDetail {
		return flightOfDetail
	}
	return flightOfList
}

func newModel(o GovernorOptions) model {
	m := model{
		headroom: min(max(o.Headroom, 0), 0.99), own: newSlidingLimit(o.Limit, time.Minute),
		penalty: firstPenalty, ramp: firstRamp, edges: edges{window: defaultWindow},
		blind: newBlind(o.Limit),
	}
	m.flights[flightOfList] = newFlight(o.Lists, firstLists, MaxLists)
	m.flights[flightOfDetail] = newFlight(o.Details, firstDetails, MaxDetails)
	return m
}

func (m *model) window() time.Duration { return m.edges.window }

// unlimited says that the API states a limit that is none.
func (m *model) unlimited() bool { return m.limit >= maxCount }

// floor is how many requests of a window are left to others.
func (m *model) floor() int { return int(math.Ceil(m.headroom*float64(m.limit) - 1e-9)) }

// share is how many requests of a window are this program's.
func (m *model) share() int { return max(m.limit-m.floor(), 1) }

// available is how many requests may be sent before the floor is reached, those for finding the window's end aside. Only
// where known.
func (m *model) available() int {
	return m.cur.observed - m.unseen() - m.cur.lost - m.inFlight - m.floor() - (m.spare() - m.cur.probes)
}

// unseen is how much others spend, at their present rate, between the counting of the lowest remaining seen and that of a
// request sent now.
func (m *model) unseen() int {
	since := m.cur.low.at
	if since.IsZero() {
		since = m.cur.begun
	}
	return int(math.Ceil(m.othersRate * m.now.Sub(since).Seconds()))
}

// Next returns 0 where a request may be sent at now, otherwise how long to wait before asking again; untilAnswer where
// only an observation changes that. Any observation may end a wait early.
func (m *model) Next(now time.Time, op Op) time.Duration {
	if wait := m.pausedTill.Sub(now); wait > 0 {
		return wait
	}
	m.now = now
	if m.cur.known && !now.Before(m.cur.till) {
		m.windowOver(now)
	}
	if m.inFlight-m.leftOver >= m.ramp || m.flights[flightOf(op)].full() {
		return untilAnswer
	}
	// What others will need is guessed anew as time passes.
	wait := min(m.pace(now), m.window()/64)
	switch {
	case m.blind.on:
		wait = max(wait, m.blind.next(now, m))
	case m.cur.known && m.available() < 1:
		m.tokens = min(m.tokens, 1) // no burst when the window ends
		wait = m.stall(now)
	case m.cur.known:
		wait = min(wait, m.cur.till.Sub(now)) // the pace is another one then
	}
	return max(wait, m.own.next(now))
}

// stall is how long to wait with the floor reached: for the window's end, or for a look at whether it is over.
func (m *model) stall(now time.Time) time.Duration {
	c := &m.cur
	if m.spare() == c.probes || m.inFlight > 0 || m.available()+m.spare()-c.probes < 1 {
		return c.till.Sub(now)
	}
	from := later(c.from, c.low.at)
	return max(from.Add(c.till.Sub(from)/2).Sub(now), 0)
}

// spare is how many requests of the window are kept for finding its end.
func (m *model) spare() int {
	if m.cur.till.Sub(m.cur.from) < m.window()/20 {
		return m.cur.probes
	}
	return max(min(maxProbes, m.share()/100), m.cur.probes)
}

// Send accounts for a request sent at now.
func (m *model) Send(now time.Time, op Op) Ticket {
	if m.cur.known && !m.blind.on && m.available() < 1 {
		m.cur.probes++
	}
	m.own.add(now)
	m.blind.sent.add(now)
	m.tokens--
	m.sent++
	m.inFlight++
	m.flights[flightOf(op)].send()
	t := Ticket{number: m.sent, at: now, op: op, left: -1, limit: m.limit}
	if m.cur.known && !m.cur.foretold {
		t.left = m.cur.observed
	}
	return t
}

// Unsend takes a ticket back whose request was not sent. It counts as spent until the next answer says otherwise.
func (m *model) Unsend(t Ticket) {
	m.landed(t)
	m.flights[flightOf(t.op)].inAir--
}

// Abandon takes a ticket back whose request was sent, and whose answer is not waited for or tells nothing.
func (m *model) Abandon(t Ticket) {
	m.Unsend(t)
	m.cur.lost++ // it may have been counted
}

// landed says that a request is no longer in flight.
func (m *model) landed(t Ticket) {
	m.inFlight--
	if t.number <= m.cur.newSent {
		m.leftOver = max(m.leftOver-1, 0)
	}
}

// pace refills the tokens and returns how long to wait for a whole one.
func (m *model) pace(now time.Time) time.Duration {
	rate := m.rate(now)
	if math.IsInf(rate, 1) {
		m.tokens = 1
		return 0
	}
	burst := max(rate*burstTime.Seconds(), 1)
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

// even is the rate, in requests a second, that spends the share of a whole window; infinite where there is none.
func (m *model) even() float64 {
	rate := m.own.rate()
	if m.blind.on {
		return min(rate, float64(m.blind.share(m))/m.window().Seconds())
	}
	if m.limit > 0 && !m.unlimited() {
		rate = min(rate, float64(m.share())/m.window().Seconds())
	}
	return rate
}

// rate is the rate, in requests a second, at which the budget lasts; infinite where there is none.
func (m *model) rate(now time.Time) float64 {
	even := m.even()
	if m.blind.on || !m.cur.known || m.cur.overdue {
		return even
	}
	left := max(m.cur.till.Sub(now).Seconds(), 1e-3)
	rate := (float64(m.available()) - m.othersRate*left) / left
	even = float64(m.share()) / m.window().Seconds()
	// Never so slow that a change of the others' traffic would be missed: the floor is what protects them.
	return min(max(rate, even/patrol, patrolLeast/m.window().Seconds()), haste*even, m.own.rate())
}
