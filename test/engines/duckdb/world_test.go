package duckdb_test

import (
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/ddl"
	"logferry/internal/logsim"
)

// clock is later than every simulated record.
var clock = time.Date(2026, 6, 1, 2, 3, 4, 0, time.UTC)

// format is how a sink's files are made. Its text is the sink's name.
type format struct{ format, compression string }

func (f format) String() string { return f.format + "-" + f.compression }

func (f format) extension() string {
	return map[string]string{"parquet-zstd": ".parquet", "ndjson-gzip": ".ndjson.gz", "ndjson-zstd": ".ndjson.zst", "ndjson-none": ".ndjson"}[f.String()]
}

// Formats that tests export.
var (
	parquet = format{"parquet", "zstd"}
	gzip    = format{"ndjson", "gzip"}
	zstd    = format{"ndjson", "zstd"}
)

// export is what a pipeline declares.
type export struct {
	partition string
	from, to  time.Time
	formats   []format
	transform map[string]any
}

// world is a simulated API, and a folder for what pipelines export from it.
type world struct {
	t        testing.TB
	sim      *logsim.Server
	url, dir string
	projects []logsim.Project
}

func newWorld(t testing.TB, o logsim.Options) *world {
	t.Helper()
	o.Rate, o.Now = logsim.Rate{Limit: -1}, func() time.Time { return clock }
	sim, err := logsim.New(o)
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	return &world{t: t, sim: sim, url: server.URL, dir: t.TempDir(), projects: o.Projects}
}

// folder is that of a sink.
func (w *world) folder(f format) string { return filepath.Join(w.dir, f.String()) }

// pipeline declares an export of all records.
func (w *world) pipeline(e export) *config.Pipeline {
	w.t.Helper()
	keys := map[string]string{"KEY": logsim.DefaultKey}
	source := map[string]any{"base_url": w.url}
	if len(w.projects) == 0 {
		source["api_key"] = "${KEY}"
	}
	var projects []any
	for _, p := range w.projects {
		name := "KEY_" + strings.ToUpper(strings.ReplaceAll(p.Name, "-", "_"))
		keys[name] = p.Key
		projects = append(projects, map[string]any{"name": p.Name, "api_key": "${" + name + "}"})
	}
	if projects != nil {
		source["projects"] = projects
	}
	var sinks []any
	for _, f := range e.formats {
		sinks = append(sinks, map[string]any{"name": f.String(), "url": "file://" + w.folder(f), "format": f.format, "compression": f.compression})
	}
	doc := map[string]any{
		"version": 1, "name": "engines", "reconcile": "off", "source": source, "sinks": sinks,
		"range": map[string]any{
			"from": e.from.Format(time.RFC3339), "to": e.to.Format(time.RFC3339), "partition": e.partition, "lookback": "0s",
		},
		"extract": map[string]any{"rate": map[string]any{"headroom": "0%"}},
	}
	if e.transform != nil {
		doc["transform"] = e.transform
	}
	text, err := json.Marshal(doc)
	require.NoError(w.t, err)
	p, err := config.Parse("pipeline.yaml", text, config.Options{Now: clock, Env: func(name string) (string, bool) {
		key, ok := keys[name]
		return key, ok
	}})
	require.NoError(w.t, err, "%s", text)
	return p
}

// apply exports.
func (w *world) apply(p *config.Pipeline) {
	w.t.Helper()
	_, err := apply.Run(w.t.Context(), p, apply.Options{Now: clock, Version: "1.2.3"})
	require.NoError(w.t, err)
}

// view makes the view `logs` over a sink of a pipeline.
func view(t testing.TB, p *config.Pipeline, f format) {
	t.Helper()
	execute(t, script(t, p, f, false))
}

// script is the text that `logferry schema` prints for a sink, with --load or without.
func script(t testing.TB, p *config.Pipeline, f format, load bool) string {
	t.Helper()
	exports, err := apply.Exports(p, clock)
	require.NoError(t, err)
	for _, e := range exports {
		if e.Sink != f.String() {
			continue
		}
		e.Load = load
		s, err := ddl.NewScript(ddl.DuckDB, e)
		require.NoError(t, err)
		return s.String()
	}
	t.Fatalf("the pipeline has no sink %s", f)
	return ""
}
