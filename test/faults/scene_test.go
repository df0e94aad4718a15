package faults

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
	"logferry/internal/record"
	"logferry/internal/window"
	"logferry/sinks"
	"logferry/test/crash/lake"
	"logferry/transform"
)

// scene is what a run does while something goes wrong.
type scene struct {
	name     string
	before   *shape // of the run before it, the night before; nil for none
	shape    shape
	lookback string
	late     float64 // share of the records that only the second night shows
	details  logsim.DetailFaults
	records  int
	windows  int  // 0 is two
	plain    bool // answers are not compressed
	compared bool // what is exported is compared with the API's counts
}

// shape is what one run declares.
type shape struct {
	partition window.Granularity
	fileSize  string
	raw       bool
	days      int  // of the range
	delete    bool // partitions that left the range
}

var scenes = []scene{
	{
		name: "create", records: 16, lookback: "0s", shape: shape{partition: window.Day, days: 2},
		details: logsim.DetailFaults{MissingShare: 0.12, DeniedShare: 0.12},
	},
	{
		name: "late", records: 24, lookback: "30d", late: 0.3, before: &shape{partition: window.Day, days: 2},
		shape: shape{partition: window.Day, days: 2},
	},
	{
		name: "parts", records: 24, lookback: "0s", before: &shape{partition: window.Day, fileSize: "4KiB", days: 2},
		shape: shape{partition: window.Day, fileSize: "4KiB", raw: true, days: 2},
	},
	{
		name: "relayout", records: 16, lookback: "0s", before: &shape{partition: window.Day, days: 2},
		shape: shape{partition: window.Month, days: 2},
	},
	{
		name: "leave", records: 16, lookback: "0s", before: &shape{partition: window.Day, days: 2},
		shape: shape{partition: window.Day, days: 1, delete: true},
	},
}

// from is where all ranges begin, and nights are when runs begin: those of the first night, of the second, and of the first with
// an API without faults of its own.
var (
	from   = time.Date(2026, 4, 16, 0, 0, 0, 0, time.UTC)
	end    = from.AddDate(0, 0, 2) // of the records
	nights = [3]time.Time{end.Add(2 * time.Hour), end.Add(26 * time.Hour), end.Add(2 * time.Hour)}
)

const cleanNight = 2

// nightHeader says which night's API is asked.
const nightHeader = "X-Night"

// sinkNames are the sinks of every scene and their formats.
var sinkNames = []struct {
	name        string
	format      sinks.Format
	compression string
}{{"lake", sinks.Parquet, "snappy"}, {"lines", sinks.NDJSON, "gzip"}}

// stage is a scene that is ready to be played any number of times: the API of each night, what the run before has left,
// and the rows that there have to be in the end.
type stage struct {
	scene
	seed   uint64
	sims   [3]*logsim.Server
	url    string
	base   string              // folder with what the run before left; "" for nothing
	wanted map[string][]string // by sink
	failed map[string]string   // the lines wanted, by what they would be if no detail that can't be had had been answered
	aside  int64               // records whose detail can't be had
	night  int

	counting sync.Once
	counts   map[rule]int // operations of an undisturbed run, by what could go wrong with them
}

// newSim is the API of a night.
func newSim(t *testing.T, s scene, seed uint64, now time.Time, faults ...logsim.Fault) *logsim.Server {
	t.Helper()
	o := logsim.Options{
		Seed: seed, Now: func() time.Time { return now }, Live: true, Rate: logsim.Rate{Limit: 1_000_000, Window: time.Second},
		Records: logsim.Records{
			Count: s.records, From: from, To: end, MedianPayload: 300, MaxPayload: 4000, BurstSize: 6,
			Odd: logsim.Odd{Share: 0.05},
		},
		Details: s.details, Faults: faults, NoGzip: s.plain,
	}
	if s.late > 0 {
		o.Late = logsim.Late{Share: s.late, After: 48 * time.Hour}
	}
	sim, err := logsim.New(o)
	require.NoError(t, err)
	t.Cleanup(sim.Close)
	return sim
}

// newStage makes a scene ready. faults are the API's own in the first night.
func newStage(t *testing.T, s scene, seed uint64, faults ...logsim.Fault) *stage {
	t.Helper()
	st := &stage{scene: s, seed: seed}
	for i, now := range nights {
		if i > 0 {
			faults = nil
		}
		st.sims[i] = newSim(t, s, seed, now, faults...)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		night, err := strconv.Atoi(r.Header.Get(nightHeader))
		if err != nil {
			night = cleanNight
		}
		st.sims[night].ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	st.url = server.URL
	if s.before != nil {
		w := st.world(t.TempDir())
		_, err := w.run(context.Background(), 0, *s.before, newInjector(seed))
		require.NoError(t, err)
		st.base, st.night = w.dir, 1
	}
	st.wanted, st.failed = map[string][]string{}, map[string]string{}
	truth := st.sims[st.night].Truth("")
	q := logsim.Query{From: from, To: from.AddDate(0, 0, s.shape.days), VisibleNow: true}
	for _, sink := range sinkNames {
		e := lake.Export{Transform: transform.Options{Raw: s.shape.raw}, Partition: s.shape.partition, Format: sink.format}
		lines, err := e.Truth(truth, q)
		require.NoError(t, err)
		require.NotEmpty(t, lines)
		e.Outcome = record.Failed
		failed, err := e.Truth(truth, q)
		require.NoError(t, err)
		st.wanted[sink.name] = lines
		for i, line := range failed {
			st.failed[line] = lines[i] // in the same order: they begin alike
		}
	}
	for _, n := range truth.Numbers(q) {
		if truth.Fact(n).Fate != logsim.DetailServed {
			st.aside++
		}
	}
	return st
}

// patience is how long requests are waited for and tried again.
type patience struct{ timeout, giveUp string }

var (
	patient   = patience{"20s", "60s"}                                                                // where nothing goes wrong that time heals
	impatient = patience{(slower * 400 * time.Millisecond).String(), (slower * time.Second).String()} // where an answer never comes
)

// pipeline is the configuration of a shape. Its sinks lie nowhere: runs are given their buckets.
func (st *stage) pipeline(s shape, dir string, wait patience) (*config.Pipeline, error) {
	var out []any
	for _, sink := range sinkNames {
		declared := map[string]any{"name": sink.name, "url": "mem://" + sink.name, "format": sink.format, "compression": sink.compression}
		if s.fileSize != "" {
			declared["max_file_size"] = s.fileSize
		}
		out = append(out, declared)
	}
	doc, err := json.Marshal(map[string]any{
		"version": 1, "name": "faults", "source": map[string]any{"base_url": st.url, "api_key": "${KEY}"},
		"range": map[string]any{
			"from": from.Format(time.RFC3339), "to": from.AddDate(0, 0, s.days).Format(time.RFC3339), "partition": s.partition.String(),
			"lookback": st.lookback,
		},
		"extract": map[string]any{
			"windows": cmp.Or(st.windows, 2), "details_in_flight": 4, "spool": filepath.Join(dir, "spool"), "rate": map[string]any{"headroom": "0%"},
			"timeout": wait.timeout, "give_up_after": wait.giveUp, "max_memory": "32MiB",
		},
		"transform": map[string]any{"raw": s.raw}, "reconcile": map[bool]string{true: "warn", false: "off"}[st.compared], "sinks": out,
	})
	if err != nil {
		return nil, err
	}
	p, err := config.Parse("pipeline.yaml", doc, config.Options{Now: nights[1], Env: func(string) (string, bool) { return logsim.DefaultKey, true }})
	if err != nil {
		return nil, fmt.Errorf("%w in %s", err, doc)
	}
	return p, nil
}

// run applies a pipeline as the program does.
func run(ctx context.Context, p *config.Pipeline, o apply.Options, remove bool) (*apply.Summary, error) {
	s, err := apply.Open(ctx, p, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	ctx, unlock, err := s.Lock(ctx, "apply", nil)
	if err != nil {
		return nil, err
	}
	defer unlock()
	pl, err := s.Plan(ctx, apply.PlanOptions{AllowDelete: remove})
	if err != nil {
		s.NotBegun(ctx, err)
		return nil, err
	}
	return s.Apply(ctx, pl)
}
