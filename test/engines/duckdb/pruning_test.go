package duckdb_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// scanned is what EXPLAIN ANALYZE says of the files that a query opened.
var scanned = regexp.MustCompile(`Scanning Files:[\s│]*(\d+)/\d+`)

// analyze runs a query and returns its plan with what happened.
func analyze(t testing.TB, statement string) string {
	t.Helper()
	rows := query(t, "EXPLAIN ANALYZE "+statement)
	var out strings.Builder
	for _, row := range rows {
		fmt.Fprintln(&out, row[len(row)-1])
	}
	return out.String()
}

func TestPartitionsThatAConditionExcludesAreNotOpened(t *testing.T) {
	e := export{partition: "hour", from: begin, to: begin.Add(4 * time.Hour), formats: []format{parquet, gzip, zstd}}
	w := newWorld(t, logsim.Options{Seed: 3, Projects: twoProjects, Records: logsim.Records{Count: 400, From: e.from, To: e.to, MedianPayload: 100}})
	p := w.pipeline(e)
	w.apply(p)
	want := w.truth(e)
	// Four hours on two days, of two projects: eight files.
	everything := filepath.Join(w.dir, "*", "tool_execution/project=*/dt=*/hour=*/*")
	require.Equal(t, [][]any{{int64(8 * len(e.formats))}}, query(t, "SELECT count(*) FROM glob('"+everything+"')"))
	for condition, files := range map[string]int{
		"dt = DATE '2026-03-31'":                                         4,
		"dt = DATE '2026-04-01' AND hour = 1":                            2,
		"project = '2-eu_west'":                                          4,
		"project = 'production' AND dt >= '2026-04-01' AND hour<1":       1,
		"dt < DATE '2026-04-01' AND status IS NOT NULL AND hour IN (22)": 2,
	} {
		for _, f := range e.formats {
			t.Run(f.String()+"/"+condition, func(t *testing.T) {
				view(t, p, f)
				plan := analyze(t, "SELECT count(*), min(log_id) FROM logs WHERE "+condition)
				m := scanned.FindStringSubmatch(plan)
				require.NotNil(t, m, plan)
				require.Equal(t, strconv.Itoa(files), m[1], plan)
				opened := query(t, "SELECT count(*) FROM logs WHERE "+condition)[0][0].(int64)
				require.Positive(t, opened)
				require.Less(t, opened, int64(len(want)))
			})
		}
	}
}

// Values that can't be read show that they are not read, whatever a plan says. The product's view takes columns by their names from all
// files (union_by_name), for which DuckDB opens the footer of each Parquet file; without that it opens none that a condition excludes.
func TestDamageOutsideOfTheConditionIsNotNoticed(t *testing.T) {
	w := oddDay(t, oddText)
	p := w.pipeline(aDay)
	w.apply(p)
	for _, f := range aDay.formats {
		t.Run(f.String(), func(t *testing.T) {
			excluded := filepath.Join(w.folder(f), "tool_execution", "dt=2026-04-01", "part-00000"+f.extension())
			damageValues(t, excluded)
			view(t, p, f)
			requirePruned(t, "logs")

			require.NoError(t, os.WriteFile(excluded, []byte("neither Parquet nor gzip"), 0o600))
			if f == parquet {
				_, err := queryAll("SELECT count(message) FROM logs WHERE dt = DATE '2026-03-31'")
				require.ErrorContains(t, err, "No magic bytes found at end of file")
			}
			requirePruned(t, w.glob(f, columns(contract)))
		})
	}
}

// requirePruned says that the second date can't be read, and the first one can.
func requirePruned(t testing.TB, table string) {
	t.Helper()
	_, err := queryAll("SELECT count(message) FROM " + table + " WHERE dt >= DATE '2026-03-31'")
	require.Error(t, err)
	require.Positive(t, query(t, "SELECT count(message) FROM "+table+" WHERE dt = DATE '2026-03-31'")[0][0])
}

// damageValues overwrites all of a file but a Parquet footer.
func damageValues(t testing.TB, name string) {
	t.Helper()
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	end := len(content)
	if strings.HasSuffix(name, ".parquet") {
		end -= 8 + int(binary.LittleEndian.Uint32(content[end-8:]))
	}
	for i := range content[:end] {
		content[i] = 0xaa
	}
	require.NoError(t, os.WriteFile(name, content, 0o600))
}
