package apply_test

import (
	"context"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/plan"
)

// nightClock is the time of pipeline and API.
type nightClock struct{ now atomic.Int64 }

func (c *nightClock) time() time.Time { return time.UnixMicro(c.now.Load()).UTC() }

func (c *nightClock) set(t time.Time) { c.now.Store(t.UnixMicro()) }

// night runs the pipeline as cron would and returns what it cost, beside the least that anybody could do it with: a page for
// each hundred records that the plan lists, and a request for each detail that the lake does not have.
func (w *world) night(e export, at time.Time) (spent, least int64, sum *apply.Summary) {
	w.t.Helper()
	ctx := context.Background()
	s, err := apply.Open(ctx, w.config(e), apply.Options{Now: at, Version: "test"})
	require.NoError(w.t, err)
	defer s.Close()
	ctx, unlock, err := s.Lock(ctx, "apply", nil)
	require.NoError(w.t, err)
	defer unlock()
	pl, err := s.Plan(ctx, apply.PlanOptions{})
	require.NoError(w.t, err)
	truth := w.sim.Truth("")
	for _, step := range pl.Steps {
		for _, l := range step.List {
			seen := len(truth.Numbers(logsim.Query{From: l.From, To: l.To, VisibleNow: true}))
			least += max(int64(seen+99)/100, 1)
		}
		if step.Action == plan.Replace {
			least += int64(len(truth.Numbers(logsim.Query{From: step.From, To: step.To, VisibleNow: true})))
		}
	}
	before := map[string]int64{}
	for _, entry := range s.State().All() {
		before[entry.Name()] = entry.Rows
	}
	sum, err = s.Apply(ctx, pl)
	require.NoError(w.t, err)
	for _, step := range pl.Steps {
		if after, ok := s.State().Get(step.Project, step.Partition); ok && step.Action != plan.Replace {
			least += after.Rows - before[step.Name()]
		}
	}
	return sum.Requests.List + sum.Requests.Detail, least, sum
}

// TestManyNights: a nightly run with late records, a missed night and a change of the configuration. In the end the lake holds
// what the API shows, each record once, at hardly more than the least possible number of requests.
//
// LOGFERRY_NIGHTS=40 sets how many nights.
func TestManyNights(t *testing.T) {
	const perDay = 120
	lengths := map[string]int{"day": 16, "hour": 6}
	if testing.Short() {
		lengths = map[string]int{"day": 5}
	}
	if text := os.Getenv("LOGFERRY_NIGHTS"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		lengths = map[string]int{"day": n, "hour": n}
	}
	for partition, nights := range lengths {
		t.Run(partition, func(t *testing.T) {
			start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
			now := &nightClock{}
			now.set(start)
			w := newWorld(t, logsim.Options{
				Seed: 40, Now: now.time, Live: true, Rate: openRate, Late: logsim.Late{Share: 0.08, After: 40 * time.Hour},
				Records: logsim.Records{Count: nights * perDay, From: start, To: start.AddDate(0, 0, nights), MedianPayload: 100, MaxPayload: 2000, BurstSize: 30},
			}, nil)
			e := export{from: start, partition: partition, windows: 4, inFlight: 8, sinks: []sinkForm{{format: "parquet", compression: "zstd"}}}
			e.span = map[string]any{"to": "now", "settle": "15m", "lookback": "48h"}
			var spent, least, usage int64
			for night := 1; night <= nights+3; night++ {
				if night == nights/3 {
					continue // the machine was down
				}
				if night == nights/2 {
					e.declared = []declaredColumn{{name: "x0", kind: kindText, steps: []any{"message"}}}
				}
				at := start.AddDate(0, 0, night).Add(2*time.Hour + time.Duration(night)*7*time.Second)
				now.set(at)
				used, fewest, sum := w.night(e, at)
				spent, least, usage = spent+used, least+fewest, usage+sum.Requests.Usage
				e.to = at.Add(-15 * time.Minute).Truncate(time.Millisecond)
			}
			w.mustEqual(e, w.sources(e))
			t.Logf("%d nights: %d list and detail requests, %d are the least possible (%.3f); %d usage counts", nights+2, spent, least, float64(spent)/float64(least), usage)
			require.LessOrEqual(t, float64(spent), 1.02*float64(least))
		})
	}
}
