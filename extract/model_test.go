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
	needsNoRaceDetector(t)
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
	needsNoRaceDetector(t)
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
	needsNoRaceDetector(t)
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
	needsNoRaceDetector(t)
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
		"remaining stands still":                      {set: func(a *arena) { a.says = func(r *reading) { r.remaining = 1500 } }, share: 0.9},
		"remaining too large":                         {set: func(a *arena) { a.says = func(r *reading) { r.remaining = 1 << 40 } }, share: 0.9},
		"rolling":                                     {set: func(a *arena) { a.rolling = true }, share: 0.9},
		"idle for three windows":                      {set: func(a *arena) { a.demand = pause(a, 8.3, 11.6) }, share: 0.98, aside: []int{8, 9, 10, 11}},
		"little demand":                               {set: func(a *arena) { a.demand = func(time.Duration) int { return 1 } }},
		"others begin each window with a burst":       {set: func(a *arena) { a.others = bursts(0) }, share: 0.95, floorFails: true, aside: []int{1, 2, 3}},
		"others begin windows with a burst from noon": {set: func(a *arena) { a.others = bursts(6 * time.Minute) }, share: 0.98},
		"one answer in a hundred is an error":         {set: func(a *arena) { a.latency, a.fails = steady(800*time.Millisecond), 100 }, share: 0.95},
		"refused without reason":                      {set: func(a *arena) { a.extra429 = 300 }, share: 0.5},
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

// bursts are others who use 600 requests at once at the beginning of every minute.
func bursts(from time.Duration) func(time.Duration) float64 {
	const burst = 10 * time.Millisecond
	return func(since time.Duration) float64 {
		if since < from || since%time.Minute >= burst {
			return 0
		}
		return 600 / burst.Seconds()
	}
}

func mute(r *reading) { r.limit, r.remaining, r.window = 0, -1, 0 }

func TestModelSurvivesA429Storm(t *testing.T) {
	needsNoRaceDetector(t)
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

func TestModelSpreadsWhatTheOthersLeaveOverTheWindow(t *testing.T) {
	needsNoRaceDetector(t)
	a := newArena(1)
	a.others = func(time.Duration) float64 { return 1000.0 / 60 }
	a.run(10)
	for _, p := range a.whole()[1:] {
		require.InDelta(t, 0.5, float64(p.early)/float64(p.ours), 0.1, "%+v", p)
	}
}

func TestModelDoesNotPauseAtAnEndThatItHasLearnt(t *testing.T) {
	needsNoRaceDetector(t)
	a := newArena(1)
	a.limit, a.window, a.latency = 400, 4*time.Second, steady(800*time.Millisecond)
	a.run(12)
	for _, p := range a.whole()[3:] {
		require.InDelta(t, 0.5, float64(p.early)/float64(p.ours), 0.03, "%+v", a.played)
	}
}

func TestModelFindsWhatLittleOthersLeave(t *testing.T) {
	needsNoRaceDetector(t)
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

func TestModelTriesMoreAgainAfterA429WithoutReason(t *testing.T) {
	needsNoRaceDetector(t)
	a := newArena(1)
	a.says = mute
	a.limit = 1_000_000
	a.model.Observe(a.now, a.model.Send(a.now, OpDetail), reading{remaining: -1}, 429)
	a.run(60)
	require.Less(t, a.played[2].ours, 1000, "half, at first")
	require.InDelta(t, 1600, a.played[len(a.played)-2].ours, 20, "%+v", a.played)
}
