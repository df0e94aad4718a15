package apply_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
)

// anExactDay is an export of one day that holds all of the records.
func anExactDay(records int, details string) (export, logsim.Records) {
	e := export{from: day, to: day.AddDate(0, 0, 1), details: details, sinks: []sinkForm{{format: "ndjson", compression: "none"}}}
	return e, logsim.Records{Count: records, From: e.from, To: e.to, MedianPayload: 16, MaxPayload: 500}
}

// failedRecords is how many details `details: failed` wants.
func (w *world) failedRecords(e export) (n int64) {
	e.details = "failed"
	for _, s := range w.sources(e) {
		if s.outcome == "fetched" {
			n++
		}
	}
	return n
}

func TestARunSpendsHardlyMoreThanTheLeast(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 details")
	}
	for _, order := range []logsim.Order{logsim.Newest, logsim.Oldest} {
		e, records := anExactDay(5000, "all")
		w := newWorld(t, logsim.Options{Seed: 31, Records: records, Rate: openRate, Order: order}, nil)
		sum := w.mustRun(e)
		require.EqualValues(t, 50+5000, sum.Requests.Least)
		require.EqualValues(t, 5000, sum.Requests.Detail)
		require.GreaterOrEqual(t, sum.Requests.OverLeast, 1.0)
		require.LessOrEqual(t, sum.Requests.OverLeast, 1.02, "%+v", sum.Requests)
		require.Equal(t, sum.Requests.List+sum.Requests.Detail+sum.Requests.Usage, sum.Requests.Total)
	}
}

// TestDetailsCostWhatIsDeclared: one window is a chain of full pages, so that the numbers are exact.
func TestDetailsCostWhatIsDeclared(t *testing.T) {
	for _, details := range []string{"none", "failed", "all"} {
		t.Run(details, func(t *testing.T) {
			e, records := anExactDay(730, details)
			e.windows = 1
			w := newWorld(t, logsim.Options{Seed: 32, Records: records, Rate: openRate}, nil)
			sum := w.mustRun(e)
			wanted := map[string]int64{"none": 0, "failed": w.failedRecords(e), "all": 730}[details]
			if details == "failed" {
				require.Positive(t, wanted)
				require.Less(t, wanted, int64(730))
			}
			require.Equal(t, apply.RequestSummary{
				List: 8, Detail: wanted, Usage: sum.Requests.Usage, Total: 8 + wanted + sum.Requests.Usage,
				BytesDownloaded: sum.Requests.BytesDownloaded, Least: 8 + wanted, OverLeast: 1,
			}, sum.Requests)
		})
	}
}

func TestAnEmptyIntervalCostsARequest(t *testing.T) {
	e, records := anExactDay(-1, "all")
	w := newWorld(t, logsim.Options{Seed: 33, Records: records, Rate: openRate}, nil)
	sum := w.mustRun(e)
	require.EqualValues(t, 1, sum.Requests.List)
	require.EqualValues(t, 1, sum.Requests.Least)
	sum = w.mustRun(e)
	require.Zero(t, sum.Requests, "nothing is listed that has not changed")
}

// TestARefreshFetchesOnlyNewIDs: what became visible late is all that it asks the details of.
func TestARefreshFetchesOnlyNewIDs(t *testing.T) {
	count := int64(3000)
	if testing.Short() {
		count = 1000
	}
	e, records := anExactDay(int(count), "all")
	e.span = map[string]any{"lookback": "60d"}
	now := &nightClock{}
	now.set(e.to.Add(time.Hour))
	w := newWorld(t, logsim.Options{
		Seed: 34, Records: records, Rate: openRate, Now: now.time, Late: logsim.Late{Share: 0.1, After: 60 * time.Hour},
	}, nil)
	_, _, first := w.night(e, now.time())
	require.Less(t, first.Records, count)
	now.set(e.to.Add(70 * time.Hour))
	_, _, second := w.night(e, now.time())
	late := count - first.Records
	require.Positive(t, late)
	require.Equal(t, late, second.Requests.Detail)
	require.Equal(t, count/100+late, second.Requests.Least)
	require.LessOrEqual(t, second.Requests.OverLeast, 1.02, "%+v", second.Requests)
	_, _, third := w.night(e, now.time())
	require.Zero(t, third.Requests.Detail)
	w.mustEqual(e, w.sources(e))
}

// pagesAsked remembers the bodies of list requests.
type pagesAsked struct {
	mu     sync.Mutex
	bodies map[string]int
}

func (p *pagesAsked) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == logsim.ListPath {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			p.mu.Lock()
			p.bodies[string(body)]++
			p.mu.Unlock()
		}
		next.ServeHTTP(w, r)
	})
}

func TestNoPageIsFetchedAgainForARetryOfItsDetails(t *testing.T) {
	for _, kind := range []logsim.FaultKind{logsim.InternalError, logsim.Truncated, logsim.InvalidJSON} {
		t.Run(kind.String(), func(t *testing.T) {
			e, records := anExactDay(430, "all")
			e.windows, e.extract = 1, quickly()
			asked := &pagesAsked{bodies: map[string]int{}}
			w := newWorld(t, logsim.Options{
				Seed: 35, Records: records, Rate: openRate, Faults: []logsim.Fault{{Kind: kind, Class: logsim.Detail, Probability: 0.2, PerRequest: 2}},
			}, asked.around)
			sum := w.mustRun(e)
			require.Positive(t, sum.Requests.Retried)
			require.Len(t, asked.bodies, 5)
			for body, n := range asked.bodies {
				require.Equal(t, 1, n, body)
			}
			require.EqualValues(t, 5, sum.Requests.List)
			require.Equal(t, 430+sum.Requests.Retried, sum.Requests.Detail, "each failed detail is repeated alone")
			require.EqualValues(t, 435, sum.Requests.Least)
			w.mustEqual(e, w.sources(e))
		})
	}
}

// TestAResumedRunCountsOnlyWhatItHadToDo: what the killed run had listed and fetched is in no sum of the next one. There are
// more records than may wait for their details, so that both runs list.
func TestAResumedRunCountsOnlyWhatItHadToDo(t *testing.T) {
	e, records := anExactDay(2500, "all")
	e.windows, e.inFlight, e.extract = 1, 8, map[string]any{"spool": t.TempDir()}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	stop := &stopper{cancel: cancel}
	stop.at.Store(500)
	w := newWorld(t, logsim.Options{Seed: 36, Records: records, Rate: openRate}, stop.around)
	first, err := apply.Run(ctx, w.config(e), apply.Options{Now: clock, Version: "test"})
	require.ErrorIs(t, err, errStopped)
	require.Less(t, first.Requests.Least, int64(600))
	second := w.mustRun(e)
	require.Positive(t, second.Requests.List)
	require.LessOrEqual(t, second.Requests.OverLeast, 1.02, "%+v", second.Requests)
	require.InDelta(t, 2525, first.Requests.Least+second.Requests.Least, 3)
}
