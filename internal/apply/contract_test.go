package apply_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// TestExportEqualsTruth exports random pipelines from random simulated APIs, whatever these do with what the API leaves
// open, and compares every value of every row with what the contract makes of the simulator's truth.
//
// LOGFERRY_CONTRACT_SEEDS=first-last runs other seeds than the usual ones, such as one that failed or 1-200, here and in
// TestRandomRecordsEqualOracle.
func TestExportEqualsTruth(t *testing.T) {
	first, last := seeds(30, 4)
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { exportSeed(t, seed) })
	}
}

// seeds are those from 1 up to a number, or to another one with -short, or those of LOGFERRY_CONTRACT_SEEDS.
func seeds(usual, short uint64) (first, last uint64) {
	if text := os.Getenv("LOGFERRY_CONTRACT_SEEDS"); text != "" {
		from, to, _ := strings.Cut(text, "-")
		first, _ = strconv.ParseUint(from, 10, 64)
		last, _ = strconv.ParseUint(orElse(to, from), 10, 64)
		return first, last
	}
	if testing.Short() {
		return 1, short
	}
	return 1, usual
}

func exportSeed(t *testing.T, seed uint64) {
	g := &generator{rand.New(rand.NewPCG(seed, 0x10f))}
	e := g.export()
	opts := g.options(seed, e)
	ticks := &listClock{}
	if opts.CursorLifetime > 0 {
		opts.Now = ticks.now
	}
	w := newWorld(t, opts, ticks.count)
	e.filters = g.filters(w)
	t.Logf("pipeline %+v", e)
	shown := opts
	shown.Now = nil
	t.Logf("simulator %+v", shown)

	start := time.Now()
	sum := w.mustRun(e)
	t.Logf("run took %s: %+v", time.Since(start), sum)
	sources := w.sources(e)
	w.mustEqual(e, sources)
	require.EqualValues(t, len(sources), sum.Records)
	if t.Failed() {
		t.Logf("repeat with LOGFERRY_CONTRACT_SEEDS=%d", seed)
	}
}

// listClock is a clock that goes on by a second with each list request.
type listClock struct{ lists atomic.Int64 }

func (c *listClock) now() time.Time { return clock.Add(time.Duration(c.lists.Load()) * time.Second) }

func (c *listClock) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == logsim.ListPath {
			c.lists.Add(1)
		}
		next.ServeHTTP(w, r)
	})
}

// generator makes random pipelines and simulators.
type generator struct{ *rand.Rand }

func (g *generator) often(share float64) bool { return g.Float64() < share }

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

func (g *generator) export() export {
	e := export{
		partition: pick(g, "hour", "day", "month"), details: pick(g, "all", "all", "all", "failed", "none"),
		windows: 1 + g.IntN(16), inFlight: 1 + g.IntN(32), extract: map[string]any{},
		layout: layout{raw: g.often(0.3)},
	}
	start := time.Date(2026, 2, 26+g.IntN(4), g.IntN(24), g.IntN(60), g.IntN(60), g.IntN(1000)*1e6, time.UTC)
	length := map[string]time.Duration{"hour": 6 * time.Hour, "day": 80 * time.Hour, "month": 50 * 24 * time.Hour}[e.partition]
	e.from = start
	e.to = start.Add(time.Duration(1 + g.Int64N(int64(length))).Round(time.Millisecond)).Add(time.Millisecond)
	if g.often(0.2) {
		e.from = e.from.Truncate(time.Hour)
	}
	if g.often(0.5) {
		e.extract["max_memory"] = "32MiB"
	}
	for range 1 + g.IntN(2) {
		e.sinks = append(e.sinks, g.sink())
	}
	for i := range g.IntN(5) * g.IntN(2) {
		d := pick(g, declarable...)
		d.name = "x" + strconv.Itoa(i) + "_" + kindWords[d.kind]
		e.declared = append(e.declared, d)
	}
	return e
}

func (g *generator) sink() sinkForm {
	f := sinkForm{format: "parquet", compression: pick(g, "zstd", "snappy", "none")}
	if g.often(0.5) {
		f = sinkForm{format: "ndjson", compression: pick(g, "gzip", "zstd", "none")}
	}
	if g.often(0.4) {
		f.maxFileSize = pick(g, "4KiB", "16KiB", "64KiB", "1MiB")
	}
	return f
}

var declarable = []declaredColumn{
	{kind: kindText, steps: []any{"data", "request", "payload", "to"}},
	{kind: kindText, steps: []any{"message"}},
	{kind: kindText, steps: []any{"labels", 1}},
	{kind: kindText, steps: []any{"parent", "log_id"}},
	{kind: kindBool, steps: []any{"data", "response", "body", "successful"}},
	{kind: kindBool, steps: []any{"x-ext", ""}},
	{kind: kindInt, steps: []any{"metrics", "duration_ms"}},
	{kind: kindInt, steps: []any{"metrics", "bytes"}},
	{kind: kindInt, steps: []any{"metadata", "sequence"}},
	{kind: kindInt, steps: []any{"x-ext", "retry", "n"}},
	{kind: kindFloat, steps: []any{"metrics", "duration_ms"}},
	{kind: kindFloat, steps: []any{"metrics", "limit"}},
	{kind: kindFloat, steps: []any{"metadata", "ratio"}},
	{kind: kindFloat, steps: []any{"metrics", "tiny"}},
	{kind: kindTime, steps: []any{"timings", "end_time"}},
	{kind: kindTime, steps: []any{"timestamp"}},
	{kind: kindJSON, steps: []any{"data", "response", "body", "data"}},
	{kind: kindJSON, steps: []any{"metadata"}},
	{kind: kindJSON, steps: []any{"labels"}},
	{kind: kindJSON, steps: []any{"id"}},
	{kind: kindJSON, steps: []any{"metadata", "trace", "in"}},
}

// options are a simulator's for an export: whatever it does, the truth is the same.
func (g *generator) options(seed uint64, e export) logsim.Options {
	o := logsim.Options{
		Seed: seed, To: pick(g, logsim.ToExclusive, logsim.ToInclusive, logsim.ToMillisecond),
		Order: pick(g, logsim.Newest, logsim.Oldest, logsim.Shuffled), Cursors: pick(g, logsim.Keyset, logsim.Offset),
		CursorAnyQuery: g.often(0.5), NoGzip: g.often(0.5), Rate: logsim.Rate{Limit: -1},
		Usage: logsim.Usage{Nested: pick(g, logsim.CountAll, logsim.CountOuter, logsim.CountChildren), MissingShare: g.Float64() * 0.5},
	}
	if g.often(0.4) {
		o.ScanLimit = 1 + g.IntN(150)
	}
	if g.often(0.3) {
		// Two walks of the extract's windows go on between a chain's pages, and some more.
		o.CursorLifetime = time.Duration(8*e.windows+g.IntN(40)) * time.Second
	}
	if g.often(0.2) {
		o.Late = logsim.Late{Share: 0.3, After: time.Hour} // all of it long ago
	}
	if g.often(0.3) {
		for i := range 2 + g.IntN(2) {
			p := logsim.Project{Name: fmt.Sprintf("p-%d_%c", i, 'a'+i), Key: fmt.Sprintf("ak_%d", i)}
			if g.often(0.8) {
				r := g.records(e)
				p.Records = &r
			}
			o.Projects = append(o.Projects, p)
		}
	}
	o.Records = g.records(e)
	return o
}

// records lie in the export's range and on both sides of it.
func (g *generator) records(e export) logsim.Records {
	length := e.to.Sub(e.from)
	r := logsim.Records{
		Count: pick(g, -1, 1+g.IntN(30), 100+g.IntN(500), 100+g.IntN(500), 500+g.IntN(1500)),
		From:  e.from.Add(-time.Duration(g.Float64() * 0.3 * float64(length))), To: e.to.Add(time.Duration(g.Float64()*0.3*float64(length)) + time.Minute),
		BurstShare: pick(g, -1, 0.1, 0.8), BurstSize: pick(g, 30, 250, 900), Users: 1 + g.IntN(30), NoPayload: g.often(0.1),
		MedianPayload: pick(g, 16, 100, 400, 2000), MaxPayload: pick(g, 4000, 20_000, 200_000), FlatShare: pick(g, -1, 0.3, 1),
		Odd: logsim.Odd{Share: pick(g, -1, 0.1, 0.5, 1), Unreadable: pick(g, -1, -1, 0.05)},
	}
	for _, f := range e.sinks {
		if f.maxFileSize == "4KiB" || f.maxFileSize == "16KiB" { // each file costs the time to reach the disk
			r.Count, r.MedianPayload, r.MaxPayload = min(r.Count, 150), min(r.MedianPayload, 400), 20_000
		}
	}
	if g.often(0.3) {
		r.Skew = logsim.Skew{Share: 0.9, Within: 0.02}
	}
	return r
}

// filters are conditions that some records meet.
func (g *generator) filters(w *world) (out []logsim.Filter) {
	truth := w.sim.Truth("")
	if truth.Len() == 0 || g.often(0.6) {
		return nil
	}
	for range 1 + g.IntN(2) {
		f := truth.Fact(g.IntN(truth.Len()))
		out = append(out, pick(g,
			logsim.Filter{Field: "status", Operator: "==", Value: "failed"},
			logsim.Filter{Field: "status", Operator: "!=", Value: "failed"},
			logsim.Filter{Field: "toolkit_slug", Operator: pick(g, "==", "!="), Value: f.Toolkit},
			logsim.Filter{Field: "tool_slug", Operator: "not_contains", Value: "LIST"},
			logsim.Filter{Field: "user_id", Operator: "contains", Value: f.User[:min(4, len(f.User))]},
			logsim.Filter{Field: "session_id", Operator: "!=", Value: f.Session},
			logsim.Filter{Field: "log_id", Operator: pick(g, "==", "!="), Value: f.ID},
		))
	}
	return out
}
