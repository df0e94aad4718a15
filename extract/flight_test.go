package extract

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// rounds lets a flight of details answer n requests each in latency, as many at once as it allows; fails says which fail.
func rounds(f *flight, now time.Time, n int, latency time.Duration, fails func(i int) bool) time.Time {
	for i := 0; i < n; {
		at := min(f.allowed(), n-i)
		for range at {
			f.send()
		}
		now = now.Add(latency)
		for range at {
			f.answer(now, latency, !fails(i), math.Inf(1))
			i++
		}
	}
	return now
}

func never(int) bool { return false }

func TestOneFailureInAHundredDoesNotReduceConcurrency(t *testing.T) {
	for _, c := range []struct {
		every int
		least int
		most  int
	}{{100, MaxDetails, MaxDetails}, {30, MaxDetails, MaxDetails}, {10, leastFlight, 32}, {2, leastFlight, 32}} {
		t.Run(fmt.Sprintf("one in %d", c.every), func(t *testing.T) {
			f := newFlight(0, firstDetails, MaxDetails)
			rounds(&f, time.Unix(0, 0), 50_000, 800*time.Millisecond, func(i int) bool { return i%c.every == 0 })
			require.GreaterOrEqual(t, f.allowed(), c.least)
			require.LessOrEqual(t, f.allowed(), c.most)
		})
	}
}

func TestASingleFailureAmongFewDoesNotReduceConcurrency(t *testing.T) {
	f := newFlight(0, 8, 8)
	rounds(&f, time.Unix(0, 0), 3000, 100*time.Millisecond, func(i int) bool { return i%15 == 0 })
	require.Equal(t, 8, f.allowed())
}

func TestAFirstFailureIsNobodysFault(t *testing.T) {
	begun := newFlight(0, firstDetails, MaxDetails)
	now := rounds(&begun, time.Unix(0, 0), 1, 100*time.Millisecond, func(int) bool { return true })
	require.Equal(t, firstDetails, begun.allowed())
	rounds(&begun, now, 1000, 100*time.Millisecond, never)
	require.Equal(t, MaxDetails, begun.allowed(), "and it grows as fast as without")

	broken := newFlight(0, firstDetails, MaxDetails)
	rounds(&broken, time.Unix(0, 0), 1000, 100*time.Millisecond, func(int) bool { return true })
	require.Equal(t, leastFlight, broken.allowed(), "an API that only fails is asked little")
}

func TestConcurrencyFallsWhereLatencyRisesAndRecovers(t *testing.T) {
	f := newFlight(0, firstDetails, MaxDetails)
	now := rounds(&f, time.Unix(0, 0), 20_000, 100*time.Millisecond, never)
	require.Equal(t, MaxDetails, f.allowed())
	now = rounds(&f, now, 3000, time.Second, never)
	low := f.allowed()
	require.Less(t, low, MaxDetails/2)
	rounds(&f, now, 20_000, 100*time.Millisecond, never)
	require.Greater(t, f.allowed(), low)
}

func TestFailuresThatComeAtOnceDoNotCountAsALowLatency(t *testing.T) {
	f := newFlight(0, firstDetails, MaxDetails)
	now := rounds(&f, time.Unix(0, 0), 1000, 200*time.Millisecond, never)
	rounds(&f, now, 20_000, 100*time.Millisecond, func(int) bool { return true })
	require.InDelta(t, 0.2, f.usual, 1e-6)
	require.Equal(t, leastFlight, f.allowed())
}

func TestWhatTellsNothingOfTheAPIChangesNoConcurrency(t *testing.T) {
	m, now := newModel(GovernorOptions{}), time.Unix(0, 0)
	m.ramp = fullRamp
	m.Observe(now.Add(time.Second), m.Send(now, OpList), reading{remaining: -1}, 200)
	before := m.flights[flightOfList]
	for range 100 {
		m.Abandon(m.Send(now, OpList))
		m.Observe(now.Add(20*time.Second), m.Send(now, OpUsage), reading{remaining: -1}, 200)
		m.Observe(now, m.Send(now, OpUsage), reading{remaining: -1}, 503)
	}
	after := m.flights[flightOfList]
	before.peak, after.peak = 0, 0
	require.Equal(t, before, after)
	require.Zero(t, m.inFlight)
}
