package extract

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestModelSpendsItsShareAndNoMore(t *testing.T) {
	for _, c := range []struct {
		limit  int
		window time.Duration
	}{{2000, time.Minute}, {200, time.Minute}, {400, 4 * time.Second}, {600, 10 * time.Minute}} {
		for _, headroom := range []float64{0, 0.2} {
			for _, phase := range []float64{0, 0.3, 0.99} {
				for _, latency := range []time.Duration{50, 800} {
					t.Run(fmt.Sprintf("%d in %s, headroom %g phase %g latency %d ms", c.limit, c.window, headroom, phase, latency), func(t *testing.T) {
						a := newArena(1)
						a.limit, a.window, a.latency = c.limit, c.window, steady(latency*time.Millisecond)
						a.phase = time.Duration(phase * float64(c.window))
						a.model = newModel(GovernorOptions{Headroom: headroom})
						a.run(24)
						require.Zero(t, sum(a.played, refused))
						a.keepsTheFloor(t, a.played)
						require.GreaterOrEqual(t, a.spentShare(a.whole()), 0.98, "%+v", a.played)
					})
				}
			}
		}
	}
}

func TestModelGivesWayToAJumpOfTheOrganisationsTraffic(t *testing.T) {
	for _, c := range []struct {
		limit  int
		window time.Duration
	}{{1000, time.Minute}, {500, 5 * time.Second}} {
		for _, at := range []float64{8, 8.3, 8.6, 8.95} {
			for _, latency := range []time.Duration{50, 800} {
				t.Run(fmt.Sprintf("%d in %s at %g latency %d ms", c.limit, c.window, at, latency), func(t *testing.T) {
					a := newArena(1)
					a.limit, a.window, a.latency = c.limit, c.window, steady(latency*time.Millisecond)
					a.others = func(since time.Duration) float64 {
						if n := float64(since) / float64(a.window); n < at || n >= at+8 {
							return 0
						}
						return float64(a.limit) / 2 / a.window.Seconds()
					}
					a.run(24)
					require.Zero(t, sum(a.played, refused))
					require.Zero(t, sum(a.played, othersRefused))
					for i, p := range a.whole() {
						n := float64(i + 1)
						if n < at-1 || n > at+2 && n < at+7 || n > at+10 {
							require.GreaterOrEqual(t, float64(p.ours)/float64(a.free(p)), 0.95, "window %d: %+v", i+1, a.played)
							a.keepsTheFloor(t, []played{p})
						}
					}
				})
			}
		}
	}
}

func TestModelKeepsTheFloorWhateverTheAPIDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := newArena(rapid.Uint64().Draw(rt, "seed"))
		headroom := rapid.SampledFrom([]float64{0.1, 0.2, 0.4}).Draw(rt, "headroom")
		a.model = newModel(GovernorOptions{Headroom: headroom})
		a.limit = rapid.IntRange(50, 800).Draw(rt, "limit")
		a.window = time.Duration(rapid.IntRange(5, 120).Draw(rt, "window")) * time.Second
		a.phase = time.Duration(rapid.Int64Range(0, int64(a.window)).Draw(rt, "phase"))
		base := time.Duration(rapid.IntRange(10, 400).Draw(rt, "base")) * time.Millisecond
		jitter := time.Duration(rapid.IntRange(0, 400).Draw(rt, "jitter")) * time.Millisecond
		a.latency = func(time.Duration) Latency { return Latency{Base: base, Jitter: jitter} }
		a.workers = rapid.IntRange(1, 200).Draw(rt, "workers")
		// The others stay within the headroom: then nobody is ever refused.
		others := rapid.Float64Range(0, 0.9).Draw(rt, "others") * headroom * float64(a.limit) / a.window.Seconds()
		a.others = func(time.Duration) float64 { return others }
		a.run(12)
		if n := sum(a.played, refused); n > 0 {
			rt.Fatalf("%d of ours refused: %+v", n, a.played)
		}
		if n := sum(a.played, othersRefused); n > 0 {
			rt.Fatalf("%d of the others' refused", n)
		}
		var shares []float64
		for _, p := range a.whole()[2:] {
			can := min(float64(a.free(p)), float64(a.workers)*a.window.Seconds()/(2*base+jitter).Seconds()/1.3)
			shares = append(shares, (float64(p.ours)+3)/can)
		}
		slices.Sort(shares)
		if shares[0] < 0.3 || shares[1] < 0.8 { // one window of error
			rt.Fatalf("too little spent: %.2f: %+v", shares, a.played)
		}
	})
}

func TestModelErrsForAWindowAtMost(t *testing.T) {
	for name, c := range map[string]struct {
		set        func(a *arena)
		windows    int
		refusedIn  int     // windows in which requests may be refused
		share      float64 // spent of what is free, in the worst window but the first and those around a change
		aside      []int   // windows around a change
		floorFails bool
	}{
		"limit halved":            {set: func(a *arena) { a.changes = change(a, 8.4, 2000, 1000) }, refusedIn: 1, share: 0.98, aside: []int{8, 9}},
		"limit halved on an edge": {set: func(a *arena) { a.changes = change(a, 8, 2000, 1000) }, refusedIn: 1, share: 0.98, aside: []int{8, 9}},
		"limit doubled":           {set: func(a *arena) { a.changes = change(a, 8.4, 1000, 2000) }, share: 0.98, aside: []int{8, 9}},
		"latency rises":           {set: func(a *arena) { a.latency = step(a, 8.4, 50*time.Millisecond, 800*time.Millisecond) }, share: 0.98, aside: []int{8, 9, 10}},
		"latency falls":           {set: func(a *arena) { a.latency = step(a, 8.4, 800*time.Millisecond, 50*time.Millisecond) }, share: 0.98, aside: []int{8, 9}},
		"jitter": {set: func(a *arena) {
			a.latency = func(time.Duration) Latency { return Latency{20 * time.Millisecond, 600 * time.Millisecond} }
		}, share: 0.95},
		"windows drift":     {set: func(a *arena) { a.drift = 40 * time.Millisecond }, share: 0.95, aside: []int{1, 2, 3}},
		"ten-minute window": {set: func(a *arena) { a.window = 10 * time.Minute }, share: 0.98},
		"window not stated": {set: func(a *arena) { a.says = func(r *reading) { r.window = 0 } }, share: 0.98},
		"stated ten times too short": {windows: 16, set: func(a *arena) {
			a.window, a.says = 10*time.Minute, func(r *reading) { r.window = time.Minute }
		}, share: 0.9, aside: []int{1, 2, 3}, floorFails: true}, // looking whether it is over costs a request a minute
		"stated ten times too long":  {set: func(a *arena) { a.says = func(r *reading) { r.window = 10 * time.Minute } }, share: 0.98, aside: []int{1, 2, 3}},
		"no remaining":               {set: func(a *arena) { a.says = func(r *reading) { r.remaining = -1 } }, share: 0.95},
		"no headers, limit 2000":     {set: func(a *arena) { a.says = mute }, share: 0.95},
		"no headers, limit 10,000":   {set: func(a *arena) { a.limit, a.says = 10_000, mute }, share: 0.19},
		"no headers, limit 1000":     {set: func(a *arena) { a.limit, a.says = 1000, mute }, refusedIn: 6, share: 0.7, floorFails: true},
		"no headers, no Retry-After": {set: func(a *arena) { a.limit, a.says, a.retryIn = 1000, mute, false }, refusedIn: 10, share: 0.5, floorFails: true},
		"headers vanish": {set: func(a *arena) {
			a.says = func(r *reading) {
				if a.since(a.now) > 8*time.Minute {
					mute(r)
				}
			}
		}, share: 0.9, aside: []int{8}},
		"remaining stands still": {set: func(a *arena) { a.says = func(r *reading) { r.remaining = 1500 } }, share: 0.9},
		"remaining too large":    {set: func(a *arena) { a.says = func(r *reading) { r.remaining = 1 << 40 } }, share: 0.9},
		"rolling":                {set: func(a *arena) { a.rolling = true }, share: 0.9},
		"idle for three windows": {set: func(a *arena) { a.demand = pause(a, 8.3, 11.6) }, share: 0.98, aside: []int{8, 9, 10, 11}},
		"little demand":          {set: func(a *arena) { a.demand = func(time.Duration) int { return 1 } }},
		"refused without reason": {set: func(a *arena) { a.extra429 = 300 }, share: 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			a := newArena(1)
			c.set(a)
			a.run(max(c.windows, 24))
			in := 0
			for _, p := range a.played {
				if p.refused > 0 {
					in++
				}
			}
			require.LessOrEqual(t, in, c.refusedIn, "%+v", a.played)
			require.Zero(t, sum(a.played, othersRefused))
			for i, p := range a.whole() {
				if i == 0 || slices.Contains(c.aside, i+1) {
					continue
				}
				require.GreaterOrEqual(t, float64(p.ours)/float64(a.free(p)), c.share, "window %d: %+v", i+1, a.played)
				if !c.floorFails {
					a.keepsTheFloor(t, []played{p})
				}
			}
		})
	}
}

func change(a *arena, at float64, before, after int) func(time.Duration) int {
	return func(since time.Duration) int {
		if float64(since)/float64(a.window) < at {
			return before
		}
		return after
	}
}

func step(a *arena, at float64, before, after time.Duration) func(time.Duration) Latency {
	return func(since time.Duration) Latency {
		if float64(since)/float64(a.window) < at {
			return Latency{Base: before / 2}
		}
		return Latency{Base: after / 2}
	}
}

func pause(a *arena, from, to float64) func(time.Duration) int {
	return func(since time.Duration) int {
		if n := float64(since) / float64(a.window); n >= from && n < to {
			return 0
		}
		return a.workers
	}
}

func mute(r *reading) { r.limit, r.remaining, r.window = 0, -1, 0 }

func TestModelHoldsTheUsersLimitInEveryMinute(t *testing.T) {
	for _, headers := range []bool{true, false} {
		m := newModel(GovernorOptions{Headroom: 0.2, Limit: 100})
		now := time.Unix(0, 0)
		var sent []time.Time
		for now.Before(time.Unix(600, 0)) {
			wait := m.Next(now, OpDetail)
			if wait > 0 {
				now = now.Add(wait)
				continue
			}
			n := m.Send(now, OpDetail)
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
		require.GreaterOrEqual(t, len(sent), 900)
	}
}

func TestModelPausesEverythingAfterA429AndRestartsGradually(t *testing.T) {
	m := newModel(GovernorOptions{})
	m.ramp, m.tokens = fullRamp, 100
	now := time.Unix(0, 0)
	var numbers []Ticket
	for range 50 {
		numbers = append(numbers, m.Send(now, OpDetail))
	}
	for _, n := range numbers {
		m.Observe(now, n, reading{remaining: -1, retryAfter: 7 * time.Second, hasRetryAfter: true}, 429)
	}
	require.Equal(t, 7*time.Second, m.Next(now, OpDetail))
	now = now.Add(7 * time.Second)
	first := m.Send(now, OpDetail)
	require.Equal(t, untilAnswer, m.Next(now, OpDetail), "one request finds out whether it is over")
	m.Observe(now, first, reading{remaining: -1}, 200)
	require.Zero(t, m.Next(now, OpDetail))
	m.Send(now, OpDetail)
	require.Zero(t, m.Next(now, OpDetail))
	m.Send(now, OpDetail)
	require.Equal(t, untilAnswer, m.Next(now, OpDetail))
}

func TestModelPausesLongerForEachBare429(t *testing.T) {
	m := newModel(GovernorOptions{})
	now := time.Unix(0, 0)
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		require.Zero(t, m.Next(now, OpDetail))
		m.Observe(now, m.Send(now, OpDetail), reading{remaining: -1}, 429)
		require.Equal(t, want*time.Second, m.Next(now, OpDetail))
		now = now.Add(want * time.Second)
	}
}

func TestModelSurvivesA429Storm(t *testing.T) {
	// Others spend everything: what remains is to ask once in a while.
	for _, retryIn := range []bool{true, false} {
		for _, says := range []func(*reading){nil, mute} {
			a := newArena(4)
			a.retryIn, a.says = retryIn, says
			a.others = func(time.Duration) float64 { return 1000 }
			a.run(20)
			require.Less(t, sum(a.played, refused), 100, "about two a window")
			require.NotZero(t, sum(a.played, func(p played) int { return p.refused + p.ours }))
		}
	}
}

func TestModelWaitsForAWindowThatIsSpent(t *testing.T) {
	m := newModel(GovernorOptions{Headroom: 0.5})
	now := time.Unix(0, 0)
	m.Observe(now, m.Send(now, OpDetail), reading{limit: 10, remaining: 5}, 200)
	require.Positive(t, m.Next(now, OpDetail))
	require.Positive(t, m.Next(now.Add(59*time.Second), OpDetail))
	require.Zero(t, m.Next(now.Add(time.Minute), OpDetail), "the window is over for certain")
}

func TestModelSpreadsWhatTheOthersLeaveOverTheWindow(t *testing.T) {
	a := newArena(1)
	a.others = func(time.Duration) float64 { return 1000.0 / 60 }
	a.run(10)
	for _, p := range a.whole()[1:] {
		require.InDelta(t, 0.5, float64(p.early)/float64(p.ours), 0.1, "%+v", p)
	}
}

func TestModelFindsWhatLittleOthersLeave(t *testing.T) {
	for name, a := range map[string]*arena{"few": newArena(0), "jitter": newArena(0)} {
		a.window = 5 * time.Second
		if name == "few" {
			a.model = newModel(GovernorOptions{Headroom: 0.4})
			a.limit, a.workers, a.latency = 50, 1, steady(20*time.Millisecond)
			a.others = func(time.Duration) float64 { return 3.6 }
		} else {
			a.model = newModel(GovernorOptions{Headroom: 0.1})
			a.limit, a.workers = 82, 8
			a.latency = func(time.Duration) Latency {
				return Latency{Base: 12 * time.Millisecond, Jitter: 265 * time.Millisecond}
			}
			a.others = func(time.Duration) float64 { return 0.04833984375 * 0.1 * 82 / 5 }
		}
		a.run(12)
		for i, p := range a.whole()[2:] {
			require.GreaterOrEqual(t, float64(p.ours+3)/float64(a.free(p)), 0.8, "%s: window %d: %+v", name, i, a.played)
		}
	}
}

// seen is a model that was shown one answer, and has not learnt when its window ends.
func seen(limit, remaining int) (model, time.Time) {
	m, now := newModel(GovernorOptions{Headroom: 0.2}), time.Unix(0, 0)
	first := m.Send(now, OpDetail)
	now = now.Add(100 * time.Millisecond)
	m.Observe(now, first, reading{limit: limit, remaining: remaining, window: time.Minute}, 200)
	return m, now
}

func TestModelDoesNotCountOnAWindowsEndThatItHasNotLearnt(t *testing.T) {
	m, now := seen(100, 20) // the headroom is all that is left
	now = now.Add(time.Minute)
	require.Zero(t, m.Next(now, OpDetail), "one request looks whether it is over")
	first := m.Send(now, OpDetail)
	require.Equal(t, untilAnswer, m.Next(now, OpDetail))
	now = now.Add(time.Second)
	m.Observe(now, first, reading{limit: 100, remaining: 19}, 200)
	for range 9 { // a 64th of a window
		require.Positive(t, m.Next(now, OpDetail), "it is not over, and nothing is left")
		now = now.Add(100 * time.Millisecond)
	}
}

func TestModelGoesOnAtAnEndThatItHasNotLearntWithWhatIsLeft(t *testing.T) {
	m, now := seen(1000, 900)
	m.flights[flightOfDetail] = newFlight(100, 0, 0)
	now = now.Add(61 * time.Second)
	m.Next(now, OpDetail)
	sent := 0
	for end := now.Add(2 * time.Second); now.Before(end); now = now.Add(50 * time.Millisecond) {
		for m.Next(now, OpDetail) == 0 {
			m.Send(now, OpDetail) // answered later
			sent++
		}
	}
	require.InDelta(t, 2*800/60, sent, 8, "at the even rate, without waiting for an answer")
}

func TestModelTellsAnotherLimitFromAReset(t *testing.T) {
	m, now := seen(1000, 500)
	a, b := m.Send(now, OpDetail), m.Send(now, OpDetail)
	m.Observe(now.Add(time.Second), b, reading{limit: 2000, remaining: 1498}, 200)
	require.Equal(t, 2000, m.limit)
	require.Equal(t, 1498, m.cur.observed)
	require.Zero(t, m.cur.begun.Compare(now), "no window has begun")
	m.Observe(now.Add(time.Second), a, reading{limit: 1000, remaining: 499}, 200)
	require.Equal(t, 2000, m.limit, "an answer that comes late tells of the limit before")
}

func TestModelTriesMoreAgainAfterA429WithoutReason(t *testing.T) {
	a := newArena(1)
	a.says = mute
	a.limit = 1_000_000
	a.model.Observe(a.now, a.model.Send(a.now, OpDetail), reading{remaining: -1}, 429)
	a.run(60)
	require.Less(t, a.played[2].ours, 1000, "half, at first")
	require.InDelta(t, 1600, a.played[len(a.played)-2].ours, 20, "%+v", a.played)
}

func TestRecentCountsAnyStretchOfAWindow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.IntRange(1, 50).Draw(rt, "limit")
		var r recent
		start := time.Unix(1000, 0)
		now := start
		r.setWindow(time.Minute, now)
		var sent []time.Time
		for range 300 {
			if wait := r.next(now, limit); wait > 0 {
				now = now.Add(wait)
			}
			if wait := r.next(now, limit); wait > 0 {
				rt.Fatalf("waits for %s again", wait)
			}
			r.add(now)
			sent = append(sent, now)
			now = now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(rt, "pause")) * time.Millisecond)
		}
		for i := limit; i < len(sent); i++ {
			if got := sent[i].Sub(sent[i-limit]); got < time.Minute-2*time.Minute/recentBuckets {
				rt.Fatalf("%d requests in %s", limit+1, got)
			}
		}
	})
}

func TestEdgesForetellTheNextReset(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(0, 0).Add(time.Duration(s * float64(time.Second))) }
	next := func(s *edges, t time.Time) [2]time.Time {
		from, till, _ := s.next(t)
		return [2]time.Time{from, till}
	}
	s := edges{window: time.Minute}
	_, _, ok := s.next(at(0))
	require.False(t, ok)
	s.add(edge{old: at(0), new: at(40)})
	require.Empty(t, s.list, "too vague")
	s.add(edge{old: at(10), new: at(12)})
	require.False(t, s.confirmed)
	require.Equal(t, [2]time.Time{at(70), at(72)}, next(&s, at(12)))
	s.add(edge{old: at(71), new: at(73)})
	require.True(t, s.confirmed)
	require.Equal(t, [2]time.Time{at(131), at(132)}, next(&s, at(73)), "where they agree")
	s.sawOld(at(71.5))
	require.Equal(t, [2]time.Time{at(131.5), at(132)}, next(&s, at(73)), "and more precisely still")
	s.sawNew(at(71.8))
	require.Equal(t, [2]time.Time{at(131.5), at(131.8)}, next(&s, at(73)))
	require.Equal(t, [2]time.Time{at(731.5), at(731.8)}, next(&s, at(700)), "windows later")
	s.add(edge{old: at(161), new: at(162)})
	require.Len(t, s.list, 1, "can't be: forgotten")
	require.False(t, s.confirmed)
	s.add(edge{old: at(192), new: at(193)})
	s.add(edge{old: at(223), new: at(224)})
	require.Equal(t, 31*time.Second, s.window, "twice the same length is the window's")
}
