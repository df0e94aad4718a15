package apply_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
)

func TestSecondRunChangesNothing(t *testing.T) {
	for _, partition := range []string{"hour", "day", "month"} {
		t.Run(partition, func(t *testing.T) {
			e, records := aDay(600)
			e.partition, e.raw = partition, true
			e.to = e.from.Add(5 * time.Hour)
			e.sinks[1].maxFileSize = "64KiB"
			w := newWorld(t, logsim.Options{Seed: 11, Records: records, Order: logsim.Shuffled, Rate: openRate}, nil)
			w.mustRun(e)
			first := w.mustEqual(e, w.sources(e))
			w.mustRun(e)
			second := w.mustEqual(e, w.sources(e))
			for i := range first {
				require.Equal(t, first[i].rows, second[i].rows)
				require.Equal(t, names(first[i].files), names(second[i].files))
				require.Equal(t, first[i].files, second[i].files, "the same rows make the same files")
			}
		})
	}
}

func names(files map[string][]byte) (out []string) {
	for name := range files {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// TestRerunLeavesNothingStale runs a pipeline, changes it, and runs it again in the same place.
func TestRerunLeavesNothingStale(t *testing.T) {
	for name, change := range map[string]func(*export){
		"a filter":             func(e *export) { e.filters = []logsim.Filter{{Field: "status", Operator: "==", Value: "failed"}} },
		"a filter of nothing":  func(e *export) { e.filters = []logsim.Filter{{Field: "user_id", Operator: "==", Value: "nobody"}} },
		"a range that is less": func(e *export) { e.to = e.from.Add(90 * time.Minute); e.from = e.from.Add(7 * time.Minute) },
		"larger files":         func(e *export) { e.sinks[0].maxFileSize, e.sinks[1].maxFileSize = "", "" },
		"smaller files":        func(e *export) { e.sinks[0].maxFileSize, e.sinks[1].maxFileSize = "4KiB", "4KiB" },
		"other columns":        func(e *export) { e.raw, e.declared = true, declarable[:3] },
		"no details":           func(e *export) { e.details = "none" },
		"another format":       func(e *export) { e.sinks[0], e.sinks[1] = e.sinks[1], e.sinks[0] },
		"another compression":  func(e *export) { e.sinks[0].compression, e.sinks[1].compression = "gzip", "none" },
	} {
		t.Run(name, func(t *testing.T) {
			e, records := aDay(400)
			e.from = time.Date(2026, 4, 16, 21, 30, 0, 0, time.UTC)
			e.to = e.from.Add(6 * time.Hour)
			e.sinks[0].maxFileSize, e.sinks[1].maxFileSize = "16KiB", "16KiB"
			e.details = "failed"
			w := newWorld(t, logsim.Options{Seed: 12, Records: records, Rate: openRate}, nil)
			w.mustRun(e)
			before := w.sources(e)
			w.mustEqual(e, before)

			e.declared = nil
			change(&e)
			for i := range e.declared {
				e.declared[i].name = "x" + strconv.Itoa(i)
			}
			w.mustRun(e)
			after := w.sources(e)
			if name == "a range that is less" { // what was exported is never taken away by a declaration of less
				after = before
			}
			w.mustEqual(e, after)
		})
	}
}

// TestRunAfterACancelledOne cancels a run at a random moment; the next one makes up for it.
func TestRunAfterACancelledOne(t *testing.T) {
	runs := 14
	if testing.Short() {
		runs = 4
	}
	for i := range runs {
		t.Run("seed="+strconv.Itoa(i), func(t *testing.T) {
			g := &generator{rand.New(rand.NewPCG(uint64(i), 0xca))}
			e, records := aDay(500)
			e.sinks[1].maxFileSize, e.partition = "64KiB", pick(g, "day", "hour", "month")
			if e.partition == "hour" {
				e.to = e.from.Add(5 * time.Hour)
			}
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			stop := &stopper{cancel: cancel}
			w := newWorld(t, logsim.Options{Seed: uint64(i), Records: records, Rate: openRate}, stop.around)
			switch i % 3 {
			case 0: // while it reads
				stop.at.Store(int64(1 + g.IntN(20)))
			case 1: // between two partitions
				stop.steps.Store(1)
			default: // at any moment
				began := time.Now()
				w.mustRun(e)
				timer := time.AfterFunc(time.Duration(g.Float64()*float64(time.Since(began))), stop.stop)
				defer timer.Stop()
			}
			_, err := apply.Run(ctx, w.config(e), apply.Options{Now: clock, Version: "test", Events: stop})
			t.Logf("cancelled %t: %v", stop.done.Load(), err)
			if i%3 < 2 {
				require.ErrorIs(t, err, errStopped)
			} else if err != nil {
				require.True(t, errors.Is(err, errStopped) || errors.Is(err, context.Canceled), err)
			}
			for k, form := range e.sinks {
				l, err := readLake(w.sinkDir(k), form, e.columns())
				require.NoError(t, err, "a cancelled run leaves whole files only")
				for p, rows := range l.rows {
					seen := ids(rows)
					slices.Sort(seen)
					require.Len(t, slices.Compact(seen), len(rows), "%s holds a record twice", p)
				}
			}
			w.mustRun(e)
			w.mustEqual(e, w.sources(e))
		})
	}
}

var errStopped = stopError{}

type stopError struct{}

func (stopError) Error() string { return "stopped by the test" }

// stopper cancels a run when the at-th request arrives, or when so many partitions are done.
type stopper struct {
	at, steps      atomic.Int64 // 0 is never
	requests, ends atomic.Int64
	done           atomic.Bool
	cancel         context.CancelCauseFunc
}

func (s *stopper) stop() {
	s.done.Store(true)
	s.cancel(errStopped)
}

func (s *stopper) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.requests.Add(1) == s.at.Load() {
			s.stop()
		}
		next.ServeHTTP(w, r)
	})
}

func (s *stopper) Started(apply.Started, func() apply.Snapshot) {}
func (s *stopper) Retrying(error, time.Duration)                {}
func (s *stopper) StepStarted(string)                           {}
func (s *stopper) StepDone(apply.StepResult) {
	if s.ends.Add(1) == s.steps.Load() {
		s.stop()
	}
}

// TestFilesOfAnEarlierRunAreReplaced: whatever parts lie in a partition, afterwards there are those of the run.
func TestFilesOfAnEarlierRunAreReplaced(t *testing.T) {
	e, records := aDay(200)
	w := newWorld(t, logsim.Options{Seed: 5, Records: records, Rate: openRate}, nil)
	w.mustRun(e)
	lakes := w.mustEqual(e, w.sources(e))
	for i, l := range lakes {
		for _, name := range names(l.files) {
			dir := filepath.Join(w.sinkDir(i), "tool_execution", filepath.Dir(name))
			for _, other := range []string{"part-00001", "part-00700"} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, other+e.sinks[i].extension()), []byte("left by a run that was killed"), 0o644))
			}
		}
	}
	w.mustRun(e)
	w.mustEqual(e, w.sources(e))
}

// TestLateRecords become visible while a walk goes on, before its place or behind it: what was visible from the beginning
// is exported once, and a later run has everything.
func TestLateRecords(t *testing.T) {
	seeds := uint64(6)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run("seed="+strconv.FormatUint(seed, 10), func(t *testing.T) {
			g := &generator{rand.New(rand.NewPCG(seed, 0x1a7e))}
			e, records := aDay(1500)
			e.details, e.windows, e.sinks = pick(g, "failed", "none"), 1+g.IntN(4), e.sinks[:1]
			e.span = map[string]any{"lookback": "60d"}
			w := newWorld(t, logsim.Options{
				Seed: seed, Records: records, Rate: openRate, Cursors: pick(g, logsim.Offset, logsim.Offset, logsim.Keyset),
				Order: pick(g, logsim.Newest, logsim.Oldest, logsim.Shuffled), Late: logsim.Late{Share: 0.2, AfterRequests: 2 + g.IntN(14)},
			}, nil)
			truth := w.sim.Truth("")
			all := w.sources(e)
			must := slices.DeleteFunc(slices.Clone(all), func(s source) bool {
				n, _ := truth.Number(s.id)
				return truth.Fact(n).Late
			})
			require.Less(t, len(must), len(all))
			w.mustRun(e)
			l, err := readLake(w.sinkDir(0), e.sinks[0], e.columns())
			require.NoError(t, err)
			count := map[string]int{}
			for _, rows := range l.rows {
				for _, id := range ids(rows) {
					count[id]++
				}
			}
			late := 0
			for _, s := range all {
				require.LessOrEqual(t, count[s.id], 1, s.id)
				late += count[s.id]
				delete(count, s.id)
			}
			require.Empty(t, count, "rows of no record")
			for _, s := range must {
				late--
				rows := l.rows[partitionOf("day", "", s.micros)]
				require.True(t, slices.ContainsFunc(rows, func(r oracleRow) bool { return r["log_id"] == s.id }), "%s is missing", s.id)
			}
			t.Logf("%d of %d late records were seen by the first run", late, len(all)-len(must))
			w.mustRun(e) // by its end all of them are visible
			w.mustRun(e)
			w.mustEqual(e, all)
		})
	}
}

// TestEveryRequestIsCounted: what the summary says was spent of the organisation's budget is what the API has seen.
func TestEveryRequestIsCounted(t *testing.T) {
	for _, kind := range []logsim.FaultKind{logsim.InternalError, logsim.Truncated, logsim.Reset} {
		t.Run(kind.String(), func(t *testing.T) {
			e, records := aDay(150)
			e.extract = quickly()
			w := newWorld(t, logsim.Options{Seed: 9, Records: records, Rate: openRate, Faults: []logsim.Fault{{Kind: kind, Probability: 0.2, PerRequest: 3}}}, nil)
			sum := w.mustRun(e)
			seen := w.sim.Stats().Requests
			require.EqualValues(t, seen[logsim.List], sum.Requests.List)
			require.EqualValues(t, seen[logsim.Detail], sum.Requests.Detail)
		})
	}
}

// TestSinksOfOneRun feeds every form of file from one extraction.
func TestSinksOfOneRun(t *testing.T) {
	e, records := aDay(250)
	e.sinks = nil
	for format, compressions := range map[string]string{"parquet": "zstd snappy none", "ndjson": "gzip zstd none"} {
		for _, c := range strings.Fields(compressions) {
			e.sinks = append(e.sinks, sinkForm{format: format, compression: c})
		}
	}
	w := newWorld(t, logsim.Options{Seed: 2, Records: records, Rate: openRate}, nil)
	w.mustRun(e)
	w.mustEqual(e, w.sources(e))
	truth := w.sim.Truth("")
	for _, n := range truth.Numbers(logsim.Query{From: e.from, To: e.to}) {
		require.Equal(t, 1, truth.DetailsServed(n), "one extraction feeds all sinks")
	}
}

// TestRangesInOtherWords: dates, ages, offsets and `now`, which is cut off at what has settled.
func TestRangesInOtherWords(t *testing.T) {
	floor := func(at time.Time) time.Time { return at.Truncate(time.Millisecond) }
	for name, c := range map[string]struct {
		span     map[string]any
		from, to time.Time
	}{
		"dates":            {map[string]any{"from": "2026-04-29", "to": "2026-05-01"}, time.Date(2026, 4, 29, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)},
		"ages and now":     {map[string]any{"from": "-36h", "to": "now", "settle": "90m"}, floor(clock.Add(-36 * time.Hour)), floor(clock.Add(-90 * time.Minute))},
		"beyond settle":    {map[string]any{"from": "2026-05-01T00:00:00.001+02:00", "to": "2026-05-02T03:00:00Z"}, time.Date(2026, 4, 30, 22, 0, 0, 1e6, time.UTC), floor(clock.Add(-15 * time.Minute))},
		"no settle at all": {map[string]any{"from": "-2d", "to": "now", "settle": "0s"}, floor(clock.Add(-48 * time.Hour)), floor(clock)},
	} {
		t.Run(name, func(t *testing.T) {
			records := logsim.Records{Count: 800, From: clock.Add(-80 * time.Hour), To: clock.Add(time.Hour), MedianPayload: 16}
			w := newWorld(t, logsim.Options{Seed: 4, Records: records, Rate: openRate, To: logsim.ToMillisecond}, nil)
			e := export{span: c.span, from: c.from, to: c.to, details: "none", sinks: []sinkForm{{format: "parquet", compression: "none"}}}
			w.mustRun(e)
			w.mustEqual(e, w.sources(e))
		})
	}
}
