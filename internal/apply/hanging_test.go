package apply_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"logferry/extract"
	"logferry/internal/apply"
)

// roundTrips is an API without a network that may take its time.
type roundTrips func(r *http.Request) (*http.Response, error)

func (f roundTrips) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return f(r)
}

func says(r *http.Request, status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

func isUsage(r *http.Request) bool { return strings.Contains(r.URL.Path, "usage") }

// An API that has named its limit, and then hangs, is no API whose budget is used up.
func TestAListThatHangsIsNoWaitForTheBudget(t *testing.T) {
	for name, remaining := range map[string]string{"it hangs": "1999", "the budget is used up": "0"} {
		t.Run(name, func(t *testing.T) {
			p := lakeOf(t, "")
			synctest.Test(t, func(t *testing.T) {
				s := openFor(t, p, roundTrips(func(r *http.Request) (*http.Response, error) {
					if isUsage(r) {
						return says(r, 403, `{"error":{"message":"no"}}`, "X-RateLimit", "2000", "X-RateLimit-Remaining", remaining, "X-RateLimit-Window-Size", "600s"), nil
					}
					<-r.Context().Done()
					return nil, r.Context().Err()
				}))
				defer s.Close()
				_, err := s.Preview(context.Background(), apply.PlanOptions{})
				if remaining == "0" {
					require.NoError(t, err, "its turn did not come")
					return
				}
				var unasked *apply.UnaskedError
				require.ErrorAs(t, err, &unasked)
				var slow *extract.TimeoutError
				require.ErrorAs(t, err, &slow)
			})
		})
	}
}

// A pause that the API asks for is waited for: it is no failure of the count.
func TestAPartitionIsComparedAfterAPauseToo(t *testing.T) {
	p := lakeOf(t, "")
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // several windows are asked for at once
		listed, paused := false, false
		sum, err := apply.Run(context.Background(), p, apply.Options{
			Now: clock, Version: "test", WrapTransport: func(http.RoundTripper) http.RoundTripper {
				return roundTrips(func(r *http.Request) (*http.Response, error) {
					mu.Lock()
					defer mu.Unlock()
					if !isUsage(r) {
						listed = true
						return says(r, 200, `{"logs":[],"next_cursor":null}`), nil
					}
					if listed && !paused {
						paused = true
						return says(r, 429, `{"error":{"message":"later"}}`, "Retry-After", "40"), nil
					}
					return says(r, 200, `{"entities":{"tool_calls":{"unit":"calls","total_quantity":"0","event_count":0}}}`), nil
				})
			},
		})
		require.NoError(t, err)
		require.True(t, paused)
		require.EqualValues(t, 2, sum.Reconcile.Agree, "%+v", sum.Reconcile)
	})
}
