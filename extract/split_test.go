package extract

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
	"logferry/internal/window"
)

// eager splits wherever there is something to split.
var eager = worth{first: 1, later: 1, call: 0.1}

// unlimited makes an API say that its rate limit is far away, so that nothing but the walkers bounds the walking.
func unlimited(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-RateLimit", "1000000")
		w.Header().Set("X-RateLimit-Remaining", "999999")
		w.Header().Set("X-RateLimit-Window-Size", "60s")
		api.ServeHTTP(w, r)
	})
}

// withSplitting is withFake where windows are split as often as can be.
func withSplitting(t *testing.T, api http.Handler, f func(t *testing.T, x *Extractor, c *Client)) {
	t.Helper()
	withFake(t, unlimited(api), Options{}, func(t *testing.T, x *Extractor, c *Client) {
		x.worth = eager
		c.governor = NewGovernor(GovernorOptions{Lists: 64})
		f(t, x, c)
	})
}

func TestAChainIsCutWhereItHasMostAndOthersAreIdle(t *testing.T) {
	busy := load{left: 100, most: 100, sum: 150, walking: 3, idle: 1, least: 3}
	for _, c := range []struct {
		name   string
		change func(l *load)
		want   int
	}{
		{"one idle walker takes half", func(*load) {}, 2},
		{"nobody is idle", func(l *load) { l.idle = 0 }, 1},
		{"all that are idle take as much", func(l *load) { l.sum, l.walking, l.idle = 100, 1, 7 }, 8},
		{"no more walkers than there are parts worth walking", func(l *load) { l.left, l.most, l.sum, l.walking, l.idle = 10, 10, 10, 1, 60 }, 3},
		{"others have more", func(l *load) { l.most = 200 }, 1},
		{"others have a little more", func(l *load) { l.most = 120 }, 2},
		{"everybody has as much", func(l *load) { l.sum, l.walking = 3200, 32 }, 1},
		{"two parts would be too small", func(l *load) { l.left, l.most, l.sum = 5, 5, 6 }, 1},
		{"parts are no smaller than what everybody has", func(l *load) { l.left, l.most, l.sum, l.idle = 40, 40, 100, 5 }, 3},
		{"nothing is known", func(l *load) { l.left, l.most, l.sum = 0, 0, 0 }, 1},
	} {
		l := busy
		c.change(&l)
		require.Equal(t, c.want, parts(l), c.name)
	}
}

// chainAt returns a chain that has seen timestamps, in µs.
func chainAt(t *testing.T, win window.Interval, micros ...int64) *chain {
	x := New(Options{})
	t.Cleanup(x.Close)
	w := newWalk(t.Context(), x, Step{Interval: win, Details: DetailsNone}, &gathered{})
	t.Cleanup(func() { w.cancel(nil) })
	c := newChain(w, win, nil)
	for _, m := range micros {
		c.order.see(m)
	}
	return c
}

// steps returns n timestamps, a millisecond apart.
func steps(from int64, n int, by int64) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = from + int64(i)*by*1000
	}
	return out
}

func TestAChainIsPastItsWindowOnceATailOfEntriesLiesBehindIt(t *testing.T) {
	win := window.Millis(1000, 2000)
	for _, by := range []int64{-1, 1} {
		edge := map[int64]int64{-1: 1_000_000, 1: 1_999_999}[by] // the last timestamp of the window
		inside := steps(edge-19*by*1000, 20, by)
		behind := steps(edge+by, tail, by)
		c := chainAt(t, win, inside...)
		require.False(t, c.past(), "there may be more of the last timestamp")
		for i, m := range behind {
			require.False(t, c.past(), "%d entries behind", i)
			c.order.see(m)
		}
		require.True(t, c.past())
		c.halved = &TimeRange{}
		require.False(t, c.past(), "the other half is still to be read")
		c.halved = nil
		c.order.see(edge)
		require.False(t, c.past(), "no order, no end")
	}
}

func TestWhatLiesAheadHasNothingThatWasSeen(t *testing.T) {
	win := window.New(time.UnixMicro(1_000_300), time.UnixMicro(2_000_700))
	newest := chainAt(t, win, steps(1_900_500, 13, -1)...)
	require.Equal(t, window.Interval{From: win.From, To: window.Millis(0, 1888).To}, newest.ahead())
	oldest := chainAt(t, win, steps(1_100_500, 13, 1)...)
	require.Equal(t, window.Interval{From: window.Millis(1113, 0).From, To: win.To}, oldest.ahead())
	require.True(t, chainAt(t, win, steps(900_000, 13, -1)...).ahead().Empty())
}

// watched is a journal that takes its time over what it is told.
type watched struct {
	memory
}

func (w *watched) Mark(marks ...Mark) error {
	time.Sleep(time.Minute)
	return w.memory.Mark(marks...)
}

func TestAJournalKnowsAWindowBeforeAnyPageOfIt(t *testing.T) {
	for name, entries := range map[string][]fakeEntry{"newest": newestEntries(3000), "oldest": reversed(newestEntries(3000))} {
		api := &fakeAPI{entries: entries}
		withSplitting(t, api, func(t *testing.T, x *Extractor, c *Client) {
			journal := &watched{}
			stats, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone, Journal: journal}, &gathered{})
			require.NoError(t, err)
			require.Greater(t, stats.Splits, int64(5), name)
			known, done := map[int]bool{}, map[int]int{}
			for _, line := range journal.told {
				for _, m := range line.marks {
					require.True(t, line.page == nil || m.Window == 0 || known[m.Window], "a page of window %d", m.Window)
					known[m.Window] = true
					if m.Done {
						done[m.Window]++
					}
				}
			}
			delete(known, 0)
			require.Len(t, done, len(known), "every window ends")
			for n, times := range done {
				require.Equal(t, 1, times, "window %d ends", n)
			}
		})
	}
}

func TestAWindowThatWasSplitAsksOnlyForItselfWhenItBeginsAgain(t *testing.T) {
	for _, entries := range [][]fakeEntry{newestEntries(3000), reversed(newestEntries(3000))} {
		api := &fakeAPI{entries: entries}
		api.list = func(w http.ResponseWriter, n int, cursor string) bool { return cursor != "" && n%3 == 0 && expired(w) }
		journal, _ := resumedBy(t, api, Step{Interval: day, Details: DetailsNone}, &memory{}, eager)
		begun := 0
		for _, line := range journal.told {
			for _, m := range line.marks {
				if m.Window == 0 || m.Assumed || m.Cursor != nil || m.Done {
					continue
				}
				begun++
				require.Equal(t, m.Span.within(m.interval()), m.Span)
			}
		}
		require.Greater(t, begun, 10)
		require.NotZero(t, journal.splits())
	}
}

func TestRecordsOfOneMillisecondAreKeptOnceWhereAWindowIsSplitAtIt(t *testing.T) {
	for _, order := range []logsim.Order{logsim.Newest, logsim.Oldest} {
		for _, to := range []logsim.ToMode{logsim.ToExclusive, logsim.ToInclusive, logsim.ToMillisecond} {
			if testing.Short() && to != logsim.ToInclusive {
				continue
			}
			// Nine tenths of the records stand in a few milliseconds; two of them have each more than 30 pages.
			crowd := window.New(day.From, day.From.Add(400*time.Millisecond))
			api := logsim.Options{Order: order, To: to, Records: logsim.Records{
				Count: 8000, From: crowd.From, To: crowd.To, BurstShare: 0.9, BurstSize: 4000,
			}}
			bubble(t, api, Options{Windows: 20}, func(t *testing.T, s *simulation) {
				s.extractor.worth = eager
				s.client.governor = NewGovernor(GovernorOptions{Lists: 20})
				g, stats := s.mustWalk(t, Step{Interval: crowd, Details: DetailsNone})
				require.Len(t, g.records, 8000, "each once")
				require.NotZero(t, stats.Splits)
			})
		}
	}
}

func TestAnOrderThatProvesToBeNoneIsReadAgainHoweverItWasSplit(t *testing.T) {
	for seed := range uint64(40) {
		entries := halfOrdered(1500)
		if seed%2 == 1 {
			slices.SortStableFunc(entries[:750], func(a, b fakeEntry) int { return int(a.ms - b.ms) })
		}
		rand.New(rand.NewPCG(seed, 1)).Shuffle(750, func(i, j int) { entries[750+i], entries[750+j] = entries[750+j], entries[750+i] })
		withSplitting(t, &fakeAPI{entries: entries}, func(t *testing.T, x *Extractor, c *Client) {
			g := &gathered{}
			stats, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone}, g)
			require.NoError(t, err)
			require.Len(t, g.ids(), 1500, "seed %d", seed)
			require.NotZero(t, stats.Splits)
		})
	}
}

func TestForcedNumbersOfWindowsAndNoOrderNeverSplit(t *testing.T) {
	for _, windows := range []int{1, 2, 5} {
		withSplitting(t, &fakeAPI{entries: newestEntries(2000)}, func(t *testing.T, x *Extractor, c *Client) {
			stats, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone, Windows: windows}, &gathered{})
			require.NoError(t, err)
			require.Zero(t, stats.Splits)
			require.EqualValues(t, windows, stats.WindowsWalked)
		})
	}
	bubble(t, logsim.Options{Order: logsim.Shuffled, Records: logsim.Records{Count: 3000}}, Options{}, func(t *testing.T, s *simulation) {
		s.extractor.worth = eager
		_, stats := s.mustWalk(t, Step{Interval: day, Details: DetailsNone})
		require.Zero(t, stats.Splits)
		require.EqualValues(t, 16, stats.WindowsWalked, "whole windows, as they were cut at first")
	})
}

func TestTheSlotsOfAllWalksAreTheirBound(t *testing.T) {
	api := logsim.Options{Records: logsim.Records{Count: 20_000}, Latency: logsim.Latency{List: logsim.Delay{Base: 50 * time.Millisecond, Jitter: 50 * time.Millisecond}}}
	bubble(t, api, Options{Windows: 5}, func(t *testing.T, s *simulation) {
		s.extractor.worth = eager
		total := &Progress{}
		ended := make(chan error)
		pieces := window.Split(day, 3)
		for _, piece := range pieces {
			go func() {
				_, err := s.walk(t.Context(), Step{Interval: piece, Details: DetailsNone, Progress: total}, &gathered{})
				ended <- err
			}()
		}
		for left := len(pieces); left > 0; {
			select {
			case err := <-ended:
				require.NoError(t, err)
				left--
			case <-time.After(10 * time.Millisecond):
				require.LessOrEqual(t, total.Snapshot().Windows, int64(5))
			}
		}
		require.NotZero(t, total.Snapshot().Splits)
		require.EqualValues(t, 20_000, total.Snapshot().Kept)
		require.Empty(t, s.extractor.slots, "every slot is given back")
	})
}

func TestAFailureWhileSplittingGivesTheSlotsBack(t *testing.T) {
	for n := 1; n <= 30; n++ {
		withSplitting(t, &fakeAPI{entries: newestEntries(3000)}, func(t *testing.T, x *Extractor, c *Client) {
			_, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone, Journal: &memory{failAt: n}}, &gathered{})
			require.ErrorIs(t, err, errJournal, "call %d", n)
			require.Empty(t, x.slots)
		})
	}
}

func TestWithDetailsFewWindowsAreWalkedWhileDetailsWait(t *testing.T) {
	if testing.Short() {
		t.Skip("18,000 details")
	}
	for _, c := range []struct {
		detail time.Duration // each takes
		most   int64         // windows split off
		least  int64
	}{{time.Second, 3, 3}, {time.Millisecond, 1000, 4}} {
		api := logsim.Options{Records: logsim.Records{Count: 9000, MedianPayload: 40}, Latency: logsim.Latency{
			List: logsim.Delay{Base: 200 * time.Millisecond}, Detail: logsim.Delay{Base: c.detail},
		}}
		bubble(t, api, Options{DetailsInFlight: 10}, func(t *testing.T, s *simulation) {
			_, stats := s.mustWalk(t, Step{Interval: day, Details: DetailsAll})
			require.LessOrEqual(t, stats.Splits, c.most, "details take %s", c.detail)
			require.GreaterOrEqual(t, stats.Splits, c.least, "details take %s", c.detail)
		})
	}
}

func TestNothingIsSplitWhereTheRateBudgetIsSpent(t *testing.T) {
	api := logsim.Options{Records: logsim.Records{Count: 5000}}
	bubble(t, api, Options{}, func(t *testing.T, s *simulation) {
		s.extractor.worth = eager
		s.client.governor = NewGovernor(GovernorOptions{Limit: 30})
		_, stats := s.mustWalk(t, Step{Interval: day, Details: DetailsNone})
		require.LessOrEqual(t, stats.Splits, int64(10), "of 50 pages, at one in two seconds")
	})
}
