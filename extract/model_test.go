package extract

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// arena plays a model against a fixed-window limiter in simulated time: no goroutine, no clock.
type arena struct {
	model    model
	rng      *rand.Rand
	limit    int
	window   time.Duration
	phase    time.Duration
	latency  time.Duration // one request takes between a half of it and one and a half
	others   float64       // requests a second of the organisation's own
	workers  int
	headers  bool
	retryIn  bool // a 429 says when to come back
	now      time.Time
	start    time.Time
	events   []event
	at       int64 // index of the limiter's window
	used     int
	usedUpTo time.Time
	carry    float64

	sent, refused, othersRefused int
	lowest                       int   // lowest remaining after one of our requests, others' use of the headroom not counted
	perWindow                    []int // our requests, by window
}

type event struct {
	at     time.Time
	arrive bool // at the limiter; otherwise back here
	ticket Ticket
	answer reading
	status int
}

func newArena(seed uint64) *arena {
	start := time.Unix(1_800_000_000, 0)
	return &arena{
		rng: rand.New(rand.NewPCG(seed, 1)), limit: 2000, window: time.Minute, latency: 200 * time.Millisecond, workers: 64,
		headers: true, retryIn: true, now: start, start: start, usedUpTo: start, lowest: 1 << 30,
	}
}

// enter accounts at the limiter up to now.
func (a *arena) enter() {
	index := func(t time.Time) int64 { return int64(t.Sub(a.start)+a.phase) / int64(a.window) }
	for step := 100 * time.Millisecond; a.usedUpTo.Before(a.now); {
		next := a.usedUpTo.Add(step)
		if next.After(a.now) {
			next = a.now
		}
		if at := index(a.usedUpTo); at != a.at {
			a.at, a.used = at, 0
		}
		a.carry += a.others * next.Sub(a.usedUpTo).Seconds()
		calls := int(a.carry)
		a.carry -= float64(calls)
		given := min(calls, a.limit-a.used)
		a.used += given
		a.othersRefused += calls - given
		a.usedUpTo = next
	}
	if at := index(a.now); at != a.at {
		a.at, a.used = at, 0
	}
}

func (a *arena) arrive(e event) {
	a.enter()
	e.answer = reading{remaining: -1}
	e.status = 200
	if a.used < a.limit {
		a.used++
		for len(a.perWindow) <= int(a.at) {
			a.perWindow = append(a.perWindow, 0)
		}
		a.perWindow[a.at]++
		a.lowest = min(a.lowest, a.limit-a.used)
	} else {
		a.refused++
		e.status = 429
		if a.retryIn {
			left := a.window - (a.now.Sub(a.start)+a.phase)%a.window
			e.answer.retryAfter, e.answer.hasRetryAfter = (left + time.Second - 1).Truncate(time.Second), true
		}
	}
	if a.headers {
		e.answer.limit, e.answer.remaining, e.answer.window = a.limit, a.limit-a.used, a.window
	}
	a.schedule(event{at: a.now.Add(a.delay()), ticket: e.ticket, answer: e.answer, status: e.status})
}

// delay is one way of a request.
func (a *arena) delay() time.Duration {
	return a.latency/4 + time.Duration(a.rng.Int64N(int64(a.latency/2)+1))
}

func (a *arena) schedule(e event) {
	i, _ := slices.BinarySearchFunc(a.events, e, func(x, y event) int {
		if c := x.at.Compare(y.at); c != 0 {
			return c
		}
		return -1
	})
	a.events = slices.Insert(a.events, i, e)
}

// run plays for a time with all workers always wanting to send.
func (a *arena) run(length time.Duration) {
	for end := a.start.Add(length); a.now.Before(end); {
		wake := end
		for a.model.inFlight < a.workers {
			wait := a.model.Next(a.now)
			if wait > 0 {
				if wait != untilAnswer {
					wake = a.now.Add(wait)
				}
				break
			}
			a.sent++
			a.schedule(event{at: a.now.Add(a.delay()), arrive: true, ticket: a.model.Send(a.now)})
		}
		if len(a.events) == 0 || wake.Before(a.events[0].at) {
			a.now = wake
			continue
		}
		e := a.events[0]
		a.events = a.events[1:]
		a.now = e.at
		if e.arrive {
			a.arrive(e)
		} else {
			a.model.Observe(a.now, e.ticket, e.answer, e.status)
		}
	}
}

// steady is our requests a window without the first and the last two windows.
func (a *arena) steady() (least, most int) {
	if len(a.perWindow) < 5 {
		return 0, 0
	}
	middle := a.perWindow[2 : len(a.perWindow)-2]
	return slices.Min(middle), slices.Max(middle)
}

func TestModelSpendsItsShareAndNoMore(t *testing.T) {
	for _, headroom := range []float64{0, 0.2, 0.5} {
		for _, phase := range []time.Duration{0, 17 * time.Second, 59 * time.Second} {
			t.Run(fmt.Sprintf("headroom %g phase %s", headroom, phase), func(t *testing.T) {
				a := newArena(1)
				a.model, a.phase = newModel(headroom, 0), phase
				a.run(15 * time.Minute)
				least, most := a.steady()
				share := int(float64(a.limit) * (1 - headroom))
				require.Zero(t, a.refused)
				require.LessOrEqual(t, most, share)
				require.GreaterOrEqual(t, least, share*98/100)
				require.GreaterOrEqual(t, a.lowest, a.limit-share)
			})
		}
	}
}

func TestModelYieldsToTheOrganisationsTraffic(t *testing.T) {
	a := newArena(2)
	a.model, a.others = newModel(0.2, 0), 20 // 1,200 of 2,000 a minute
	a.run(15 * time.Minute)
	least, most := a.steady()
	require.Zero(t, a.refused)
	require.Zero(t, a.othersRefused)
	require.LessOrEqual(t, most, 800)
	require.GreaterOrEqual(t, least, 400, "so many are free beside the headroom and the others")
}

func TestModelKeepsTheFloorWhateverTheAPIDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := newArena(rapid.Uint64().Draw(rt, "seed"))
		headroom := rapid.SampledFrom([]float64{0.1, 0.2, 0.4}).Draw(rt, "headroom")
		a.model = newModel(headroom, 0)
		a.limit = rapid.IntRange(50, 3000).Draw(rt, "limit")
		a.window = time.Duration(rapid.IntRange(20, 120).Draw(rt, "window")) * time.Second
		a.phase = time.Duration(rapid.Int64Range(0, int64(a.window)).Draw(rt, "phase"))
		a.latency = time.Duration(rapid.IntRange(20, 2000).Draw(rt, "latency")) * time.Millisecond
		a.workers = rapid.IntRange(1, 100).Draw(rt, "workers")
		// The others stay within the headroom: then nobody is ever refused.
		a.others = rapid.Float64Range(0, 0.9).Draw(rt, "others") * headroom * float64(a.limit) / a.window.Seconds()
		a.run(8 * a.window)
		if a.refused > 0 || a.othersRefused > 0 {
			rt.Fatalf("%d of ours refused, %d of the others'", a.refused, a.othersRefused)
		}
		least, _ := a.steady()
		can := min(float64(a.limit)*(1-headroom)-a.others*a.window.Seconds(), float64(a.workers)*a.window.Seconds()/a.latency.Seconds()/1.3)
		if float64(least) < 0.6*can-3 {
			rt.Fatalf("%d requests in a window, at least %.0f expected: %v", least, can, a.perWindow)
		}
	})
}

func TestModelIsQuickWithoutHeaders(t *testing.T) {
	a := newArena(3)
	a.model, a.headers, a.limit = newModel(0.2, 0), false, 1_000_000
	a.run(time.Minute)
	require.Greater(t, a.sent, 15_000, "64 workers at 200 ms a request")
}

func TestModelHoldsTheUsersLimitInEveryMinute(t *testing.T) {
	for _, headers := range []bool{true, false} {
		m := newModel(0.2, 100)
		now := time.Unix(0, 0)
		var sent []time.Time
		for now.Before(time.Unix(600, 0)) {
			wait := m.Next(now)
			if wait > 0 {
				now = now.Add(wait)
				continue
			}
			n := m.Send(now)
			sent = append(sent, now)
			r := reading{remaining: -1}
			if headers {
				r.limit, r.remaining = 10_000, 9_000
			}
			m.Observe(now, n, r, 200)
		}
		for i := 100; i < len(sent); i++ {
			require.GreaterOrEqual(t, sent[i].Sub(sent[i-100]), time.Minute)
		}
		require.GreaterOrEqual(t, len(sent), 990)
	}
}

func TestModelPausesEverythingAfterA429AndRestartsGradually(t *testing.T) {
	m := newModel(0, 0)
	m.ramp = fullRamp
	now := time.Unix(0, 0)
	var numbers []Ticket
	for range 50 {
		require.Zero(t, m.Next(now))
		numbers = append(numbers, m.Send(now))
	}
	for _, n := range numbers {
		m.Observe(now, n, reading{remaining: -1, retryAfter: 7 * time.Second, hasRetryAfter: true}, 429)
	}
	require.Equal(t, 7*time.Second, m.Next(now))
	now = now.Add(7 * time.Second)
	first := m.Send(now)
	require.Equal(t, untilAnswer, m.Next(now), "one request finds out whether it is over")
	m.Observe(now, first, reading{remaining: -1}, 200)
	require.Zero(t, m.Next(now))
	m.Send(now)
	require.Zero(t, m.Next(now))
	m.Send(now)
	require.Equal(t, untilAnswer, m.Next(now))
}

func TestModelPausesLongerForEachBare429(t *testing.T) {
	m := newModel(0, 0)
	now := time.Unix(0, 0)
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		require.Zero(t, m.Next(now))
		m.Observe(now, m.Send(now), reading{remaining: -1}, 429)
		require.Equal(t, want*time.Second, m.Next(now))
		now = now.Add(want * time.Second)
	}
}

func TestModelSurvivesA429Storm(t *testing.T) {
	// Others spend everything: what remains is to ask once in a while.
	for _, retryIn := range []bool{true, false} {
		a := newArena(4)
		a.model, a.others, a.retryIn, a.headers = newModel(0.2, 0), 1000, retryIn, false
		a.run(10 * time.Minute)
		require.Less(t, a.refused, 600, "about a worker each a minute")
	}
}

func TestModelWaitsForAWindowThatIsSpent(t *testing.T) {
	m := newModel(0.5, 0)
	now := time.Unix(0, 0)
	m.Observe(now, m.Send(now), reading{limit: 10, remaining: 5}, 200)
	require.Equal(t, time.Minute, m.Next(now))
	require.Equal(t, time.Second, m.Next(now.Add(59*time.Second)))
	require.Zero(t, m.Next(now.Add(time.Minute)), "the window is over for certain")
}

func TestModelCountsItsOwnRequestsInFlight(t *testing.T) {
	m := newModel(0.5, 0)
	m.ramp = fullRamp
	now := time.Unix(0, 0)
	m.Observe(now, m.Send(now), reading{limit: 10, remaining: 8}, 200)
	sent := 0
	for now.Before(time.Unix(59, 0)) {
		wait := m.Next(now)
		if wait == 0 {
			m.Send(now)
			sent++
		}
		now = now.Add(max(wait, time.Millisecond))
	}
	require.LessOrEqual(t, sent, 3)
	require.GreaterOrEqual(t, sent, 2)
}
