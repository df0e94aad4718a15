package duckdb_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// at is the record's time.
func (r *record) at() time.Time { return time.UnixMicro(r.fact.Micros).UTC() }

// layout is a shape of paths: what a partition is, and whether there are several projects.
type layout struct {
	partition string
	projects  bool
	length    time.Duration
}

var layouts = map[string]layout{
	"day":            {"day", false, 72 * time.Hour},
	"hour":           {"hour", false, 5 * time.Hour},
	"month":          {"month", false, 45 * 24 * time.Hour},
	"projects, day":  {"day", true, 48 * time.Hour},
	"projects, hour": {"hour", true, 3 * time.Hour},
}

// levels are the columns that an engine makes of the paths. That of the project is in the files, too.
func (l layout) levels() []column {
	return map[string][]column{
		"day": columns("dt DATE level"), "hour": columns("dt DATE level\n", "hour BIGINT level"), "month": columns("month VARCHAR level"),
	}[l.partition]
}

// twoProjects have names that a path and SQL could trip over as far as a pipeline allows.
var twoProjects = []logsim.Project{{Name: "production", Key: "ak_first"}, {Name: "2-eu_west", Key: "ak_second"}}

// oddText is all that a record can be unlike its documentation but half a surrogate pair, with which a payload is no JSON to DuckDB.
const oddText = logsim.OddDefault &^ logsim.OddLoneSurrogate

// begin is late in the evening of the last day of a month, so that all layouts have an edge near.
var begin = time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC)

func TestEveryLayoutIsReadAsItIsTrue(t *testing.T) {
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			e := export{
				partition: layout.partition, from: begin, to: begin.Add(layout.length), formats: []format{parquet, gzip, zstd},
				transform: map[string]any{"raw": true},
			}
			o := logsim.Options{
				Seed: 5, Details: logsim.DetailFaults{MissingShare: 0.02, DeniedShare: 0.02},
				Records: logsim.Records{
					Count: 500, From: e.from.Add(-time.Hour), To: e.to.Add(time.Hour), MedianPayload: 300, MaxPayload: 30_000,
					Odd: logsim.Odd{Share: 0.4, Kinds: oddText},
				},
			}
			lines := []string{contract, rawColumn}
			if layout.projects {
				o.Projects = twoProjects
				lines = []string{contract, projectColumn, rawColumn}
			}
			w := newWorld(t, o)
			p := w.pipeline(e)
			w.apply(p)
			want := w.truth(e)
			require.Greater(t, len(want), 200)
			for _, f := range e.formats {
				t.Run(f.String(), func(t *testing.T) {
					requireTruth(t, w.glob(f, columns(lines...)), columns(lines...), want, f)
					view(t, p, f)
					found := requireTruth(t, "logs", columns(lines...), want, f)
					for _, c := range columns(lines...) {
						require.Positive(t, found[c.name], "rows have %s", c.name)
					}
					requireTypes(t, append(columns(lines...), layout.levels()...), f)
					requirePartitions(t, layout.levels(), want)
				})
			}
		})
	}
}

// glob reads all files of a sink, as somebody would who knows no more than the description of an export.
func (w *world) glob(f format, all []column) string {
	pattern := filepath.Join(w.folder(f), "tool_execution", "**", "*"+f.extension())
	if f.format == "parquet" {
		return fmt.Sprintf("read_parquet('%s', hive_partitioning = true)", pattern)
	}
	var types []string
	for _, c := range all {
		typ := c.typ
		if c.kind == "json" {
			typ = "JSON"
		}
		types = append(types, fmt.Sprintf("'%s': '%s'", c.name, typ))
	}
	return fmt.Sprintf("read_ndjson('%s', columns = {%s}, hive_partitioning = true)", pattern, strings.Join(types, ", "))
}

// requireTypes compares DESCRIBE with the contract: nested JSON has the type JSON.
func requireTypes(t testing.TB, all []column, f format) {
	t.Helper()
	described := query(t, "DESCRIBE logs")
	require.Len(t, described, len(all))
	for i, c := range all {
		if c.kind == "json" && f.format == "ndjson" {
			c.typ = "JSON"
		}
		require.Equal(t, []any{c.name, c.typ}, described[i][:2], "column %d", i)
	}
}

// requirePartitions says that the paths' levels, as the engine reads them, are those of the rows' times.
func requirePartitions(t testing.TB, levels []column, want map[string]*record) {
	t.Helper()
	var texts []string
	for _, c := range levels {
		texts = append(texts, c.name+"::VARCHAR")
	}
	found := map[string]bool{}
	for _, row := range query(t, "SELECT log_id, "+strings.Join(texts, ", ")+" FROM logs") {
		r := want[row[0].(string)]
		for i, c := range levels {
			require.Equal(t, r.partitionOf(c.name), row[i+1], c.name)
		}
		found[fmt.Sprint(r.project, row[1:])] = true
	}
	require.Greater(t, len(found), 1, "more than one partition was read")
}
