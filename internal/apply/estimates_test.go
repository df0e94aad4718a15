package apply_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
	"logferry/internal/plan"
)

// carriedOut plans, carries the plan out, and returns both: what the plan said, and what became of it.
func (w *world) carriedOut(e export, mode config.Reconcile, at time.Time) (plan.Total, *apply.Summary) {
	w.t.Helper()
	p := w.config(e)
	p.Reconcile = mode
	s, err := apply.Open(context.Background(), p, apply.Options{Now: at, Version: "test"})
	require.NoError(w.t, err)
	defer s.Close()
	ctx, unlock, err := s.Lock(context.Background(), "apply", nil)
	require.NoError(w.t, err)
	defer unlock()
	pl, err := s.Plan(ctx, apply.PlanOptions{})
	require.NoError(w.t, err)
	require.Empty(w.t, pl.Warnings)
	sum, err := s.Apply(ctx, pl)
	require.NoError(w.t, err)
	w.t.Logf("estimated %+v\nspent %+v", pl.Estimate, sum.Requests)
	return pl.Estimate, sum
}

// TestAPlanSaysWhatItsApplyCosts: requests, records and bytes as estimated, over all that a plan can be. A usage count or two of the
// plan's own are beside it.
func TestAPlanSaysWhatItsApplyCosts(t *testing.T) {
	const perDay = 300
	modes := []config.Reconcile{config.ReconcileFail, config.ReconcileWarn, config.ReconcileOff}
	if testing.Short() {
		modes = modes[:1]
	}
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			from := time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC)
			now := &nightClock{}
			now.set(from.AddDate(0, 0, 2).Add(time.Hour))
			w := newWorld(t, logsim.Options{Seed: 41, Now: now.time, Live: true, Rate: openRate, Records: logsim.Records{
				Count: 4 * perDay, From: from, To: from.AddDate(0, 0, 4), MedianPayload: 100, MaxPayload: 500,
			}}, nil)
			e := export{from: from, windows: 1, sinks: []sinkForm{{format: "parquet", compression: "zstd"}}}
			like := func(what string, want, got, off int64) {
				t.Helper()
				require.InDelta(t, got, want, float64(off), what)
			}

			e.to = from.AddDate(0, 0, 1).Add(12 * time.Hour)
			said, did := w.carriedOut(e, mode, now.time())
			like("create: requests", said.Requests, did.Requests.Total, 4)
			like("create: records", said.Records, did.NewRecords, 0)
			require.Zero(t, said.Kept)

			e.to = from.AddDate(0, 0, 2)
			said, did = w.carriedOut(e, mode, now.time())
			like("extend: requests", said.Requests, did.Requests.Total, 4)
			like("extend: records", said.Records, did.NewRecords, 0)
			like("extend: bytes", said.Bytes, did.Bytes, did.Bytes/5)

			e.span = map[string]any{"lookback": "60d"}
			said, did = w.carriedOut(e, mode, now.time())
			like("refresh: requests", said.Requests, did.Requests.Total, map[config.Reconcile]int64{config.ReconcileFail: 2}[mode]) // a census has one window more
			require.Zero(t, said.Records)
			e.span = nil

			e.raw = true
			said, did = w.carriedOut(e, mode, now.time())
			like("fetched anew: requests", said.Requests, did.Requests.Total, 4)
			like("fetched anew: records", said.Records, did.Records, 0)
			require.Zero(t, said.Kept)

			e.sinks[0].compression = "snappy"
			said, did = w.carriedOut(e, mode, now.time())
			like("other files: requests", said.Requests, did.Requests.Total, 0)
			like("other files: rows", said.Kept, did.Records, 0)
			require.Zero(t, said.Records)
			require.Zero(t, said.Minutes)

			e.sinks = append(e.sinks, sinkForm{format: "parquet", compression: "snappy"})
			said, did = w.carriedOut(e, mode, now.time())
			like("another sink: requests", said.Requests, did.Requests.Total, 0)
			like("another sink: rows", said.Kept, did.Records, 0)
			like("another sink: bytes", said.Bytes, did.Bytes, did.Bytes/10)

			e.partition = "hour"
			said, did = w.carriedOut(e, mode, now.time())
			like("other partitions: requests", said.Requests, did.Requests.Total, 0)
			like("other partitions: rows", said.Kept, did.Records, 0)
			require.Zero(t, said.Records)
		})
	}
}

// TestARefreshCostsWhatItSaidAndTheLateRecords: what came late can't be known before, and is all that is added.
func TestARefreshCostsWhatItSaidAndTheLateRecords(t *testing.T) {
	e, records := anExactDay(500, "all")
	e.windows, e.span = 1, map[string]any{"lookback": "60d"}
	now := &nightClock{}
	now.set(e.to.Add(time.Hour))
	w := newWorld(t, logsim.Options{
		Seed: 42, Records: records, Rate: openRate, Now: now.time, Late: logsim.Late{Share: 0.1, After: 60 * time.Hour},
	}, nil)
	_, first := w.carriedOut(e, config.ReconcileWarn, now.time())
	now.set(e.to.Add(70 * time.Hour))
	said, did := w.carriedOut(e, config.ReconcileWarn, now.time())
	late := 500 - first.Records
	require.Positive(t, late)
	require.Equal(t, late, did.NewRecords)
	const compared = 1 // a usage count, as there were new records
	require.InDelta(t, said.Requests+late+compared, did.Requests.Total, 1)
}
