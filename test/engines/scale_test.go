package engines_test

import (
	"context"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/plan"
	"logferry/test/engines/s3"
)

// mostObjects is how many objects below _logferry/ the export of one more hour may read and write, whatever the history.
const mostObjects = 13

// plans plans and says that the newest hour is what there is to do.
func (h *history) plans(t testing.TB, s *apply.Session, ctx context.Context) *plan.Plan {
	t.Helper()
	pl, err := s.Plan(ctx, apply.PlanOptions{})
	require.NoError(t, err)
	require.Len(t, pl.Steps, 1)
	require.Equal(t, plan.Create, pl.Steps[0].Action)
	require.EqualValues(t, h.hours, pl.Unchanged.Partitions)
	return pl
}

// applies exports the newest hour.
func (h *history) applies(t testing.TB) *counting {
	t.Helper()
	s, counted := h.session(t)
	defer s.Close()
	ctx, unlock, err := s.Lock(context.Background(), "apply", nil)
	require.NoError(t, err)
	sum, err := s.Apply(ctx, h.plans(t, s, ctx))
	unlock()
	require.NoError(t, err)
	require.Equal(t, 1, sum.Partitions.Written)
	h.hours++
	return counted
}

var quiet = logsim.Options{Seed: 3, Records: logsim.Records{
	Count: 400, From: firstHour.AddDate(0, 0, 1), To: firstHour.AddDate(3, 1, 0), MedianPayload: 100,
}}

func TestOneMoreHourTouchesAFewStateObjects(t *testing.T) {
	h := newHistory(t, newWorld(t, quiet), 4500) // as deep in checkpoints as three years
	for range 20 {
		require.LessOrEqual(t, len(h.applies(t).objects), mostObjects)
	}
}

// distance is how long a request takes to a store that is not in this machine.
const distance = 50 * time.Millisecond

// BenchmarkThreeYears is about a state of 26,280 hourly partitions: how long a plan takes, what the next hour costs, and how
// large commits are when the state is small and when it is large.
func BenchmarkThreeYears(b *testing.B) {
	memory := newHistory(b, newWorld(b, quiet), threeYears)
	b.Run("CommitAt100", func(b *testing.B) { commitBytes(b, memory, 100) })
	b.Run("CommitAt26000", func(b *testing.B) { commitBytes(b, memory, 26_000) })
	benchmarkHistory(b, "Memory", memory)

	p := newPlace(b, s3.Indexed)
	near := memory.copyTo(b, p)
	benchmarkHistory(b, "S3", near)
	away, end := server.Away(func(*http.Request) { time.Sleep(distance) })
	defer end()
	near.url = s3.URL(away, p.name, "lake")
	benchmarkHistory(b, "S3In50ms", near)
}

func benchmarkHistory(b *testing.B, name string, h *history) {
	plans := func() {
		s, _ := h.session(b)
		defer s.Close()
		h.plans(b, s, context.Background())
	}
	plans() // the store's index is made
	b.Run("Plan/"+name, func(b *testing.B) {
		before := cpuTime(b)
		for b.Loop() {
			plans()
		}
		b.ReportMetric(float64((cpuTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
	})
	b.Run("ApplyOneHour/"+name, func(b *testing.B) {
		var objects, requests int
		for b.Loop() {
			counted := h.applies(b)
			objects, requests = max(objects, len(counted.objects)), max(requests, counted.requests)
		}
		b.ReportMetric(float64(objects), "state-objects")
		b.ReportMetric(float64(requests), "state-requests")
	})
}

// cpuTime is what the process has used of its processors, the server in it included: what the clock says depends on what else
// the machine does.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var use syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &use))
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// commitBytes reports the mean size of the 64 commits up to the nth, checkpoints included.
func commitBytes(b *testing.B, h *history, n int) {
	const commits = 64
	var sum int64
	for b.Loop() {
		sum = 0
		for _, size := range h.written[n-commits : n] {
			sum += size
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(sum)/commits, "B/commit")
}
