package engines_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/internal/verify"
	"logferry/sinks/bucket"
	"logferry/sinks/reread"
)

// The range that the pipelines declare: three partitions.
var (
	begin = time.Date(2026, 4, 16, 0, 0, 0, 0, time.UTC)
	end   = begin.Add(3 * 24 * time.Hour)
)

// world is a simulated API, and one clock for it and for the runs.
type world struct {
	t   testing.TB
	sim *logsim.Server
	url string
	now atomic.Pointer[time.Time]
}

func newWorld(t testing.TB, o logsim.Options) *world {
	t.Helper()
	w := &world{t: t}
	w.at(end.Add(time.Hour))
	o.Now, o.Rate = func() time.Time { return *w.now.Load() }, logsim.Rate{Limit: -1}
	sim, err := logsim.New(o)
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	w.sim, w.url = sim, server.URL
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	return w
}

// at sets the clock.
func (w *world) at(now time.Time) { w.now.Store(&now) }

// text is that of a pipeline with the sections, over those that every pipeline here has.
func (w *world) text(sections map[string]any) []byte {
	w.t.Helper()
	doc := map[string]any{
		"version": 1, "name": "life", "reconcile": "off",
		"source":  map[string]any{"base_url": w.url, "api_key": "${KEY}"},
		"range":   map[string]any{"from": begin.Format(time.RFC3339), "to": end.Format(time.RFC3339), "lookback": "2d"},
		"extract": map[string]any{"rate": map[string]any{"headroom": "0%"}},
	}
	maps.Copy(doc, sections)
	text, err := json.Marshal(doc)
	require.NoError(w.t, err)
	return text
}

func (w *world) pipeline(sections map[string]any) *config.Pipeline {
	w.t.Helper()
	text := w.text(sections)
	p, err := parse(text, *w.now.Load())
	require.NoError(w.t, err, "%s", text)
	return p
}

func parse(text []byte, now time.Time) (*config.Pipeline, error) {
	return config.Parse("pipeline.yaml", text, config.Options{
		Now: now, Env: func(string) (string, bool) { return logsim.DefaultKey, true },
	})
}

func (w *world) options() apply.Options {
	return apply.Options{Now: *w.now.Load(), Version: "test"}
}

func (w *world) open(p *config.Pipeline) *apply.Session {
	w.t.Helper()
	s, err := apply.Open(w.t.Context(), p, w.options())
	require.NoError(w.t, err)
	w.t.Cleanup(s.Close)
	return s
}

// apply carries out what there is to do.
func (w *world) apply(p *config.Pipeline) *apply.Summary {
	w.t.Helper()
	sum, err := apply.Run(w.t.Context(), p, w.options())
	require.NoError(w.t, err)
	return sum
}

// actions are those that a plan has, by partition.
func (w *world) actions(p *config.Pipeline) map[string]plan.Action {
	w.t.Helper()
	pl, err := w.open(p).Plan(w.t.Context(), apply.PlanOptions{})
	require.NoError(w.t, err)
	require.Empty(w.t, pl.Strays)
	out := map[string]plan.Action{}
	for _, s := range pl.Steps {
		out[s.Name()] = s.Action
	}
	return out
}

// verify reads everything back.
func (w *world) verify(p *config.Pipeline) *verify.Report {
	w.t.Helper()
	report, err := w.open(p).Verify(w.t.Context(), apply.VerifyOptions{Deep: true})
	require.NoError(w.t, err)
	return report
}

// destroy removes everything.
func (w *world) destroy(p *config.Pipeline) {
	w.t.Helper()
	s := w.open(p)
	ctx, unlock, err := s.Lock(w.t.Context(), "destroy", nil)
	require.NoError(w.t, err)
	defer unlock()
	entries, err := s.Select(nil)
	require.NoError(w.t, err)
	require.NoError(w.t, s.Destroy(ctx, entries, func(state.Entry) {}))
}

// requests is how many the API has had.
func (w *world) requests() int {
	n := 0
	for _, count := range w.sim.Stats().Requests {
		n += count
	}
	return n
}

// truth are the ids of the records that the API shows now.
func (w *world) truth() []string {
	return w.sim.Truth("").IDs(logsim.Query{From: begin, To: end, VisibleNow: true})
}

// dataFiles are the keys below tool_execution/ of a sink at a prefix, as a reader who globs finds them.
func dataFiles(t testing.TB, p *place, prefix string) []string {
	t.Helper()
	return keysOf(t, p.open(prefix), "tool_execution/")
}

// requireRows says that a sink holds each record that the API shows once, and nothing else.
func (w *world) requireRows(p *place, prefix string) {
	w.t.Helper()
	count := map[string]int{}
	b, name := p.open(prefix), filepath.Join(w.t.TempDir(), "file")
	for _, key := range keysOf(w.t, b, "tool_execution/") {
		require.NoError(w.t, os.WriteFile(name, read(w.t, b, key), 0o600))
		_, _, err := reread.File(context.Background(), name, filepath.Base(key), func(_ int64, id []byte, _, _ string) error {
			count[string(id)]++
			return nil
		})
		require.NoError(w.t, err)
	}
	for _, id := range w.truth() {
		require.Equal(w.t, 1, count[id], "record %s", id)
		delete(count, id)
	}
	require.Empty(w.t, count, "rows of no record")
}

// transportFunc is a function as http.RoundTripper.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// upload replaces an object, as nobody should.
func upload(t testing.TB, b bucket.Bucket, key, body string) {
	t.Helper()
	require.NoError(t, b.Upload(t.Context(), key, strings.NewReader(body), int64(len(body)), "application/octet-stream"))
}

func read(t testing.TB, b bucket.Bucket, key string) []byte {
	t.Helper()
	r, err := b.Open(t.Context(), key)
	require.NoError(t, err)
	defer r.Close()
	body, err := io.ReadAll(r)
	require.NoError(t, err)
	return body
}
