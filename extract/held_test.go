package extract

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// heldUp is a latency of 50 ms on which answers are held up now and then, all of them until the same moment, as on a machine or a
// line that stands still for up to stall.
func heldUp(seed uint64, stall, until time.Duration) func(time.Duration) Latency {
	rng := rand.New(rand.NewPCG(seed, 5))
	var begins []time.Duration
	for at := time.Duration(0); at < until; at += time.Duration(rng.Int64N(int64(3 * time.Second))) {
		begins = append(begins, at)
	}
	return func(since time.Duration) Latency {
		l := Latency{Base: 25 * time.Millisecond}
		for _, begin := range begins {
			if left := begin + stall - since; since >= begin && left > 0 {
				l.Base += left / 2
			}
		}
		return l
	}
}

func TestModelIsHardlyRefusedWhereAnswersAreHeldUp(t *testing.T) {
	needsNoRaceDetector(t)
	const (
		seeds  = 12
		window = 5 * time.Second
	)
	for _, c := range []struct {
		headroom float64
		refused  int // of 12 × 24,000 requests
		share    float64
	}{{0, 12, 0.98}, {0.2, 0, 0.98}} {
		refusals, share := 0, 0.0
		for seed := range uint64(seeds) {
			a := newArena(seed)
			a.model = newModel(GovernorOptions{Headroom: c.headroom})
			a.limit, a.window = 1000, window
			a.latency = heldUp(seed, 200*time.Millisecond, 26*window)
			a.run(24)
			refusals += sum(a.played, refused)
			share += a.spentShare(a.whole()[1:]) / seeds
		}
		require.LessOrEqual(t, refusals, c.refused, "headroom %g", c.headroom)
		require.GreaterOrEqual(t, share, c.share, "headroom %g", c.headroom)
	}
}

func TestModelTakesNoStragglerForAnotherWindow(t *testing.T) {
	m, now := seen(100_000, 99_000)
	m.flights[flightOfDetail] = newFlight(1000, 0, 0)
	var sent []Ticket
	for range 400 {
		sent = append(sent, m.Send(now, OpDetail))
	}
	answer := func(i int) {
		m.Observe(now.Add(time.Second), sent[i], reading{limit: 100_000, remaining: 98_999 - i}, 200)
	}
	for _, order := range []func(k int) int{func(k int) int { return 399 - k }, func(k int) int { return k }} {
		for k := range 200 {
			answer(order(k)) // the last first, then the first: hundreds had been answered before
		}
	}
	require.Zero(t, m.blind.odd)
	require.Equal(t, 98_600, m.cur.observed)
	require.Empty(t, m.edges.list)

	now = now.Add(30 * time.Second)
	before := m.Send(now, OpDetail)
	m.Observe(now, before, reading{limit: 100_000, remaining: 99_999}, 200)
	require.Equal(t, 99_999, m.cur.observed, "what was left when it was sent is less: another window")
}

func TestModelTakesNoStragglerForTheWindowThatItForetold(t *testing.T) {
	m := learnt(t)
	m.flights[flightOfDetail] = newFlight(1000, 0, 0)
	now := m.cur.from.Add(-2 * time.Second)
	left := m.cur.observed
	var sent []Ticket
	for range 400 {
		sent = append(sent, m.Send(now, OpDetail))
	}
	answer := func(i int) {
		m.Observe(now.Add(time.Second), sent[i], reading{limit: 1000, remaining: left - 1 - i, window: time.Minute}, 200)
	}
	for i := 399; i >= 200; i-- {
		answer(i)
	}
	m.Next(m.cur.till.Add(time.Millisecond), OpDetail)
	require.True(t, m.cur.foretold)
	for i := range 200 {
		answer(i)
	}
	require.True(t, m.cur.foretold, "nothing has been seen of it")
	require.Zero(t, m.blind.odd)
}

func TestModelForgetsWhatRemainedOfARollingWindowThatSaysNothingMore(t *testing.T) {
	needsNoRaceDetector(t)
	a := newArena(1)
	a.rolling, a.model.blind.forGood = true, true
	a.says = func(r *reading) {
		if r.remaining = 1000; a.arrived > 1 {
			r.remaining = -1
		}
	}
	a.run(8)
	require.GreaterOrEqual(t, a.spentShare(a.whole()[1:]), 0.95, "%+v", a.played)
}
