package extract

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

func TestGovernorKeepsTheHeadroomOfASimulatedOrganisation(t *testing.T) {
	for _, rate := range []logsim.Rate{
		{Limit: 600},
		{Limit: 600, Phase: 23 * time.Second, Background: func(time.Duration) float64 { return 1.5 }},
		{Limit: 600, Rolling: true},
		{Limit: 600, HeaderWindow: "60"},
	} {
		if testing.Short() && rate.Background == nil {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			s, err := simulate(logsim.Options{
				Rate: rate, Records: logsim.Records{Count: 3000, MedianPayload: 100, MaxPayload: 1000},
				Latency: logsim.Latency{Detail: logsim.Delay{Base: 50 * time.Millisecond, Jitter: 200 * time.Millisecond}},
			}, Options{}, GovernorOptions{Headroom: 0.2})
			require.NoError(t, err)
			defer s.close()
			_, stats := s.mustWalk(t, Step{Interval: day})
			require.Zero(t, stats.Throttled)
			windows := s.sim.Windows("")
			for i, w := range windows {
				require.LessOrEqual(t, w.Requests, 480)
				require.Zero(t, w.BackgroundRefused)
				if i > 0 && i < len(windows)-1 && rate.Background == nil && !rate.Rolling {
					require.GreaterOrEqual(t, w.Requests, 470)
				}
			}
		})
	}
}

func TestA429PausesEveryRequestAndNoStormFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{entries: newestEntries(2000)}
		var mu sync.Mutex
		var refusedAt time.Time
		var answered, during, firstMoments int
		api.detail = func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
			_ = sleep(r.Context(), 100*time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			switch since := time.Since(refusedAt); {
			case refusedAt.IsZero():
				if answered++; answered < 500 {
					return false
				}
				refusedAt = time.Now()
				w.Header().Set("Retry-After", "30")
				w.WriteHeader(429)
				return true
			case since > 150*time.Millisecond && since < 30*time.Second:
				during++
			case since > 30*time.Second && since < 30*time.Second+250*time.Millisecond:
				firstMoments++
			}
			return false
		}
		transport, end := inMemory(api)
		defer end()
		x := New(Options{})
		defer x.Close()
		c := newTestClient(t, ClientOptions{Transport: transport})
		g := &gathered{}
		stats, err := x.Walk(t.Context(), Step{Client: c, Interval: day}, g)
		require.NoError(t, err)
		require.Len(t, g.records, 2000)
		require.EqualValues(t, 1, stats.Throttled)
		require.Zero(t, during, "nothing is sent during the pause")
		require.LessOrEqual(t, firstMoments, 7, "one, then two, then four at a time")
		require.NotZero(t, firstMoments)
	})
}

func TestAcquireEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGovernor(GovernorOptions{Limit: 1})
		first, err := g.Acquire(t.Context(), OpList, 0)
		require.NoError(t, err)
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		var waiting sync.WaitGroup
		var ended atomic.Int64
		for range 10 {
			waiting.Go(func() {
				_, err := g.Acquire(ctx, OpDetail, 0)
				if errors.Is(err, cause) {
					ended.Add(1)
				}
			})
		}
		synctest.Wait()
		cancel(cause)
		waiting.Wait()
		require.EqualValues(t, 10, ended.Load())
		g.Observe(first, nil, 0)
		began := time.Now()
		_, err = g.Acquire(t.Context(), OpList, 0)
		require.NoError(t, err)
		require.InDelta(t, time.Minute, time.Since(began), float64(100*time.Millisecond))
	})
}

func TestSnapshotSaysWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGovernor(GovernorOptions{Headroom: 0.5, Details: 7, Lists: 3})
		require.Equal(t, Budget{Remaining: -1, Window: time.Minute, Lists: 3, Details: 7}, g.Snapshot())
		ticket, err := g.Acquire(t.Context(), OpList, 0)
		require.NoError(t, err)
		g.Observe(ticket, http.Header{"X-Ratelimit": {"1000"}, "X-Ratelimit-Remaining": {"753"}, "X-Ratelimit-Window-Size": {"30s"}}, 200)
		known := Budget{Limit: 1000, Remaining: 753, Window: 30 * time.Second, Lists: 3, Details: 7}
		got := g.Snapshot()
		require.InDelta(t, 0.5, got.Used, 0.01)
		got.Used = 0
		require.Equal(t, known, got)
		ticket, err = g.Acquire(t.Context(), OpList, 0)
		require.NoError(t, err)
		g.Observe(ticket, http.Header{"Retry-After": {"10"}}, 429)
		require.Equal(t, time.Now().Add(10*time.Second), g.Snapshot().PausedUntil)
	})
}

func TestSnapshotSaysThatRequestsWaitForTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGovernor(GovernorOptions{Headroom: 0.5})
		first, err := g.Acquire(t.Context(), OpList, 0)
		require.NoError(t, err)
		g.Observe(first, http.Header{"X-Ratelimit": {"10"}, "X-Ratelimit-Remaining": {"5"}, "X-Ratelimit-Window-Size": {"60s"}}, 200)
		require.Zero(t, g.Snapshot().WaitUntil, "nobody waits")
		var waiting sync.WaitGroup
		waiting.Go(func() {
			ticket, err := g.Acquire(t.Context(), OpList, 0)
			if err == nil {
				g.Abandon(ticket)
			}
		})
		synctest.Wait()
		require.Greater(t, time.Until(g.Snapshot().WaitUntil), 10*time.Second, "nothing is left but the headroom")
		waiting.Wait()
		require.Zero(t, g.Snapshot().WaitUntil)
	})
}

func TestListsGoBeforeDetails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGovernor(GovernorOptions{Limit: 60})
		var order []Op
		var mu sync.Mutex
		var waiting sync.WaitGroup
		for _, op := range []Op{OpDetail, OpDetail, OpDetail, OpList} {
			waiting.Go(func() {
				ticket, err := g.Acquire(t.Context(), op, 0)
				if err != nil {
					return
				}
				mu.Lock()
				order = append(order, op)
				mu.Unlock()
				g.Observe(ticket, nil, 200)
			})
			synctest.Wait()
		}
		waiting.Wait()
		require.Equal(t, []Op{OpDetail, OpList, OpDetail, OpDetail}, order)
	})
}

func TestAPauseLongerThanARequestMayWaitIsAnErrorForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGovernor(GovernorOptions{Details: 1})
		refused, err := g.Acquire(t.Context(), OpDetail, time.Minute)
		require.NoError(t, err)
		errs := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := g.Acquire(t.Context(), OpDetail, 15*time.Minute)
				errs <- err
			}()
		}
		synctest.Wait()
		g.Observe(refused, http.Header{"Retry-After": {"3600"}}, 429)
		for range 2 {
			var paused *PausedError
			require.ErrorAs(t, <-errs, &paused)
			require.Equal(t, time.Hour, paused.Wait)
			require.Contains(t, paused.Error(), "1h0m0s")
		}
		_, err = g.Acquire(t.Context(), OpDetail, 15*time.Minute)
		require.Error(t, err, "one who comes later is told too")
		began := time.Now()
		_, err = g.Acquire(t.Context(), OpDetail, 2*time.Hour)
		require.NoError(t, err)
		require.Equal(t, time.Hour, time.Since(began), "who may wait, waits")
	})
}

func TestReadBudget(t *testing.T) {
	now := time.Now()
	for text, want := range map[string]time.Duration{
		"60s": time.Minute, "600s": 10 * time.Minute, "60": time.Minute, "600": 10 * time.Minute, "60000": time.Minute, "1m": time.Minute, " 60s ": time.Minute,
		"": 0, "0": 0, "-60s": 0, "soon": 0, "99999999999": 0, "1ms": 0, "100h": 0,
	} {
		require.Equal(t, want, parseWindow(text), text)
	}
	require.Equal(t, reading{remaining: -1}, readBudget(nil, now))
	require.Equal(t, reading{remaining: -1}, readBudget(http.Header{"X-Ratelimit": {"0"}, "X-Ratelimit-Remaining": {"x"}}, now))
	require.Equal(t, reading{limit: maxCount}, readBudget(http.Header{"X-Ratelimit": {"9000000000000"}, "X-Ratelimit-Remaining": {"-5"}}, now))
}
