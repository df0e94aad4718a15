package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
)

// clock is the pipelines' time: later than every simulated record.
var clock = time.Date(2026, 5, 2, 3, 4, 5, 678_901_000, time.UTC)

// export is one pipeline.
type export struct {
	layout
	partition string // "" is day
	details   string // "" is all
	reconcile string // "" is off
	filters   []logsim.Filter
	from, to  time.Time
	span      map[string]any // keys of range that say from and to in other words
	windows   int            // 0 is auto, as with inFlight
	inFlight  int
	extract   map[string]any // further keys of extract
	sinks     []sinkForm
	sinkURL   string // "" is a folder of each sink's own
}

// world is a simulated API, and folders for what a pipeline writes.
type world struct {
	t        *testing.T
	sim      *logsim.Server
	url      string
	dir      string
	scratch  []string // folders for what is temporary; nil where others use them at the same time
	projects []logsim.Project
}

// newWorld serves the options behind around, which may be nil. The test has folders for temporary files of its own, and
// leaves no goroutine.
func newWorld(t *testing.T, opts logsim.Options, around func(http.Handler) http.Handler) *world {
	t.Helper()
	scratch := isolate(t)
	w := sharedWorld(t, opts, around)
	w.scratch = scratch
	return w
}

// sharedWorld is a newWorld that goes on beside others in the isolation of their parent.
func sharedWorld(t *testing.T, opts logsim.Options, around func(http.Handler) http.Handler) *world {
	t.Helper()
	sim, err := logsim.New(opts)
	require.NoError(t, err)
	w := serveShared(t, sim, around)
	w.sim, w.projects = sim, opts.Projects
	t.Cleanup(sim.Close)
	return w
}

// serve makes a world around any handler.
func serve(t *testing.T, h http.Handler) *world {
	t.Helper()
	scratch := isolate(t)
	w := serveShared(t, h, nil)
	w.scratch = scratch
	return w
}

func serveShared(t *testing.T, h http.Handler, around func(http.Handler) http.Handler) *world {
	if around != nil {
		h = around(h)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &world{t: t, url: server.URL, dir: t.TempDir()}
}

// isolate sends temporary files into folders of the test's own, which it returns, and looks in the end for goroutines and
// files that were left.
func isolate(t *testing.T) (scratch []string) {
	t.Helper()
	others := goleak.IgnoreCurrent()
	scratch = []string{t.TempDir(), t.TempDir()}
	t.Cleanup(func() {
		goleak.VerifyNone(t, others)
		nothingIn(t, scratch, ".journal") // of a run that failed: the next one goes on with it
	})
	t.Setenv("XDG_CACHE_HOME", scratch[0])
	t.Setenv("TMPDIR", scratch[1])
	return scratch
}

// nothingIn looks for files that were left, other than lock files, which stay, and those of a spared ending.
func nothingIn(t *testing.T, dirs []string, spared ...string) {
	t.Helper()
	for _, dir := range dirs {
		require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), "lock") && !slices.Contains(spared, filepath.Ext(path)) {
				t.Errorf("the run left %s", path)
			}
			return err
		}))
	}
}

// sinkDir is the folder of the i-th sink.
func (w *world) sinkDir(i int) string { return filepath.Join(w.dir, "sink"+strconv.Itoa(i)) }

// config writes the pipeline as JSON, which is YAML, and parses it.
func (w *world) config(e export) *config.Pipeline {
	w.t.Helper()
	env := map[string]string{"KEY": logsim.DefaultKey}
	src := map[string]any{"base_url": w.url, "details": orElse(e.details, "all")}
	if len(w.projects) == 0 {
		src["api_key"] = "${KEY}"
	} else {
		var projects []any
		for i, p := range w.projects {
			name := "KEY_" + strconv.Itoa(i)
			env[name] = p.Key
			projects = append(projects, map[string]any{"name": p.Name, "api_key": "${" + name + "}"})
		}
		src["projects"] = projects
	}
	for i, f := range e.filters {
		var filter any = map[string]any{"field": f.Field, "operator": f.Operator, "value": f.Value}
		if i%2 == 1 {
			filter = fmt.Sprintf("%s %s %q", f.Field, f.Operator, f.Value)
		}
		list, _ := src["filters"].([]any)
		src["filters"] = append(list, filter)
	}
	extract := map[string]any{"rate": map[string]any{"headroom": "0%"}}
	if e.windows > 0 {
		extract["windows"] = e.windows
	}
	if e.inFlight > 0 {
		extract["details_in_flight"] = e.inFlight
	}
	for k, v := range e.extract {
		extract[k] = v
	}
	transform := map[string]any{"raw": e.raw}
	for _, d := range e.declared {
		list, _ := transform["columns"].([]any)
		transform["columns"] = append(list, map[string]any{"name": d.name, "path": d.path(), "type": kindWords[d.kind]})
	}
	var sinks []any
	for i, f := range e.sinks {
		require.NoError(w.t, os.MkdirAll(w.sinkDir(i), 0o755))
		s := map[string]any{"name": "sink" + strconv.Itoa(i), "url": orElse(e.sinkURL, "file://"+w.sinkDir(i)), "format": f.format, "compression": f.compression}
		if f.maxFileSize != "" {
			s["max_file_size"] = f.maxFileSize
		}
		sinks = append(sinks, s)
	}
	span := map[string]any{"from": e.from.Format(time.RFC3339Nano), "to": e.to.UnixMilli(), "partition": orElse(e.partition, "day"), "lookback": "0s"}
	maps.Copy(span, e.span)
	doc, err := json.MarshalIndent(map[string]any{
		"version": 1, "name": "contract", "source": src, "extract": extract, "transform": transform, "sinks": sinks, "reconcile": orElse(e.reconcile, "off"),
		"range": span,
	}, "", " ")
	require.NoError(w.t, err)
	p, err := config.Parse("pipeline.yaml", doc, config.Options{Now: clock, Env: func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}})
	require.NoError(w.t, err, "%s", doc)
	return p
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// run exports, and looks for what was left in the temporary folders.
func (w *world) run(ctx context.Context, e export) (*apply.Summary, error) {
	w.t.Helper()
	sum, err := apply.Run(ctx, w.config(e), apply.Options{Now: clock, Version: "test"})
	if err == nil {
		nothingIn(w.t, w.scratch)
	} else {
		nothingIn(w.t, w.scratch, ".journal")
	}
	return sum, err
}

// mustRun exports without an error.
func (w *world) mustRun(e export) *apply.Summary {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	sum, err := w.run(ctx, e)
	require.NoError(w.t, err)
	return sum
}

// sources are the records that belong into the export, of all projects.
func (w *world) sources(e export) []source {
	projects := []string{""}
	for i, p := range w.projects {
		if i == 0 {
			projects = nil
		}
		projects = append(projects, p.Name)
	}
	var out []source
	for _, project := range projects {
		truth := w.sim.Truth(project)
		for _, n := range truth.Numbers(logsim.Query{From: e.from, To: e.to, Filters: e.filters}) {
			fact := truth.Fact(n)
			if fact.Unreadable != "" {
				continue
			}
			s := source{project: project, id: fact.ID, micros: fact.Micros, entry: truth.AppendEntry(nil, n)}
			s.outcome = e.outcome(s.entry, fact.Fate)
			if s.outcome == "fetched" {
				s.detail = truth.AppendDetail(nil, n)
			}
			out = append(out, s)
		}
	}
	return out
}

// outcome is what becomes of a record's detail.
func (e export) outcome(entry []byte, fate logsim.Fate) string {
	fields, _ := readObject(entry)
	status, _ := readString(fields.get("status"))
	if e.details == "none" || e.details == "failed" && status != "failed" {
		return "skipped"
	}
	switch fate {
	case logsim.DetailMissing:
		return "missing"
	case logsim.DetailDenied:
		return "denied"
	case logsim.DetailServed:
		return "fetched"
	}
	return "failed"
}

// expected are the rows of the sources by partition, sorted.
func (e export) expected(sources []source) map[string][]oracleRow {
	out := map[string][]oracleRow{}
	for _, s := range sources {
		path := partitionOf(orElse(e.partition, "day"), s.project, s.micros)
		out[path] = append(out[path], e.row(s))
	}
	for _, rows := range out {
		sortRows(rows)
	}
	return out
}

func sortRows(rows []oracleRow) {
	sort.Slice(rows, func(i, k int) bool {
		a, b := rows[i]["timestamp"].(int64), rows[k]["timestamp"].(int64)
		if a != b {
			return a < b
		}
		return rows[i]["log_id"].(string) < rows[k]["log_id"].(string)
	})
}

// mustEqual reads every sink back and compares it with the sources.
func (w *world) mustEqual(e export, sources []source) []*lake {
	w.t.Helper()
	e.projects = len(w.projects) > 0
	want := e.expected(sources)
	var lakes []*lake
	for i, form := range e.sinks {
		l, err := readLake(w.sinkDir(i), form, e.columns())
		require.NoError(w.t, err, "sink %d, %s", i, form)
		if wrong := e.differences(form, want, l.rows); len(wrong) > 0 {
			w.t.Errorf("sink %d, %s:\n%s", i, form, strings.Join(wrong, "\n"))
		}
		lakes = append(lakes, l)
	}
	return lakes
}

// mostDifferences is how many differences of a sink are told, and longestValue how much of a value.
const (
	mostDifferences = 12
	longestValue    = 600
)

// differences compares a sink with what it should hold.
func (e export) differences(form sinkForm, want, got map[string][]oracleRow) []string {
	var out []string
	tell := func(format string, args ...any) bool {
		out = append(out, fmt.Sprintf(format, args...))
		return len(out) >= mostDifferences
	}
	paths := map[string]bool{}
	for p := range want {
		paths[p] = true
	}
	for p := range got {
		paths[p] = true
	}
	ordered := make([]string, 0, len(paths))
	for p := range paths {
		ordered = append(ordered, p)
	}
	slices.Sort(ordered)
	for _, p := range ordered {
		if a, b := ids(want[p]), ids(got[p]); !slices.Equal(a, b) {
			if tell("%s holds %d rows, want %d: %s", p, len(b), len(a), firstDifference(a, b)) {
				return out
			}
			continue
		}
		for i, w := range want[p] {
			for _, c := range e.columns() {
				if g := got[p][i][c.name]; !form.same(c, w[c.name], g) && tell("%s: %s%s", w["log_id"], c.name, contrast(w[c.name], g)) {
					return out
				}
			}
		}
	}
	return out
}

func ids(rows []oracleRow) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i], _ = r["log_id"].(string)
	}
	return out
}

func firstDifference(want, got []string) string {
	counts := map[string]int{}
	for _, id := range got {
		counts[id]++
	}
	for _, id := range want {
		if counts[id] != 1 {
			return fmt.Sprintf("%s stands there %d times", id, counts[id])
		}
		delete(counts, id)
	}
	for id := range counts {
		return id + " does not belong there"
	}
	return "they are not sorted by timestamp and id"
}

// contrast tells two values, of two objects only the members that differ.
func contrast(want, got any) string {
	a, aText := want.(string)
	b, bText := got.(string)
	left, isObject := readObject([]byte(sortedExtra(a)))
	right, both := readObject([]byte(sortedExtra(b)))
	if !aText || !bText || !isObject || !both {
		return fmt.Sprintf("\n\twant %s\n\tgot  %s", short(want), short(got))
	}
	var out strings.Builder
	for _, m := range left {
		if g := right.get(m.name); len(left) == len(right) && string(g) != string(m.value) || len(left) != len(right) && g == nil {
			fmt.Fprintf(&out, "\n\twant %s: %s\n\tgot  %s", m.name, short(string(m.value)), short(string(g)))
		}
	}
	for _, m := range right {
		if left.get(m.name) == nil {
			fmt.Fprintf(&out, "\n\tsurplus %s: %s", m.name, short(string(m.value)))
		}
	}
	if out.Len() == 0 {
		fmt.Fprintf(&out, "\n\twant %s\n\tgot  %s", short(sortedExtra(a)), short(sortedExtra(b)))
	}
	return out.String()
}

func short(v any) string {
	s := fmt.Sprintf("%v", v)
	if text, ok := v.(string); ok {
		s = strconv.Quote(text)
	}
	if len(s) > longestValue {
		s = s[:longestValue/2] + " … " + s[len(s)-longestValue/2:]
	}
	return s
}
