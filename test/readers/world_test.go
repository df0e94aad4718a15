package readers_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
	"logferry/internal/table"
)

// The dates of the records, and a time after them.
var (
	begin = time.Date(2026, 4, 15, 0, 0, 0, 0, time.UTC)
	end   = begin.AddDate(0, 0, 2)
	clock = begin.AddDate(0, 1, 0)
)

// export is what was exported once into a sink of each kind.
type export struct {
	contents map[string]map[string][]byte // of data files, by sink and the path of their partition. Each has one file
	schema   *table.Schema
}

// declaration is what a pipeline declares.
type declaration struct {
	records   logsim.Records // of each project
	projects  []logsim.Project
	details   string // "" is all
	maxMemory string // "" is the default
	transform map[string]any
	sinks     []string // of kinds; nil for all
}

// kinds are the sinks that there can be: format and compression.
var kinds = map[string][2]string{
	"zstd": {"parquet", "zstd"}, "snappy": {"parquet", "snappy"}, "none": {"parquet", "none"}, "lines": {"ndjson", "gzip"},
}

// exported runs a pipeline on a simulated API.
func exported(t testing.TB, d declaration) *export {
	t.Helper()
	d.records.From, d.records.To = begin, end
	sim, err := logsim.New(logsim.Options{
		Seed: 17, Records: d.records, Projects: d.projects, Rate: logsim.Rate{Limit: -1}, Now: func() time.Time { return clock },
	})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())

	dir := t.TempDir()
	if d.sinks == nil {
		d.sinks = slices.Sorted(maps.Keys(kinds))
	}
	source := map[string]any{"base_url": server.URL, "details": cmp.Or(d.details, "all")}
	keys := map[string]string{"KEY": logsim.DefaultKey}
	var projects []any
	for i, p := range d.projects {
		keys[fmt.Sprint("KEY", i)] = p.Key
		projects = append(projects, map[string]any{"name": p.Name, "api_key": fmt.Sprintf("${KEY%d}", i)})
	}
	if source["projects"] = projects; projects == nil {
		delete(source, "projects")
		source["api_key"] = "${KEY}"
	}
	var sinks []any
	for _, name := range d.sinks {
		sinks = append(sinks, map[string]any{"name": name, "url": "file://" + filepath.Join(dir, name), "format": kinds[name][0], "compression": kinds[name][1]})
	}
	doc := map[string]any{
		"version": 1, "name": "readers", "reconcile": "off", "source": source,
		"range":     map[string]any{"from": begin.Format(time.RFC3339), "to": end.Format(time.RFC3339)},
		"extract":   map[string]any{"max_memory": cmp.Or(d.maxMemory, "512MiB")},
		"transform": d.transform,
		"sinks":     sinks,
	}
	if d.transform == nil {
		delete(doc, "transform")
	}
	text, err := json.Marshal(doc)
	require.NoError(t, err)
	p, err := config.Parse("pipeline.yaml", text, config.Options{Now: clock, Env: func(name string) (string, bool) {
		key, ok := keys[name]
		return key, ok
	}})
	require.NoError(t, err, "%s", text)
	_, err = apply.Run(t.Context(), p, apply.Options{Now: clock, Version: "1.2.3"})
	require.NoError(t, err)
	described, err := apply.Exports(p, clock)
	require.NoError(t, err)
	e := &export{schema: described[0].Schema, contents: map[string]map[string][]byte{}}
	for _, name := range d.sinks {
		e.contents[name] = dataFiles(t, filepath.Join(dir, name, "tool_execution"))
		require.Len(t, e.contents[name], 2*max(1, len(d.projects)))
	}
	return e
}

// dataFiles reads the files below a folder, by the path of theirs.
func dataFiles(t testing.TB, root string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		out[strings.TrimPrefix(filepath.Dir(name), root)] = content
		return err
	}))
	return out
}

// compressions are those of the Parquet sinks, and their names.
func compressions() []string {
	if testing.Short() {
		return []string{"zstd"}
	}
	return []string{"zstd", "snappy", "none"}
}

// files are the contents of a sink's data files, by the path of their partition.
func (e *export) files(sink string) map[string][]byte { return e.contents[sink] }

// declared are columns of every type that can be declared.
var declared = slices.Collect(func(yield func(any) bool) {
	for _, c := range [][3]string{
		{"payload_limit", "int64", "$.data.request.payload.limit"},
		{"successful", "bool", "$.data.response.body.successful"},
		{"first_score", "float64", "$.data.response.body.data.items[0].score"},
		{"query", "string", "$.data.request.payload.query"},
		{"started", "timestamp", "$.timings.start_time"},
		{"include", "json", "$.data.request.payload.include"},
	} {
		if !yield(map[string]any{"name": c[0], "type": c[1], "path": c[2]}) {
			return
		}
	}
})

var (
	everythingOnce sync.Once
	everythingMade *export
)

// everything is what was exported, once for all tests, of odd records of two projects with every column that there can be.
func everything(t *testing.T) *export {
	t.Helper()
	everythingOnce.Do(func() {
		everythingMade = exported(t, declaration{
			records:   logsim.Records{Count: 500, MedianPayload: 400, MaxPayload: 200_000, Odd: logsim.Odd{Share: 0.3}},
			projects:  []logsim.Project{{Name: "production", Key: "ak_first"}, {Name: "2-eu_west", Key: "ak_second"}},
			transform: map[string]any{"raw": true, "columns": declared},
			sinks:     append(compressions(), "lines"),
		})
	})
	require.NotNil(t, everythingMade, "the test that exported it has failed")
	return everythingMade
}
