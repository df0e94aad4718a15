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
