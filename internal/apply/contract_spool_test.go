package apply_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
)

// journals are the segments below a folder.
func journals(t *testing.T, dir string) (out []string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".journal") {
			info, err := d.Info()
			require.NoError(t, err)
			require.Zero(t, info.Mode().Perm()&0o077, "%s can be read by others", path)
			out = append(out, path)
		}
		return nil
	})
	return out
}

// TestAnInterruptedRunGoesOnWhereItWas: whether the spool is a folder or a bucket, damaged or whole, the rows are right; and
// where it is whole, no detail is fetched twice but those in flight.
func TestAnInterruptedRunGoesOnWhereItWas(t *testing.T) {
	for name, c := range map[string]struct {
		bucket, damage bool
	}{"folder": {}, "bucket": {bucket: true}, "damaged folder": {damage: true}, "damaged bucket": {bucket: true, damage: true}} {
		if testing.Short() && c.bucket == c.damage {
			continue
		}
		t.Run(name, func(t *testing.T) {
			e, records := aDay(800)
			dir := t.TempDir()
			spool := dir
			if c.bucket {
				spool = "file://" + dir
			}
			e.extract, e.inFlight = map[string]any{"spool": spool}, 8
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			stop := &stopper{cancel: cancel}
			stop.at.Store(400)
			w := newWorld(t, logsim.Options{Seed: 8, Records: records, Rate: openRate}, stop.around)
			_, err := apply.Run(ctx, w.config(e), apply.Options{Now: clock, Version: "test"})
			require.ErrorIs(t, err, errStopped)
			found := journals(t, dir)
			require.NotEmpty(t, found)
			if c.damage {
				for _, name := range found {
					b, err := os.ReadFile(name)
					require.NoError(t, err)
					b[len(b)/2] ^= 0x10
					require.NoError(t, os.WriteFile(name, b, 0o600))
				}
			}
			w.mustRun(e)
			w.mustEqual(e, w.sources(e))
			require.Empty(t, journals(t, dir), "what was committed is not kept")
			truth, twice := w.sim.Truth(""), 0
			for _, n := range truth.Numbers(logsim.Query{From: e.from, To: e.to}) {
				twice += max(truth.DetailsServed(n)-1, 0)
			}
			t.Logf("%d details were fetched twice", twice)
			if !c.damage {
				require.LessOrEqual(t, twice, e.inFlight+8)
			}
		})
	}
}

// TestAClockThatJumpedLosesNothing: back by days, then forward again.
func TestAClockThatJumpedLosesNothing(t *testing.T) {
	records := logsim.Records{Count: 600, From: clock.Add(-60 * time.Hour), To: clock.Add(-time.Hour), MedianPayload: 16}
	w := newWorld(t, logsim.Options{Seed: 4, Records: records, Rate: openRate}, nil)
	e := export{
		span: map[string]any{"from": "2026-04-29", "to": "now", "settle": "15m", "lookback": "48h"}, details: "none",
		from: time.Date(2026, 4, 29, 0, 0, 0, 0, time.UTC), to: clock.Add(-15 * time.Minute).Truncate(time.Millisecond),
		sinks: []sinkForm{{format: "parquet", compression: "none"}},
	}
	w.mustRun(e)
	w.mustEqual(e, w.sources(e))
	for _, jump := range []time.Duration{-30 * time.Hour, -50 * time.Hour, 200 * time.Hour, 0} {
		_, err := apply.Run(context.Background(), w.config(e), apply.Options{Now: clock.Add(jump), Version: "test"})
		require.NoError(t, err, jump)
		w.mustEqual(e, w.sources(e))
		w.verified(e)
	}
}
