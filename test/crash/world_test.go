package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
	"logferry/test/crash/lake"
	"logferry/transform"
)

// scene is what a kill happens in.
type scene struct {
	kind      string // what the killed run does, see kinds
	format    string
	partition string
	order     logsim.Order
}

// kinds are what runs do when they are killed: export for the first time, add late records, replace single files in place, export
// several files a partition, replace those, write partitions of another size.
var kinds = []string{"create", "late", "change", "parts", "swap", "relayout"}

// manyFiles says that partitions have several files.
func (s scene) manyFiles() bool { return s.kind == "parts" || s.kind == "swap" }

// raw says that the killed run writes a further column.
func (s scene) raw() bool { return s.kind == "change" || s.kind == "swap" }

// otherSize is the size of partitions before a relayout.
var otherSize = map[string]string{"hour": "day", "day": "hour", "month": "day"}

func (s scene) String() string {
	return fmt.Sprintf("%s/%s/%s/%s", s.kind, s.format, s.partition, [...]string{"newest", "oldest", "shuffled"}[s.order])
}

// Records are spread over the time that a scene's range covers: some partitions of each size.
var spans = map[string]time.Duration{"hour": 4 * time.Hour, "day": 3 * 24 * time.Hour, "month": 50 * 24 * time.Hour}

var begin = time.Date(2026, 9, 10, 0, 0, 0, 0, time.UTC)

const records = 2500

// world is a simulated API, a lake and a spool for one scene.
type world struct {
	t     *testing.T
	scene scene
	sim   *logsim.Server
	url   string
	dir   string
}

func newWorld(t *testing.T, s scene, seed uint64) *world {
	t.Helper()
	o := logsim.Options{
		Seed: seed, Order: s.order, Rate: logsim.Rate{Limit: -1},
		Records: logsim.Records{
			Count: records, From: begin, To: begin.Add(spans[s.partition]), MedianPayload: 300, MaxPayload: 20_000,
			Odd: logsim.Odd{Share: 0.02},
		},
		Latency: logsim.Latency{List: logsim.Delay{Base: time.Millisecond}, Detail: logsim.Delay{Base: time.Millisecond, Jitter: 2 * time.Millisecond}},
	}
	if s.kind == "late" {
		o.Late = logsim.Late{Share: 0.15, AfterRequests: 6}
	}
	sim, err := logsim.New(o)
	require.NoError(t, err)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	t.Cleanup(sim.Close)
	return &world{t: t, scene: s, sim: sim, url: srv.URL, dir: t.TempDir()}
}

// pipeline writes the pipeline file. changed is the configuration of the run that is killed in a scene of that kind.
func (w *world) pipeline(changed bool) string {
	size, lookback, partition := "256MiB", "0s", w.scene.partition
	if w.scene.manyFiles() {
		size = "64KiB"
	}
	if w.scene.kind == "late" {
		lookback = "366d"
	}
	if w.scene.kind == "relayout" && !changed {
		partition = otherSize[partition]
	}
	text := fmt.Sprintf(`version: 1
name: crash
source: {base_url: %q, api_key: "${KEY}"}
range: {from: %q, to: %q, partition: %s, lookback: %s}
extract: {windows: 4, details_in_flight: 8, spool: %q, rate: {headroom: 0%%}}
transform: {raw: %t}
reconcile: off
sinks: [{name: lake, url: "file://%s", format: %s, max_file_size: %s}]
`, w.url, begin.Format(time.RFC3339), begin.Add(spans[w.scene.partition]).Format(time.RFC3339), partition, lookback,
		filepath.Join(w.dir, "spool"), changed && w.scene.raw(), filepath.Join(w.dir, "lake"), w.scene.format, size)
	name := filepath.Join(w.dir, "pipeline.yaml")
	require.NoError(w.t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// command is a child that applies the pipeline.
func (w *world) command(changed bool, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, pipelineVar+"="+w.pipeline(changed), "KEY="+logsim.DefaultKey,
		"XDG_CACHE_HOME="+filepath.Join(w.dir, "cache"), "TMPDIR="+w.dir)...)
	return cmd
}

// apply runs a child to its end, which must be a good one.
func (w *world) apply(changed bool) (counts map[string]int) {
	w.t.Helper()
	file := filepath.Join(w.dir, "counts")
	out, err := w.command(changed, countsVar+"="+file).CombinedOutput()
	require.NoError(w.t, err, "%s", out)
	b, err := os.ReadFile(file)
	require.NoError(w.t, err)
	require.NoError(w.t, json.Unmarshal(b, &counts))
	return counts
}

// prepare brings the world to where the killed run begins.
func (w *world) prepare() {
	if w.scene.kind != "create" && w.scene.kind != "parts" {
		w.apply(false)
	}
}

// requests is how many the API has had.
func (w *world) requests() int {
	n := 0
	for _, count := range w.sim.Stats().Requests {
		n += count
	}
	return n
}

// verify proves that the lake is what the state says and that every record is there once.
func (w *world) verify() {
	w.t.Helper()
	p, err := config.Load(w.pipeline(true), config.Options{Env: func(string) (string, bool) { return logsim.DefaultKey, true }})
	require.NoError(w.t, err)
	s, err := apply.Open(context.Background(), p, apply.Options{Now: time.Now(), Version: "crash"})
	require.NoError(w.t, err)
	defer s.Close()
	report, err := s.Verify(context.Background(), apply.VerifyOptions{Deep: true})
	require.NoError(w.t, err)
	require.True(w.t, report.OK, "%+v", report.Findings)
	pl, err := s.Plan(context.Background(), apply.PlanOptions{})
	require.NoError(w.t, err)
	for _, step := range pl.Steps {
		require.EqualValues(w.t, "refresh", step.Action, "%s: %v", step.Name(), step.Reasons)
	}
	require.Empty(w.t, pl.Strays)
}

// rows is how often each id stands in the lake as a reader who globs finds it.
func (w *world) rows() (count map[string]int, problem error) {
	return lake.IDs(context.Background(), filepath.Join(w.dir, "lake"))
}

// truth are the ids that the API shows now.
func (w *world) truth() []string {
	return w.sim.Truth("").IDs(logsim.Query{From: begin, To: begin.Add(spans[w.scene.partition]), VisibleNow: true})
}

// complete says that the lake holds each visible record once and nothing else.
func (w *world) complete() {
	w.t.Helper()
	count, err := w.rows()
	require.NoError(w.t, err)
	for _, id := range w.truth() {
		require.Equal(w.t, 1, count[id], "record %s", id)
		delete(count, id)
	}
	require.Empty(w.t, count, "rows of no record")
}

// contents is a digest of every value of every row of the lake, whatever the files are called.
func (w *world) contents() string {
	w.t.Helper()
	flattener, err := transform.New(transform.Options{Raw: w.scene.raw()})
	require.NoError(w.t, err)
	lines, err := lake.Rows(context.Background(), filepath.Join(w.dir, "lake"), w.dir, flattener.Schema())
	require.NoError(w.t, err)
	return lake.Digest(lines)
}
