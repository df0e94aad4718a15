package extract

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hostile answers details as f does, and lists as a sound API.
func hostile(t *testing.T, o ClientOptions, f func(w http.ResponseWriter, r *http.Request), then func(t *testing.T, err error, took time.Duration, requests int64)) {
	t.Helper()
	api := &fakeAPI{entries: newestEntries(500)}
	var requests atomic.Int64
	api.detail = func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		requests.Add(1)
		f(w, r)
		return true
	}
	withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		c.policy.giveUp = orDefault(o.GiveUpAfter, DefaultGiveUpAfter)
		began := time.Now()
		_, err := x.Walk(t.Context(), Step{Client: c, Interval: day}, &gathered{})
		then(t, err, time.Since(began), requests.Load())
	})
}

func TestAServerThatAnswers429ForEverIsGivenUp(t *testing.T) {
	for name, after := range map[string]string{"a time": "7", "a time that has passed": "Thu, 02 Dec 1999 15:04:05 GMT", "negative": "-5", "no time": ""} {
		t.Run(name, func(t *testing.T) {
			hostile(t, ClientOptions{}, func(w http.ResponseWriter, _ *http.Request) {
				if after != "" {
					w.Header().Set("Retry-After", after)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			}, func(t *testing.T, err error, took time.Duration, requests int64) {
				var walk *WalkError
				require.ErrorAs(t, err, &walk)
				require.Contains(t, err.Error(), "429")
				require.NotEmpty(t, walk.Hint)
				require.Less(t, took, 17*time.Minute)
				require.Less(t, requests, int64(3000), "no spinning")
			})
		})
	}
}

func TestAPauseOfAnHourIsWaitedForOrGivenUpByTheUsersLimit(t *testing.T) {
	hour := func(done *atomic.Bool) func(w http.ResponseWriter, r *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			if done.Load() {
				_, _ = w.Write([]byte(`{"id":"` + r.URL.Path[len(detailPath):] + `"}`))
				return
			}
			done.Store(true)
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}
	hostile(t, ClientOptions{GiveUpAfter: 15 * time.Minute}, hour(new(atomic.Bool)), func(t *testing.T, err error, took time.Duration, _ int64) {
		var walk *WalkError
		require.ErrorAs(t, err, &walk)
		require.Contains(t, err.Error(), "the API asks to send nothing for 1h0m0s, until")
		require.Contains(t, walk.Hint, "extract.give_up_after")
		require.Less(t, took, time.Minute)
	})
	hostile(t, ClientOptions{GiveUpAfter: 2 * time.Hour}, hour(new(atomic.Bool)), func(t *testing.T, err error, took time.Duration, _ int64) {
		require.NoError(t, err)
		require.Greater(t, took, time.Hour)
		require.Less(t, took, 2*time.Hour)
	})
}

func TestAbsurdBudgetHeadersStopNothing(t *testing.T) {
	for name, headers := range map[string]map[string]string{
		"limit 0":              {"X-RateLimit": "0", "X-RateLimit-Remaining": "0"},
		"all negative":         {"X-RateLimit": "-1", "X-RateLimit-Remaining": "-7", "X-RateLimit-Window-Size": "-60s"},
		"no numbers":           {"X-RateLimit": "lots", "X-RateLimit-Remaining": "NaN", "X-RateLimit-Window-Size": "soon"},
		"more left than there": {"X-RateLimit": "2000", "X-RateLimit-Remaining": "99999999999999999999"},
		"nothing ever left":    {"X-RateLimit": "2000", "X-RateLimit-Remaining": "0"},
		"limit 1":              {"X-RateLimit": "100", "X-RateLimit-Remaining": "50", "X-RateLimit-Window-Size": "1ns"},
	} {
		t.Run(name, func(t *testing.T) {
			hostile(t, ClientOptions{}, func(w http.ResponseWriter, r *http.Request) {
				for _, k := range []string{"X-RateLimit", "X-RateLimit-Remaining", "X-RateLimit-Window-Size"} {
					w.Header().Del(k)
				}
				for k, v := range headers {
					w.Header().Set(k, v)
				}
				_, _ = w.Write([]byte(`{"id":"` + r.URL.Path[len(detailPath):] + `"}`))
			}, func(t *testing.T, err error, took time.Duration, requests int64) {
				require.NoError(t, err)
				require.EqualValues(t, 500, requests)
				require.Less(t, took, 10*time.Hour, "slow at worst")
			})
		})
	}
}

func TestALatencyOfMinutesIsATimeoutThatSaysSo(t *testing.T) {
	var requests atomic.Int64
	slow := func(_ http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		_ = sleep(r.Context(), 3*time.Minute)
	}
	withClient(t, ClientOptions{GiveUpAfter: 10 * time.Minute, Timeout: 30 * time.Second}, slow, func(t *testing.T, c *Client) {
		_, err := c.List(t.Context(), ListRequest{})
		var timeout *TimeoutError
		require.ErrorAs(t, err, &timeout)
		require.Contains(t, hintOf(err), "extract.timeout")
		require.Less(t, requests.Load(), int64(40))
	})
}

func TestFewerRequestsFlyWhileLatencyOrFailuresRiseAndMoreAgainAfter(t *testing.T) {
	const rate = 1e9
	for name, trouble := range map[string]struct {
		latency time.Duration
		ok      bool
	}{"latency": {2 * time.Second, true}, "failures": {100 * time.Millisecond, false}} {
		t.Run(name, func(t *testing.T) {
			f := newFlight(0, 64, 1024)
			now := time.Unix(0, 0)
			round := func(latency time.Duration, ok bool) {
				n := f.allowed()
				for range n {
					f.send()
				}
				now = now.Add(latency)
				for range n {
					f.answer(now, latency, ok, rate)
				}
			}
			for range 10 {
				round(100*time.Millisecond, true)
			}
			usual := f.allowed()
			require.Equal(t, 1024, usual)
			for range 3 {
				round(trouble.latency, trouble.ok)
			}
			require.Less(t, f.allowed(), usual/2)
			for range 120 {
				round(100*time.Millisecond, true)
			}
			require.Equal(t, 1024, f.allowed())
		})
	}
}

func TestAsManyRequestsFlyAsTheRateNeeds(t *testing.T) {
	needsNoRaceDetector(t)
	for _, latency := range []time.Duration{50, 200, 800} {
		a := newArena(1)
		a.limit, a.latency = 8000, steady(latency*time.Millisecond)
		a.model = newModel(GovernorOptions{})
		a.run(3)
		needed := 8000.0 / 60 * float64(latency) / 1000
		got := float64(a.model.flights[flightOfDetail].allowed())
		require.GreaterOrEqual(t, got, needed)
		require.LessOrEqual(t, got, 2*needed+5)
	}
}
