package extract

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
)

func TestPermanentAndFatalAnswersAreNotRetried(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 409, 410, 422, 301, 302, 307} {
		var calls atomic.Int64
		h := func(w http.ResponseWriter, _ *http.Request) { calls.Add(1); w.WriteHeader(status) }
		withClient(t, ClientOptions{}, h, func(t *testing.T, c *Client) {
			_, err := c.Detail(t.Context(), "log_1")
			require.Error(t, err)
			require.EqualValues(t, 1, calls.Load(), status)
		})
	}
}

func TestPassingTroubleIsRetried(t *testing.T) {
	html := reply(200, "<html>maintenance</html>")
	for name, bad := range map[string]http.HandlerFunc{
		"408": reply(408, ""), "425": reply(425, ""), "429": reply(429, ""), "500": reply(500, ""), "502": reply(502, "<html>"), "503": reply(503, ""), "504": reply(504, ""),
		"HTML in a 200": html, "empty 200": reply(200, ""), "another record": reply(200, `{"id":"log_2"}`), "cut JSON": reply(200, `{"id":"log_1"`),
		"connection ends": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"body ends": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"id":`)
			panic(http.ErrAbortHandler)
		},
		"damaged gzip": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped(`{"id":"log_1"}`)[:15])
		},
		"not gzip": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, `{"id":"log_1"}`)
		},
		"hangs": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"trickles": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				_ = sleep(r.Context(), time.Second)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			h := func(w http.ResponseWriter, r *http.Request) {
				if calls.Add(1) <= 3 {
					bad(w, r)
					return
				}
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(zipped(`{"id":"log_1"}`))
			}
			withClient(t, ClientOptions{}, h, func(t *testing.T, c *Client) {
				body, err := c.Detail(t.Context(), "log_1")
				require.NoError(t, err)
				require.JSONEq(t, `{"id":"log_1"}`, string(body))
				require.EqualValues(t, 4, calls.Load())
			})
		})
	}
}

func zipped(s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.Bytes()
}

func TestRetriesEndAndSaySo(t *testing.T) {
	withClient(t, ClientOptions{GiveUpAfter: 10 * time.Minute}, reply(500, `{"error":{"message":"down"}}`), func(t *testing.T, c *Client) {
		began := time.Now()
		_, err := c.List(t.Context(), ListRequest{})
		var gaveUp *GaveUpError
		require.ErrorAs(t, err, &gaveUp)
		var api *APIError
		require.ErrorAs(t, err, &api)
		require.Greater(t, gaveUp.Attempts, 10)
		require.Greater(t, time.Since(began), 9*time.Minute)
		require.LessOrEqual(t, time.Since(began), 10*time.Minute)
	})
}

func TestADetailThatStaysUnreadableIsNotRetriedForLong(t *testing.T) {
	withClient(t, ClientOptions{}, reply(200, `{"id":"log_1",}`), func(t *testing.T, c *Client) {
		_, err := c.Detail(t.Context(), "log_1")
		var gaveUp *GaveUpError
		require.ErrorAs(t, err, &gaveUp)
		require.Equal(t, maxMalformed, gaveUp.Attempts)
		var body *BodyError
		require.ErrorAs(t, err, &body)
	})
}

func TestControlCharactersInStringsAreRepaired(t *testing.T) {
	withClient(t, ClientOptions{}, reply(200, "{\"id\":\"log_1\",\"message\":\"a\nb\"}"), func(t *testing.T, c *Client) {
		body, err := c.Detail(t.Context(), "log_1")
		require.NoError(t, err)
		require.Equal(t, `{"id":"log_1","message":"a\nb"}`, string(body))
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	for _, status := range []int{429, 503} {
		var calls atomic.Int64
		h := func(w http.ResponseWriter, _ *http.Request) {
			if calls.Add(1) == 1 {
				w.Header().Set("Retry-After", "37")
				w.WriteHeader(status)
				return
			}
			_, _ = io.WriteString(w, `{"logs":[]}`)
		}
		withClient(t, ClientOptions{}, h, func(t *testing.T, c *Client) {
			began := time.Now()
			_, err := c.List(t.Context(), ListRequest{})
			require.NoError(t, err)
			require.GreaterOrEqual(t, time.Since(began), 37*time.Second)
			require.Less(t, time.Since(began), 50*time.Second)
		})
	}
}

func TestA429DoesNotUseUpARequestsTime(t *testing.T) {
	var calls atomic.Int64
	h := func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) <= 5 {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(429)
			return
		}
		_, _ = io.WriteString(w, `{"logs":[]}`)
	}
	withClient(t, ClientOptions{GiveUpAfter: 30 * time.Second, BackoffBase: time.Millisecond}, h, func(t *testing.T, c *Client) {
		_, err := c.List(t.Context(), ListRequest{})
		require.NoError(t, err)
	})
	withClient(t, ClientOptions{GiveUpAfter: 30 * time.Second, BackoffBase: time.Millisecond}, reply(429, ""), func(t *testing.T, c *Client) {
		_, err := c.List(t.Context(), ListRequest{})
		var gaveUp *GaveUpError
		require.ErrorAs(t, err, &gaveUp, "but it ends")
		require.LessOrEqual(t, gaveUp.Attempts, maxThrottled)
	})
}

func TestADetailOfKnownLengthIsBounded(t *testing.T) {
	withClient(t, ClientOptions{MaxDetailBody: 100}, reply(200, `{"id":"log_1","d":"`+strings.Repeat("x", 100)+`"}`), func(t *testing.T, c *Client) {
		_, err := c.Detail(t.Context(), "log_1")
		var tooLarge *TooLargeError
		require.ErrorAs(t, err, &tooLarge)
	})
}

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2026, 4, 17, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"0": 0, "5": 5 * time.Second, "1.5": 1500 * time.Millisecond, "99999999999999999999": maxRetryAfter, "1e300": maxRetryAfter,
		"Fri, 17 Apr 2026 10:00:30 GMT": 30 * time.Second, "Fri, 17 Apr 2026 09:00:00 GMT": 0, "Fri, 17 Apr 2099 09:00:00 GMT": maxRetryAfter,
	} {
		got, ok := parseRetryAfter(text, now)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "-1", "soon", "NaN"} {
		_, ok := parseRetryAfter(text, now)
		require.False(t, ok, text)
	}
}

func TestCancellingEndsARequestAtOnce(t *testing.T) {
	cause := errors.New("enough")
	for name, h := range map[string]http.HandlerFunc{
		"waiting for an answer": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		},
		"pausing":             reply(500, ""),
		"pausing after a 429": reply(429, ""),
	} {
		t.Run(name, func(t *testing.T) {
			withClient(t, ClientOptions{Timeout: time.Hour, BackoffBase: time.Hour, BackoffCap: time.Hour, GiveUpAfter: 100 * time.Hour}, h, func(t *testing.T, c *Client) {
				ctx, cancel := context.WithCancelCause(t.Context())
				go func() { time.Sleep(time.Millisecond); cancel(cause) }()
				began := time.Now()
				_, err := c.List(ctx, ListRequest{})
				require.ErrorIs(t, err, cause)
				require.LessOrEqual(t, time.Since(began), 2*time.Millisecond)
			})
		})
	}
}

func TestPausesGrowWithFullJitter(t *testing.T) {
	var highest []int64
	p := newRetryPolicy(200*time.Millisecond, 30*time.Second, time.Hour)
	p.random = func(n int64) int64 { highest = append(highest, n-1); return 0 }
	var state tries
	for range 10 {
		state.attempts++
		pause, err := p.next(&state, OpList, verdict{class: retry}, true)
		require.NoError(t, err)
		require.Zero(t, pause)
	}
	for i, want := range []time.Duration{200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000} {
		require.Equal(t, int64(want*time.Millisecond), highest[i])
	}
}

func TestADeadlineSaysWhatHadFailedBefore(t *testing.T) {
	withClient(t, ClientOptions{}, reply(503, `{"error":{"message":"maintenance"}}`), func(t *testing.T, c *Client) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err := c.Usage(ctx, UsageRequest{})
		require.ErrorContains(t, err, "maintenance")
		var gaveUp *GaveUpError
		require.ErrorAs(t, err, &gaveUp)
		require.Greater(t, gaveUp.Attempts, 1)
		cancelled, stop := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, stop)
		_, err = c.Usage(cancelled, UsageRequest{})
		require.ErrorIs(t, err, context.Canceled, "who gives up himself knows why")
	})
}
