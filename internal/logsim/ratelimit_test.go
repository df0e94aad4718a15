package logsim

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAFixedWindowAdmitsItsLimitAndSaysWhenItEnds(t *testing.T) {
	clock := newClock()
	clock.advance(15 * time.Second)
	a := serve(t, Options{Now: clock.Now, Rate: Rate{Limit: 3}})
	for left := 2; left >= 0; left-- {
		got := a.call(http.MethodPost, ListPath, "{}")
		require.Equal(t, http.StatusOK, got.status)
		require.Equal(t, []string{"3", strconv.Itoa(left), "60s"},
			[]string{got.header.Get("X-RateLimit"), got.header.Get("X-RateLimit-Remaining"), got.header.Get("X-RateLimit-Window-Size")})
	}
	got := a.call(http.MethodPost, ListPath, "{}")
	require.Equal(t, http.StatusTooManyRequests, got.status)
	require.JSONEq(t, `{"message":"Rate limit exceeded. Limit: 3 requests per 1 minute"}`, string(got.body))
	require.Equal(t, []string{"45", "0"}, []string{got.header.Get("Retry-After"), got.header.Get("X-RateLimit-Remaining")})
	clock.advance(45 * time.Second)
	require.Equal(t, http.StatusOK, a.call(http.MethodPost, ListPath, "{}").status)
	want := []Window{
		{Start: time.Date(2026, 4, 18, 12, 0, 0, 0, time.UTC), Limit: 3, Requests: 3, Refused: 1},
		{Start: time.Date(2026, 4, 18, 12, 1, 0, 0, time.UTC), Limit: 3, Requests: 1},
	}
	require.Equal(t, want, a.server.Windows(""))
}

func TestRateHeadersAndRetryAfterCanBeSwitched(t *testing.T) {
	clock := newClock()
	a := serve(t, Options{Now: clock.Now, Rate: Rate{Limit: 1, Window: 10 * time.Minute, OmitHeaders: true, OmitRetryAfter: true}})
	a.call(http.MethodPost, ListPath, "{}")
	got := a.call(http.MethodPost, ListPath, "{}")
	require.Empty(t, got.header.Get("Retry-After"))
	require.Empty(t, got.header.Get("X-RateLimit"))
	require.Contains(t, string(got.body), "per 10 minutes")

	a = serve(t, Options{Now: clock.Now, Rate: Rate{Limit: 1, Window: 10 * time.Minute, RetryAfterDate: true}})
	require.Equal(t, "600s", a.call(http.MethodPost, ListPath, "{}").header.Get("X-RateLimit-Window-Size"))
	require.Equal(t, "Sat, 18 Apr 2026 12:10:00 GMT", a.call(http.MethodPost, ListPath, "{}").header.Get("Retry-After"))
}

func TestPhaseMovesTheWindow(t *testing.T) {
	clock := newClock()
	l := newLimiter(Rate{Limit: 1, Window: time.Minute, Phase: 20 * time.Second}, clock.Now())
	require.False(t, l.take(clock.Now()).refused)
	v := l.take(clock.Now())
	require.True(t, v.refused)
	require.Equal(t, 20*time.Second, v.reset)
	require.False(t, l.take(clock.Now().Add(20*time.Second)).refused)
}

func TestTheLimitChangesWhenItIsDeclaredTo(t *testing.T) {
	clock := newClock()
	l := newLimiter(Rate{Limit: 10, Window: time.Minute, Changes: []LimitChange{{After: 30 * time.Second, Limit: 2}, {After: time.Minute, Limit: -1}}}, clock.Now())
	for range 3 {
		require.False(t, l.take(clock.Now()).refused)
	}
	v := l.take(clock.Now().Add(30 * time.Second))
	require.True(t, v.refused)
	require.Equal(t, 2, v.limit)
	require.False(t, l.take(clock.Now().Add(time.Minute)).refused)
}

func TestBackgroundTrafficSharesTheBudgetAndItsRefusalsAreCounted(t *testing.T) {
	clock := newClock()
	start := clock.Now()
	l := newLimiter(Rate{Limit: 100, Window: time.Minute, Background: func(since time.Duration) float64 {
		if since < time.Minute {
			return 1
		}
		return 3
	}}, start)
	require.Equal(t, 69, l.take(start.Add(30*time.Second)).remaining)
	windows := l.history(start.Add(2 * time.Minute))
	require.Len(t, windows, 3)
	require.InDelta(t, 60, windows[0].Background, 1)
	require.Zero(t, windows[0].BackgroundRefused)
	require.Equal(t, 100, windows[1].Background)
	require.InDelta(t, 80, windows[1].BackgroundRefused, 1)
}

func TestProjectsOfOneOrganisationShareItsBudget(t *testing.T) {
	a := serve(t, Options{Rate: Rate{Limit: 2, Window: time.Hour}, Projects: []Project{{Name: "a"}, {Name: "b"}, {Name: "c", Organisation: "other"}}})
	status := func(key string) int {
		a.key = key
		return a.call(http.MethodPost, ListPath, "{}").status
	}
	require.Equal(t, []int{200, 200, 429, 200}, []int{status("ak_a"), status("ak_b"), status("ak_a"), status("ak_c")})
	require.Len(t, a.server.Windows("other"), 1)
	require.Empty(t, a.server.Windows("unknown"))
}

func TestNoWindowAdmitsMoreThanItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opts := Rate{Limit: rapid.IntRange(1, 30).Draw(t, "limit"), Window: time.Minute, Rolling: rapid.Bool().Draw(t, "rolling")}
		if rate := rapid.Float64Range(0, 1).Draw(t, "background"); rate > 0 {
			opts.Background = func(time.Duration) float64 { return rate }
		}
		now := time.Unix(1_700_000_000, 0)
		l := newLimiter(opts, now)
		var admitted []time.Time
		for range 200 {
			now = now.Add(time.Duration(rapid.Int64Range(0, 5e9).Draw(t, "gap")))
			v := l.take(now)
			require.Equal(t, v.remaining, max(v.remaining, 0))
			if !v.refused {
				admitted = append(admitted, now)
			} else {
				require.Positive(t, v.reset)
				require.LessOrEqual(t, v.reset, opts.Window)
			}
		}
		for _, w := range l.history(now) {
			if !opts.Rolling {
				require.LessOrEqual(t, w.Requests+w.Background, opts.Limit)
			}
		}
		if opts.Rolling {
			for i, from := range admitted {
				n := 0
				for _, at := range admitted[i:] {
					if at.Sub(from) < opts.Window-opts.Window/rollingSlots {
						n++
					}
				}
				require.LessOrEqual(t, n, opts.Limit)
			}
		}
	})
}

func TestRollingRetryAfterIsLongEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_700_000_000, 0)
		l := newLimiter(Rate{Limit: rapid.IntRange(1, 5).Draw(t, "limit"), Window: time.Minute, Rolling: true}, now)
		for range 60 {
			now = now.Add(time.Duration(rapid.Int64Range(0, 2e10).Draw(t, "gap")))
			if v := l.take(now); v.refused {
				now = now.Add(v.reset)
				require.False(t, l.take(now).refused)
			}
		}
	})
}
