package extract

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// bubble runs a simulation in a synctest bubble.
func bubble(t *testing.T, api logsim.Options, o Options, f func(t *testing.T, s *simulation)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := simulate(api, o, GovernorOptions{})
		require.NoError(t, err)
		defer s.close()
		f(t, s)
	})
}

func TestWalkDeliversEveryRecordWhateverTheAPILeavesOpen(t *testing.T) {
	numbers := []int{0, 1, 7} // of windows
	if testing.Short() {
		numbers = numbers[:1]
	}
	for _, order := range []logsim.Order{logsim.Newest, logsim.Oldest, logsim.Shuffled} {
		for _, to := range []logsim.ToMode{logsim.ToExclusive, logsim.ToInclusive, logsim.ToMillisecond} {
			for _, cursors := range []logsim.CursorStyle{logsim.Keyset, logsim.Offset} {
				api := logsim.Options{Order: order, To: to, Cursors: cursors, Records: logsim.Records{Count: 2500}}
				bubble(t, api, Options{}, func(t *testing.T, s *simulation) {
					for _, windows := range numbers {
						g, stats := s.mustWalk(t, Step{Interval: day, Details: DetailsNone, Windows: windows})
						require.Len(t, g.records, 2500, "each record is delivered once")
						require.EqualValues(t, 2500, stats.Kept)
						require.EqualValues(t, 2500, stats.Skipped)
					}
				})
			}
		}
	}
}

func TestWalkFetchesEachDetailOnce(t *testing.T) {
	api := logsim.Options{Records: logsim.Records{Count: 1500, MedianPayload: 300}}
	bubble(t, api, Options{}, func(t *testing.T, s *simulation) {
		g, stats := s.mustWalk(t, Step{Interval: day})
		require.Len(t, g.records, 1500)
		require.EqualValues(t, 1500, stats.Fetched)
		require.Equal(t, 1500, s.sim.Stats().Requests[logsim.Detail])
		require.Equal(t, int(stats.ListRequests), s.sim.Stats().Requests[logsim.List])
	})
}

func TestWalkSurvivesEveryFault(t *testing.T) {
	for i, kind := range passing {
		t.Run(kind.String(), func(t *testing.T) {
			orders := []logsim.Order{logsim.Newest, logsim.Oldest, logsim.Shuffled}
			if testing.Short() {
				orders = orders[i%3:][:1]
			}
			for _, order := range orders {
				api := logsim.Options{
					Order: order, Records: logsim.Records{Count: 700, MedianPayload: 300, MaxPayload: 4096},
					Faults: []logsim.Fault{{Kind: kind, Probability: 0.1, PerRequest: 3}},
				}
				bubble(t, api, Options{}, func(t *testing.T, s *simulation) {
					began := time.Now()
					g, _ := s.mustWalk(t, Step{Interval: day, Windows: 3})
					require.Len(t, g.records, 700)
					require.NotZero(t, s.sim.Stats().Faults[kind])
					require.Less(t, time.Since(began), time.Hour)
				})
			}
		})
	}
}
