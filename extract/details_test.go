package extract

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
	"logferry/internal/record"
	"logferry/internal/window"
)

func TestADetailThatNeverSucceedsBlocksNoOther(t *testing.T) {
	api := &fakeAPI{entries: newestEntries(500)}
	var last atomic.Int64 // when the last of the others came, in ns of the bubble's time
	api.detail = func(w http.ResponseWriter, _ *http.Request, id string, _ int) bool {
		if id == "log_00000" {
			w.WriteHeader(500)
			return true
		}
		last.Store(time.Now().UnixNano())
		return false
	}
	withFake(t, api, Options{DetailsInFlight: 1}, func(t *testing.T, x *Extractor, c *Client) {
		began := time.Now()
		g := &gathered{}
		stats, err := x.Walk(t.Context(), Step{Client: c, Interval: day}, g)
		require.NoError(t, err)
		require.Len(t, g.ids(), 500)
		require.Less(t, time.Duration(last.Load()-began.UnixNano()), time.Second, "a sleeping retry holds no slot")
		require.Greater(t, time.Since(began), 9*time.Minute)
		require.EqualValues(t, 499, stats.Fetched)
		require.EqualValues(t, 1, stats.Failed)
		require.Len(t, g.bads, 1)
		bad := g.bads[0]
		require.Equal(t, "log_00000", bad.ID)
		require.Greater(t, bad.Attempts, 5)
		require.Equal(t, bad.Attempts, api.detailRequests()["log_00000"])
		require.Contains(t, bad.LastError, "500")
		require.NotEmpty(t, bad.Reason)
		require.NotEmpty(t, bad.Raw)
		for _, r := range g.records {
			if r.ID == "log_00000" {
				require.Equal(t, record.Failed, r.Outcome)
				require.Nil(t, r.Detail)
			}
		}
	})
}

func TestABadRecordEndsTheWalkWhenTheReceiverSaysSo(t *testing.T) {
	api := &fakeAPI{entries: newestEntries(50)}
	api.detail = func(w http.ResponseWriter, _ *http.Request, id string, _ int) bool {
		if id == "log_00007" {
			w.WriteHeader(422)
			return true
		}
		return false
	}
	withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		refused := errors.New("no bad records wanted")
		_, err := x.Walk(t.Context(), Step{Client: c, Interval: day}, &gathered{failBad: refused})
		require.ErrorIs(t, err, refused)
		var walk *WalkError
		require.ErrorAs(t, err, &walk)
	})
}

func TestAReceiversErrorEndsTheWalk(t *testing.T) {
	for _, details := range []Details{DetailsAll, DetailsNone} {
		api := &fakeAPI{entries: newestEntries(5000)}
		withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
			full := errors.New("disk full")
			_, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: details}, &gathered{fail: full})
			require.ErrorIs(t, err, full)
			require.Less(t, len(api.detailRequests()), 5000)
		})
	}
}

func TestARevokedKeyEndsTheWalkAtOnce(t *testing.T) {
	api := &fakeAPI{entries: newestEntries(5000)}
	var calls atomic.Int64
	api.detail = func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
		if calls.Add(1) > 200 {
			reply(401, `{"error":{"message":"Invalid API key","suggested_fix":"Create a key."}}`)(w, nil)
			return true
		}
		return false
	}
	withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		began := time.Now()
		_, err := x.Walk(t.Context(), Step{Client: c, Interval: day}, &gathered{})
		var walk *WalkError
		require.ErrorAs(t, err, &walk)
		require.Contains(t, err.Error(), "Invalid API key; suggested fix: Create a key.")
		require.Contains(t, walk.Hint, "source.api_key")
		require.Less(t, time.Since(began), time.Second)
		require.Less(t, calls.Load(), int64(200+4*firstDetails))
	})
}

func TestCancellingEndsAWalkAtOnce(t *testing.T) {
	api := &fakeAPI{entries: newestEntries(5000)}
	api.detail = func(w http.ResponseWriter, r *http.Request, id string, _ int) bool {
		switch {
		case strings.HasSuffix(id, "1"):
			w.WriteHeader(500) // goes to sleep
			return true
		case strings.HasSuffix(id, "2"):
			<-r.Context().Done()
			return true
		}
		return false
	}
	withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		ctx, cancel := context.WithCancelCause(t.Context())
		interrupted := errors.New("interrupted")
		time.AfterFunc(3*time.Second, func() { cancel(interrupted) })
		began := time.Now()
		_, err := x.Walk(ctx, Step{Client: c, Interval: day}, &gathered{})
		require.ErrorIs(t, err, interrupted)
		require.Equal(t, 3*time.Second, time.Since(began))
	})
}

func TestOnlyFailedEntriesGetTheirDetails(t *testing.T) {
	bubble(t, logsim.Options{Records: logsim.Records{Count: 800}}, Options{}, func(t *testing.T, s *simulation) {
		g, stats := s.mustWalk(t, Step{Interval: day, Details: DetailsFailed})
		truth := s.sim.Truth("")
		for _, r := range g.records {
			n, _ := truth.Number(r.ID)
			require.Equal(t, truth.Fact(n).Failed, r.Outcome == record.Fetched)
		}
		require.NotZero(t, stats.Fetched)
		require.EqualValues(t, 800, stats.Fetched+stats.Skipped)
	})
}

func TestFiltersReachTheAPI(t *testing.T) {
	bubble(t, logsim.Options{Records: logsim.Records{Count: 500}}, Options{}, func(t *testing.T, s *simulation) {
		g := &gathered{}
		_, err := s.walk(t.Context(), Step{Interval: day, Details: DetailsNone, Filters: []Filter{{"status", "==", "failed"}}}, g)
		require.NoError(t, err)
		want := s.sim.Truth("").IDs(logsim.Query{From: day.From, To: day.To, Filters: []logsim.Filter{{Field: "status", Operator: "==", Value: "failed"}}})
		require.ElementsMatch(t, want, g.ids())
		require.NotEmpty(t, want)
	})
}

// slowReceiver notes how many bytes it was given while it was slow.
type slowReceiver struct {
	gathered
	x    *Extractor
	peak atomic.Int64
}

func (s *slowReceiver) Records(ctx context.Context, batch []record.Record) error {
	s.x.details.mu.Lock()
	s.peak.Store(max(s.peak.Load(), s.x.details.used))
	s.x.details.mu.Unlock()
	_ = sleep(ctx, 10*time.Millisecond)
	return s.gathered.Records(ctx, batch)
}

func TestLargePayloadsStayWithinTheMemoryBound(t *testing.T) {
	if testing.Short() {
		t.Skip("measures memory")
	}
	const size = 2 << 20
	payload := `","data":"` + strings.Repeat("x", size) + `"}`
	api := &fakeAPI{entries: newestEntries(60)}
	var sending, peak atomic.Int64
	api.detail = func(w http.ResponseWriter, _ *http.Request, id string, _ int) bool {
		peak.Store(max(peak.Load(), sending.Add(1)))
		defer sending.Add(-1)
		_, _ = io.WriteString(w, `{"id":"`+id+payload)
		return true
	}
	const memory = 16 << 20
	withFake(t, api, Options{MemoryBytes: memory}, func(t *testing.T, x *Extractor, c *Client) {
		r := &slowReceiver{x: x}
		_, err := x.Walk(t.Context(), Step{Client: c, Interval: day}, r)
		require.NoError(t, err)
		require.Len(t, r.records, 60)
		require.LessOrEqual(t, r.peak.Load(), int64(memory/8*5+2*size+size/2), "the budget and one answer")
		require.Zero(t, x.details.used)
		require.Zero(t, x.entries.used)
	})
}

func TestSeveralWalksShareTheBounds(t *testing.T) {
	api := &fakeAPI{entries: newestEntries(3000)}
	var inFlight, peak atomic.Int64
	api.detail = func(_ http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		peak.Store(max(peak.Load(), inFlight.Add(1)))
		_ = sleep(r.Context(), 5*time.Millisecond)
		inFlight.Add(-1)
		return false
	}
	withFake(t, api, Options{DetailsInFlight: 7, Windows: 2}, func(t *testing.T, x *Extractor, c *Client) {
		var walks sync.WaitGroup
		var total Progress
		pieces := window.Split(day, 4)
		got := make([]gathered, len(pieces))
		for i, piece := range pieces {
			walks.Go(func() {
				stats, err := x.Walk(t.Context(), Step{Client: c, Interval: piece, Progress: &total}, &got[i])
				if err != nil || int(stats.Kept) != len(got[i].records) {
					t.Errorf("walk %d: %v, %+v", i, err, stats)
				}
			})
		}
		walks.Wait()
		require.EqualValues(t, 3000, total.Snapshot().Fetched)
		require.EqualValues(t, 3000, total.Snapshot().Kept)
		require.Zero(t, total.Snapshot().InFlight+total.Snapshot().Windows+total.Snapshot().Sleeping)
		require.EqualValues(t, 7, peak.Load())
	})
}

func TestWalkRefusesWhatCanNotWork(t *testing.T) {
	x := New(Options{})
	_, err := x.Walk(t.Context(), Step{Details: "some"}, &gathered{})
	require.ErrorContains(t, err, "expected all, failed or none")
	_, err = x.Walk(t.Context(), Step{}, &gathered{})
	require.ErrorContains(t, err, "client")
	x.Close()
	x.Close()
	_, err = x.Walk(t.Context(), Step{Client: &Client{}}, &gathered{})
	require.ErrorIs(t, err, errClosed)
}
