package logsim

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
)

func (a *api) raw(accept string) *http.Response {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.web.URL+ListPath, strings.NewReader("{}"))
	require.NoError(a.t, err)
	req.Header.Set("x-api-key", a.key)
	req.Header.Set("Accept-Encoding", accept)
	resp, err := a.web.Client().Do(req)
	require.NoError(a.t, err)
	return resp
}

func TestGzipIsUsedWhereItIsAskedFor(t *testing.T) {
	a := serve(t, Options{})
	plain := a.call(http.MethodPost, ListPath, "{}").body
	for accept, packed := range map[string]bool{"gzip": true, "br, gzip;q=0.8": true, "identity": false, "gzip;q=0": false, "*": true} {
		resp := a.raw(accept)
		require.Equal(t, packed, resp.Header.Get("Content-Encoding") == "gzip", accept)
		var body io.Reader = resp.Body
		if packed {
			z, err := gzip.NewReader(resp.Body)
			require.NoError(t, err)
			body = z
		}
		got, err := io.ReadAll(body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Len(t, got, len(plain))
	}
	a = serve(t, Options{NoGzip: true})
	resp := a.raw("gzip")
	require.Empty(t, resp.Header.Get("Content-Encoding"))
	require.NoError(t, resp.Body.Close())
}

func TestHTTP2IsServedOverTLS(t *testing.T) {
	s, err := New(Options{Faults: []Fault{{Kind: Reset, Nth: 2}, {Kind: Truncated, Nth: 2}}})
	require.NoError(t, err)
	web := httptest.NewUnstartedServer(s)
	web.EnableHTTP2 = true
	web.StartTLS()
	defer web.Close()
	get := func() error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+DetailPath+s.Truth("").ID(3), nil)
		require.NoError(t, err)
		req.Header.Set("x-api-key", DefaultKey)
		resp, err := web.Client().Do(req)
		if err != nil {
			return err
		}
		require.Equal(t, 2, resp.ProtoMajor)
		_, err = io.ReadAll(resp.Body)
		require.NoError(t, resp.Body.Close())
		return err
	}
	require.NoError(t, get())
	require.Error(t, get(), "a reset stream")
	require.Error(t, get(), "a truncated body")
	require.NoError(t, get())
}

func TestLatencyIsWaitedByClass(t *testing.T) {
	var mu sync.Mutex
	var waits []time.Duration
	a := serve(t, Options{
		Latency: Latency{List: Delay{Base: time.Second}, Detail: Delay{Base: 2 * time.Second, Jitter: time.Second}},
		Sleep: func(_ context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, d)
			return nil
		},
	})
	a.page(map[string]any{})
	id := a.server.Truth("").ID(0)
	for range 2 {
		a.call(http.MethodGet, DetailPath+id, "")
	}
	a.call(http.MethodPost, UsageSummaryPath, "{}")
	require.Len(t, waits, 3)
	require.Equal(t, time.Second, waits[0])
	require.Equal(t, waits[1], waits[2], "the jitter belongs to the request")
	require.GreaterOrEqual(t, waits[1], 2*time.Second)
	require.Less(t, waits[1], 3*time.Second)
}

func TestCountersCountEveryRequest(t *testing.T) {
	a := serve(t, Options{Rate: Rate{Limit: 4, Window: time.Hour}})
	size := 0
	for _, c := range [][2]string{{"POST", ListPath}, {"GET", DetailPath + a.server.Truth("").ID(0)}, {"POST", UsageSummaryPath}, {"GET", "/"}, {"POST", ListPath}} {
		req, err := http.NewRequestWithContext(t.Context(), c[0], a.web.URL+c[1], nil)
		require.NoError(t, err)
		req.Header.Set("x-api-key", a.key)
		req.Header.Set("Accept-Encoding", "identity")
		resp, err := a.web.Client().Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		size += len(body)
	}
	stats := a.server.Stats()
	require.Equal(t, map[Class]int{List: 2, Detail: 1, UsageCall: 1, Other: 1}, stats.Requests)
	require.Equal(t, map[int]int{200: 3, 404: 1, 429: 1}, stats.Statuses)
	require.Equal(t, int64(size), stats.BytesSent)
	require.Equal(t, 1, stats.PeakInFlight[List])
}

func TestRequestsInParallelGetRightAnswers(t *testing.T) {
	a := serve(t, Options{Rate: Rate{Limit: -1}, Faults: []Fault{{Kind: InternalError, Probability: 0.1}}, Late: Late{Share: 0.1, After: time.Hour}})
	truth := a.server.Truth("")
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 40 {
				n := (worker*40 + i) % truth.Len()
				got, err := a.try(http.MethodGet, DetailPath+truth.ID(n), "")
				if err != nil || got.status == 200 && string(got.body) != string(truth.AppendDetail(nil, n)) {
					t.Errorf("record %d: %v, %d", n, err, got.status)
				}
			}
		})
	}
	group.Wait()
}
