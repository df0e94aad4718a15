package extract

import (
	"cmp"
	"container/heap"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// arena plays a model against a limiter in simulated time: no goroutine, no clock. Thousands of windows take milliseconds.
type arena struct {
	model   model
	rng     *rand.Rand
	start   time.Time
	now     time.Time
	workers int
	demand  func(since time.Duration) int // requests wanted at once; nil is all workers, always

	// The API.
	limit    int
	changes  func(since time.Duration) int // another limit; nil for none
	window   time.Duration
	phase    time.Duration
	rolling  bool
	drift    time.Duration                     // added to every window
	latency  func(since time.Duration) Latency // of one request
	others   func(since time.Duration) float64 // requests a second of the organisation's own; nil is none
	says     func(*reading)                    // changes what the headers say; may be nil
	retryIn  bool                              // a 429 says when to come back
	extra429 int                               // every n-th request is refused without reason; 0 for none
	fails    int                               // every n-th answer is an error of the server; 0 for none

	inAir    moments
	ends     time.Time // of the current window
	used     int
	arrivals []time.Time // of what is counted, for a rolling window
	usedUpTo time.Time
	carry    float64
	arrived  int

	played []played // windows, oldest first
}

// Latency of a request: on its way there and back, each between the base and the base and the jitter.
type Latency struct{ Base, Jitter time.Duration }

// played is what happened in one window.
type played struct {
	at                    time.Duration // of its beginning
	limit                 int
	ours, refused         int
	early                 int // of ours, those in its first half
	others, othersRefused int
	least                 int // remaining, after a request of ours was counted
}

type moment struct {
	at     time.Time
	arrive bool // at the limiter; otherwise back here
	ticket Ticket
	back   time.Duration
	answer reading
	status int
}

type moments []moment

func (m moments) Len() int { return len(m) }
func (m moments) Less(i, j int) bool {
	if c := m[i].at.Compare(m[j].at); c != 0 {
		return c < 0
	}
	return cmp.Compare(m[i].ticket.number, m[j].ticket.number) < 0
}
func (m moments) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m *moments) Push(x any)   { *m = append(*m, x.(moment)) }
func (m *moments) Pop() any {
	old := *m
	last := old[len(old)-1]
	*m = old[:len(old)-1]
	return last
}

func newArena(seed uint64) *arena {
	start := time.Unix(1_800_000_000, 0)
	return &arena{
		model: newModel(GovernorOptions{Headroom: 0.2}), rng: rand.New(rand.NewPCG(seed, 1)), start: start, now: start, usedUpTo: start, workers: MaxDetails,
		limit: 2000, window: time.Minute, retryIn: true, latency: steady(200 * time.Millisecond),
	}
}

// steady is a latency that doesn't vary.
func steady(d time.Duration) func(time.Duration) Latency {
	return func(time.Duration) Latency { return Latency{Base: d / 2} }
}

func (a *arena) since(t time.Time) time.Duration { return t.Sub(a.start) }

// open begins the window of t, where that is not the current one.
func (a *arena) open(t time.Time) *played {
	if a.ends.IsZero() {
		a.ends = a.start.Add(a.phase)
		if a.phase == 0 {
			a.ends = a.start.Add(a.window)
		}
		a.played = append(a.played, played{least: math.MaxInt})
	}
	for !t.Before(a.ends) {
		a.played = append(a.played, played{at: a.since(a.ends), least: math.MaxInt})
		a.ends = a.ends.Add(a.window + a.drift)
		a.used = 0
	}
	p := &a.played[len(a.played)-1]
	p.limit = a.limit
	if a.changes != nil {
		p.limit = a.changes(a.since(t))
	}
	return p
}

// spend asks the limiter for one request at t.
func (a *arena) spend(t time.Time) bool {
	p := a.open(t)
	if a.rolling {
		for len(a.arrivals) > 0 && !a.arrivals[0].After(t.Add(-a.window)) {
			a.arrivals = a.arrivals[1:]
		}
		a.used = len(a.arrivals)
	}
	if a.used >= p.limit {
		return false
	}
	a.used++
	a.arrivals = append(a.arrivals, t)
	if !a.rolling {
		a.arrivals = a.arrivals[:0]
	}
	return true
}

// letOthers spend up to now.
func (a *arena) letOthers() {
	if a.others == nil {
		return
	}
	const step = 10 * time.Millisecond
	for ; a.usedUpTo.Before(a.now); a.usedUpTo = a.usedUpTo.Add(step) {
		a.carry += a.others(a.since(a.usedUpTo)) * step.Seconds()
		for ; a.carry >= 1; a.carry-- {
			p := a.open(a.usedUpTo)
			p.others++
			if !a.spend(a.usedUpTo) {
				p.othersRefused++
			}
		}
	}
}

func (a *arena) arrive(e moment) {
	a.letOthers()
	a.arrived++
	p := a.open(a.now)
	e.answer, e.status = reading{remaining: -1}, 200
	switch {
	case a.extra429 > 0 && a.arrived%a.extra429 == 0:
		e.status = 429
		e.answer.retryAfter, e.answer.hasRetryAfter = time.Second, a.retryIn
	case !a.spend(a.now):
		p.refused++
		e.status = 429
		if a.retryIn {
			left := a.ends.Sub(a.now)
			e.answer.retryAfter, e.answer.hasRetryAfter = (left + time.Second - 1).Truncate(time.Second), true
		}
	default:
		p.ours++
		if a.ends.Sub(a.now) > a.window/2 {
			p.early++
		}
		p.least = min(p.least, p.limit-a.used)
	}
	e.answer.limit, e.answer.remaining, e.answer.window = p.limit, max(p.limit-a.used, 0), a.window
	if a.says != nil {
		a.says(&e.answer)
	}
	if a.fails > 0 && a.arrived%a.fails == 0 {
		e.status, e.answer = 503, reading{remaining: -1}
	}
	heap.Push(&a.inAir, moment{at: a.now.Add(e.back), ticket: e.ticket, answer: e.answer, status: e.status})
}

func (a *arena) send() {
	l := a.latency(a.since(a.now))
	way := func() time.Duration { return l.Base + time.Duration(a.rng.Int64N(int64(l.Jitter)+1)) }
	heap.Push(&a.inAir, moment{at: a.now.Add(way()), arrive: true, back: way(), ticket: a.model.Send(a.now, OpDetail)})
}

// run plays for so many windows.
func (a *arena) run(windows int) { a.runFor(time.Duration(windows) * a.window) }

func (a *arena) runFor(d time.Duration) {
	for end := a.now.Add(d); a.now.Before(end); {
		wake := end
		for a.wants() > a.model.inFlight {
			wait := a.model.Next(a.now, OpDetail)
			if wait > 0 {
				if wait != untilAnswer {
					wake = a.now.Add(wait)
				}
				break
			}
			a.send()
		}
		if a.demand != nil {
			wake = sooner(wake, a.now.Add(100*time.Millisecond))
		}
		if len(a.inAir) == 0 || wake.Before(a.inAir[0].at) {
			a.now = sooner(wake, end)
			continue
		}
		e := heap.Pop(&a.inAir).(moment)
		a.now = e.at
		if e.arrive {
			a.arrive(e)
		} else {
			a.model.Observe(a.now, e.ticket, e.answer, e.status)
		}
	}
	a.letOthers()
	a.open(a.now)
}

func (a *arena) wants() int {
	if a.demand != nil {
		return min(a.demand(a.since(a.now)), a.workers)
	}
	return a.workers
}

// whole are the windows that were played from their beginning to their end.
func (a *arena) whole() []played { return a.played[1 : len(a.played)-1] }

// used is the part of what was free for us in some windows that we have spent.
func (a *arena) spentShare(windows []played) float64 {
	var ours, free float64
	for _, p := range windows {
		ours += float64(p.ours)
		free += float64(a.free(p))
	}
	return ours / free
}

// free is how much of a window is neither headroom nor the others'.
func (a *arena) free(p played) int {
	return max(p.limit-int(math.Ceil(a.model.headroom*float64(p.limit)-1e-9))-p.others, 0)
}

func sum(windows []played, of func(played) int) (n int) {
	for _, p := range windows {
		n += of(p)
	}
	return n
}

func refused(p played) int       { return p.refused }
func othersRefused(p played) int { return p.othersRefused }

// keepsTheFloor fails where a request of ours was counted below the headroom.
func (a *arena) keepsTheFloor(t require.TestingT, windows []played) {
	for i, p := range windows {
		if p.ours > 0 {
			// What others spend within one latency can only be guessed.
			slack := min(p.others, p.limit/100+2)
			if a.drift > 0 {
				slack += 2 // the end of a window is a little later than foretold
			}
			require.GreaterOrEqual(t, p.least, int(math.Ceil(a.model.headroom*float64(p.limit)-1e-9))-slack, "window %d: %+v", i, p)
		}
	}
}

// needsNoRaceDetector skips a long test of pure arithmetic in short runs, which look for races.
func needsNoRaceDetector(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("no goroutines")
	}
}
