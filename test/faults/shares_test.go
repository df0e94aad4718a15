package faults

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
	"logferry/internal/window"
)

// shares of the requests that meet a fault.
var shares = []float64{0.001, 0.01, 0.1, 0.3}

// apiFaults are the simulator's whole list, by name.
func apiFaults() map[string]logsim.Fault {
	out := map[string]logsim.Fault{}
	for k := logsim.InternalError; k <= logsim.EmptyPage; k++ {
		out[k.String()] = logsim.Fault{Kind: k, Delay: 100 * time.Millisecond}
	}
	delete(out, logsim.ErrorStatus.String())
	for _, status := range []int{400, 403, 404, 408, 422, 502} {
		out[fmt.Sprintf("status_%d", status)] = logsim.Fault{Kind: logsim.ErrorStatus, Status: status}
	}
	slow := out[logsim.Trickle.String()]
	slow.Delay = 700 * time.Millisecond // longer than an answer is waited for
	out["trickle_too_slow"] = slow
	return out
}

// TestAnAPIThatFailsOften exports from an API that fails at a share of the requests: by each kind of fault alone and by all of them
// together. A run is complete, or says that it is not and what is missing, and then the runs after it complete it.
//
// LOGFERRY_FAULTS=all plays every kind at every share.
func TestAnAPIThatFailsOften(t *testing.T) {
	seed := seedOf(t)
	c := newCampaign("an API that fails often", seed)
	isolate(t, c)
	t.Run("faults", func(t *testing.T) {
		p := newPlaying(10)
		kinds, n := apiFaults(), int(seed)
		for name, f := range kinds {
			for _, share := range shares {
				n++
				pauses := f.Kind == logsim.TooManyRequests || f.Kind == logsim.TooManyRequestsBare // all requests, a second each
				if !whole() && (share < 0.1 || pauses || n%4 != 0 || testing.Short() && n%16 != 0) {
					continue
				}
				played := f
				played.Probability = share
				p.do(func() {
					t.Run(fmt.Sprintf("%s/%g", name, share), func(t *testing.T) { c.often(t, seed, played) })
				})
			}
		}
		for _, share := range shares {
			if !whole() && (share != 0.1 || testing.Short()) {
				continue
			}
			var all []logsim.Fault
			for _, f := range kinds {
				f.Probability = share / float64(len(kinds))
				all = append(all, f)
			}
			p.do(func() { t.Run(fmt.Sprintf("together/%g", share), func(t *testing.T) { c.often(t, seed, all...) }) })
		}
		p.group.Wait()
	})
}

// often is a scene of an API with faults of its own.
var often = scene{name: "often", records: 60, lookback: "0s", shape: shape{partition: window.Day, days: 2}}

// often plays a run whose API has faults, and those after it against one that has none.
func (c *campaign) often(t *testing.T, seed uint64, faults ...logsim.Fault) {
	s := often
	if faults[0].Kind >= logsim.ExpiredCursor {
		s.records, s.windows = 900, 1 // so that pages are followed by others
	}
	st := newStage(t, s, seed, faults...)
	dir, err := os.MkdirTemp("", "play-")
	require.NoError(t, err)
	defer func() { c.leave(t, dir) }()
	w, in := st.world(dir), newInjector(seed)
	in.never = true
	sum, err := c.disturbed(t, w, in)
	met := 0
	for k, n := range st.sims[0].Stats().Faults {
		met += n
		c.count(func(f *figures) { f.Faults[k.String()] += n })
	}
	story := fmt.Sprintf("%d faults, after which the run said %v", met, err)
	c.ended(met > 0, err)
	c.asLeft(t, w, story)
	c.stateAsLeft(t, w, story)
	if err == nil && sum.Quarantined == 0 {
		c.same(t, w, story+", before another run")
	}
	w.night = cleanNight
	c.next(t, w, story)
	c.settled(t, w, story)
}
