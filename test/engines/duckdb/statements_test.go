package duckdb_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

func TestStatementsCanBeRunAgain(t *testing.T) {
	e := export{partition: "hour", from: begin, to: begin.Add(3 * time.Hour), formats: []format{parquet, gzip, zstd}}
	w := newWorld(t, logsim.Options{Seed: 8, Projects: twoProjects, Records: logsim.Records{Count: 120, From: e.from, To: e.to, MedianPayload: 100}})
	p := w.pipeline(e)
	w.apply(p)
	want := w.truth(e)
	for _, f := range e.formats {
		for _, load := range []bool{false, true} {
			for range 2 {
				execute(t, script(t, p, f, load))
				requireTruth(t, "logs", columns(contract, projectColumn), want, f)
			}
			execute(t, "DROP "+map[bool]string{false: "VIEW", true: "TABLE"}[load]+" logs")
		}
	}
}

// DuckDB finds levels anywhere in a path, and takes the first of a name; a column of a path replaces that of the files.
func TestLevelsAreThoseOfTheFilesNotOfTheSinksOwnPath(t *testing.T) {
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			e := export{partition: layout.partition, from: begin, to: begin.Add(layout.length), formats: []format{parquet, gzip}}
			o := logsim.Options{Seed: 6, Records: logsim.Records{Count: 150, From: e.from, To: e.to, MedianPayload: 100}}
			all := columns(contract)
			if layout.projects {
				o.Projects, all = twoProjects, columns(contract, projectColumn)
			}
			w := newWorld(t, o)
			w.dir = filepath.Join(w.dir, "dt=1", "project=x", "hour=77", "month=y", "status=odd")
			p := w.pipeline(e)
			w.apply(p)
			want := w.truth(e)
			for _, f := range e.formats {
				view(t, p, f)
				requireTruth(t, "logs", all, want, f)
				requireTypes(t, append(all[:len(all):len(all)], layout.levels()...), f)
				requirePartitions(t, layout.levels(), want)
			}
		})
	}
}

func TestPartitionsAreExcludedBelowASinksOwnPathToo(t *testing.T) {
	w := oddDay(t, oddText)
	w.dir = filepath.Join(w.dir, "dt=1")
	p := w.pipeline(aDay)
	w.apply(p)
	for _, f := range aDay.formats {
		view(t, p, f)
		damageValues(t, filepath.Join(w.folder(f), "tool_execution", "dt=2026-04-01", "part-00000"+f.extension()))
		requirePruned(t, "logs")
	}
}

// quick is the view of the script without union_by_name, as the comment in the script has it.
func quick(t testing.TB, text string) string {
	t.Helper()
	require.Contains(t, text, "-- union_by_name opens every file")
	require.Contains(t, text, "\n  union_by_name = true,\n")
	return strings.Replace(text, "\n  union_by_name = true,\n", "\n", 1)
}

func TestWithoutUnionByNameFilesThatAConditionExcludesAreNotOpened(t *testing.T) {
	w := oddDay(t, oddText)
	p := w.pipeline(aDay)
	w.apply(p)
	execute(t, quick(t, script(t, p, parquet, false)))
	requireTruth(t, "logs", columns(contract), w.truth(aDay), parquet)
	require.NoError(t, os.WriteFile(filepath.Join(w.folder(parquet), "tool_execution", "dt=2026-04-01", "part-00000.parquet"), []byte("no Parquet"), 0o600))
	requirePruned(t, "logs")
}

// Files that lack a column end in an error without union_by_name, never in wrong rows.
func TestWithoutUnionByNameFilesOfTwoSchemasAreAnError(t *testing.T) {
	first := export{partition: "day", from: date(0), to: date(2), formats: []format{parquet}}
	w := newWorld(t, logsim.Options{Seed: 21, Records: logsim.Records{Count: 90, From: date(0), To: date(3), MedianPayload: 100}})
	w.apply(w.pipeline(first))
	p := w.pipeline(aNightLater(first))
	w.apply(p)
	_, err := engine.Exec(quick(t, script(t, p, parquet, false)))
	require.ErrorContains(t, err, `"payload_limit" not found`)
}
