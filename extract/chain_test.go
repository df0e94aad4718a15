package extract

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
	"logferry/internal/window"
)

func expired(w http.ResponseWriter) bool {
	reply(400, `{"error":{"message":"cursor expired"}}`)(w, nil)
	return true
}

func TestAChainGoesOnFromWhereItWasWhenEveryCursorIsRejected(t *testing.T) {
	api := &fakeAPI{entries: newestEntries(2000)}
	api.list = func(w http.ResponseWriter, _ int, cursor string) bool { return cursor != "" && expired(w) }
	withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		g := &gathered{}
		stats, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone, Windows: 1}, g)
		require.NoError(t, err)
		require.Len(t, g.records, 2000)
		require.Less(t, stats.ListRequests, int64(60), "a page and a rejection for each 85 entries")
	})
}

func TestAChainWithoutOrderIsReadInHalvesWhenCursorsEndEarly(t *testing.T) {
	api := &fakeAPI{entries: newestEntries(2000)}
	rand.New(rand.NewPCG(1, 1)).Shuffle(2000, func(i, j int) { api.entries[i], api.entries[j] = api.entries[j], api.entries[i] })
	api.list = func(w http.ResponseWriter, _ int, cursor string) bool { return cursor >= "3" && expired(w) }
	withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		g := &gathered{}
		_, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone, Windows: 1}, g)
		require.NoError(t, err)
		require.Len(t, g.records, 2000, "each once")
		require.Len(t, g.ids(), 2000)
	})
}

func TestAMillisecondThatCursorsCanNotCrossIsAnError(t *testing.T) {
	api := &fakeAPI{}
	for i := range 300 {
		api.entries = append(api.entries, fakeEntry{id: fmt.Sprint("log_", i), ms: day.From.UnixMilli() + 1000})
	}
	api.list = func(w http.ResponseWriter, _ int, cursor string) bool { return cursor != "" && expired(w) }
	withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		_, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone, Windows: 1}, &gathered{})
		var chain *ChainError
		require.ErrorAs(t, err, &chain)
		var walk *WalkError
		require.ErrorAs(t, err, &walk)
		require.NotEmpty(t, walk.Hint)
		require.Equal(t, day, walk.Window)
		require.Less(t, api.listRequests(), 400)
	})
}

func TestEndlesslyRepeatedCursorsAreAnError(t *testing.T) {
	for name, next := range map[string]func(n int) string{
		"the same":  func(int) string { return "same" },
		"in a ring": func(n int) string { return fmt.Sprint("c", n%3) },
	} {
		t.Run(name, func(t *testing.T) {
			api := &fakeAPI{}
			api.list = func(w http.ResponseWriter, n int, _ string) bool {
				reply(200, `{"logs":[],"next_cursor":"`+next(n)+`"}`)(w, nil)
				return true
			}
			withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
				_, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone}, &gathered{})
				var chain *ChainError
				require.ErrorAs(t, err, &chain)
				require.Contains(t, err.Error(), "repeats a cursor")
				require.Less(t, api.listRequests(), 5000)
			})
		})
	}
}

func TestAnOrderThatProvesToBeNoneCostsNoRecord(t *testing.T) {
	// The first pages look like newest first; what follows is as new as they are.
	api := &fakeAPI{entries: newestEntries(1000)}
	for i := 500; i < 1000; i++ {
		api.entries[i].ms = api.entries[i-500].ms - 1
	}
	for _, windows := range []int{0, 1, 2} {
		api.lists = 0
		api.list = func(w http.ResponseWriter, n int, cursor string) bool { return n == 2 && cursor != "" && expired(w) }
		withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
			g := &gathered{}
			_, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone, Windows: windows}, g)
			require.NoError(t, err)
			require.Len(t, g.ids(), 1000, "%d windows", windows)
		})
	}
}

func TestASparseIntervalCostsOneRequest(t *testing.T) {
	api := &fakeAPI{entries: newestEntries(60)}
	withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		_, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone}, &gathered{})
		require.NoError(t, err)
		require.Equal(t, 1, api.listRequests())
	})
}

func TestWindowsCostFewPagesMoreThanOneChain(t *testing.T) {
	api := &fakeAPI{entries: newestEntries(20_000)}
	withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		g := &gathered{}
		stats, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone}, g)
		require.NoError(t, err)
		require.Len(t, g.records, 20_000)
		require.LessOrEqual(t, stats.Pages, int64(200+DefaultWindows+1))
	})
}

func TestUnreadableElementsAreReportedOnce(t *testing.T) {
	api := logsim.Options{Records: logsim.Records{Count: 600, Odd: logsim.Odd{Unreadable: 0.05}}}
	bubble(t, api, Options{}, func(t *testing.T, s *simulation) {
		truth := s.sim.Truth("")
		bad := 0
		for n := range truth.Len() {
			if truth.Fact(n).Unreadable != "" {
				bad++
			}
		}
		for _, windows := range []int{1, 5} {
			g := &gathered{}
			stats, err := s.walk(t.Context(), Step{Interval: day, Details: DetailsNone, Windows: windows}, g)
			require.NoError(t, err)
			require.Equal(t, s.truth(day), g.ids())
			seen := map[string]bool{}
			for _, b := range g.bads {
				require.NotEmpty(t, b.Reason)
				require.False(t, seen[string(b.Raw)])
				seen[string(b.Raw)] = true
			}
			require.NotZero(t, bad)
			require.LessOrEqual(t, len(g.bads), bad)
			require.EqualValues(t, len(g.bads), stats.Unreadable)
		}
	})
}

func TestOrderIsTrustedOnlyAfterManySteps(t *testing.T) {
	var o orderTracker
	for i := range 100 {
		o.see(1000) // a page of one millisecond says nothing
		require.Equal(t, orderUnknown, o.order, i)
	}
	for i := range enoughSteps {
		require.False(t, o.trusted())
		o.see(999 - int64(i))
	}
	require.True(t, o.trusted())
	require.Equal(t, newestFirst, o.order)
	o.see(995)
	require.Equal(t, unordered, o.order)
	require.False(t, o.trusted())
}

func TestNarrowKeepsTheMillisecondThatMayBeIncomplete(t *testing.T) {
	asked := TimeRange{From: 0, To: 1000}
	var newest, oldest orderTracker
	for i := range 50 {
		newest.see(int64(900-i) * 1000)
		oldest.see(int64(100+i)*1000 + 999)
	}
	// The 16th from the end stands at 866 ms and 134.999 ms; `to` may be exclusive, so one more is asked for.
	require.Equal(t, TimeRange{From: 0, To: 867}, newest.narrow(asked))
	require.Equal(t, TimeRange{From: 134, To: 1000}, oldest.narrow(asked))
	require.Equal(t, window.Interval{From: window.Millis(867, 0).From, To: window.Millis(1000, 0).From}, cutOff(window.Millis(0, 1000), asked, newest.narrow(asked)))
}

func TestSeenSetForgetsOnlyWhatIsOld(t *testing.T) {
	s := newSeenSet(100)
	for i := range 1000 {
		require.True(t, s.add(hashText(fmt.Sprint(i))))
		for j := max(0, i-99); j <= i; j++ {
			require.False(t, s.add(hashText(fmt.Sprint(j))), "%d after %d", j, i)
		}
	}
	require.LessOrEqual(t, s.young.count+s.old.count, 200)
	require.Equal(t, hashText("abc"), hashBytes([]byte("abc")))
}

func TestAPageThatIsTooLargeIsReadInSmallerOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := simulate(logsim.Options{Records: logsim.Records{Count: 400}}, Options{}, GovernorOptions{})
		require.NoError(t, err)
		defer s.close()
		s.client.maxList = 20_000 // bytes: 100 entries take more
		g := &gathered{}
		stats, err := s.walk(t.Context(), Step{Interval: day, Details: DetailsNone}, g)
		require.NoError(t, err)
		require.Len(t, g.ids(), 400)
		require.Greater(t, stats.Pages, int64(400/50))

		s.client.maxList = 300 // less than one entry
		_, err = s.walk(t.Context(), Step{Interval: day, Details: DetailsNone}, &gathered{})
		var large *TooLargeError
		require.ErrorAs(t, err, &large)
		require.Contains(t, err.Error(), "source.filters")
	})
}

func TestARestartThatLeavesOnlyTheEdgeAsksForNothing(t *testing.T) {
	// Oldest first, the end of the range included: the second page holds only records of the next window, and its cursor
	// is refused. What is left to read is empty then, which an API may refuse as well.
	page := func(name string, ms, step int64) string {
		var entries []string
		for i := range int64(30) {
			entries = append(entries, fmt.Sprintf(`{"id":"log_%s_%02d","timestamp":%d}`, name, i, ms+i*step))
		}
		return strings.Join(entries, ",")
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Cursor string
			Range  struct{ From, To int64 } `json:"time_range"`
		}
		_ = json.NewDecoder(r.Body).Decode(&request)
		switch {
		case request.Range.From >= request.Range.To:
			reply(400, `{"error":{"message":"time_range is empty"}}`)(w, nil)
		case request.Cursor == "third":
			expired(w)
		case request.Cursor == "second":
			_, _ = fmt.Fprintf(w, `{"next_cursor":"third","logs":[%s]}`, page("next", request.Range.To, 0))
		default:
			_, _ = fmt.Fprintf(w, `{"next_cursor":"second","logs":[%s]}`, page("own", request.Range.To-100, 1))
		}
	})
	withFake(t, handler, Options{Windows: 1}, func(t *testing.T, x *Extractor, c *Client) {
		g := &gathered{}
		_, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone, Windows: 1}, g)
		require.NoError(t, err)
		require.Len(t, g.ids(), 30)
	})
}

func TestAWindowThatWasSplitAndLosesItsOrderLeavesWhatOthersRead(t *testing.T) {
	entries := newestEntries(6000)
	entries[120], entries[121] = entries[121], entries[120] // after the first page, that brings trust and a split
	api := &fakeAPI{entries: entries}
	withSplitting(t, api, func(t *testing.T, x *Extractor, c *Client) {
		g := &gathered{}
		stats, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone}, g)
		require.NoError(t, err)
		require.Len(t, g.ids(), 6000)
		require.NotZero(t, stats.Splits)
		require.Less(t, stats.Outside, int64(1000), "of others' windows")
	})
}

func TestWhatAnEarlierAttemptMayHaveKeptIsNotSplitOff(t *testing.T) {
	// The first attempt breaks while no order is known: all its timestamps are equal.
	entries := newestEntries(3000)
	for i := range 150 {
		entries[i].ms = entries[0].ms
	}
	api := &fakeAPI{entries: entries}
	api.list = func(w http.ResponseWriter, n int, cursor string) bool { return n == 1 && expired(w) }
	withSplitting(t, api, func(t *testing.T, x *Extractor, c *Client) {
		g := &gathered{}
		stats, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone}, g)
		require.NoError(t, err)
		require.Len(t, g.records, 3000, "each once")
		require.EqualValues(t, 1, stats.Restarts)
		require.Equal(t, 32, api.listRequests(), "a page of the first attempt, and no cursor that is rejected again")
	})
}
