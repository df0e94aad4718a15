package duckdb_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// lookups are the columns with a bloom filter.
var lookups = []string{"log_id", "user_id", "session_id", "request_id"}

// What statistics and bloom filters exclude is never looked at: one that is wrong takes rows away without a word.
func TestSingleValuesAreFoundWhateverIsSkipped(t *testing.T) {
	w := oddDay(t, oddText)
	p := w.pipeline(aDay)
	w.apply(p)
	want := w.truth(aDay)
	view(t, p, parquet)
	for _, name := range append([]string{"status", "tool_slug", "trace_id", "parent_log_id"}, lookups...) {
		for i, g := range groupedByID(want, name) {
			if i%17 != 0 || g.key == nil {
				continue
			}
			rows := query(t, fmt.Sprintf("SELECT count(*) FROM logs WHERE %s = '%s'", name, g.key))
			require.EqualValues(t, len(g.records), rows[0][0], "%s = %s", name, g.key)
		}
	}
}

// groupedByID are the groups of all records by a column.
func groupedByID(all map[string]*record, name string) []group {
	var records []*record
	for _, r := range all {
		records = append(records, r)
	}
	return grouped(records, name)
}

func TestBloomFiltersAreOnesThatDuckDBReads(t *testing.T) {
	w := oddDay(t, oddText)
	w.apply(w.pipeline(aDay))
	file := filepath.Join(w.folder(parquet), "tool_execution/dt=2026-04-01/part-00000.parquet")
	excludes := func(name string, value any) bool {
		rows := query(t, fmt.Sprintf("SELECT bool_and(bloom_filter_excludes) FROM parquet_bloom_probe('%s', '%s', '%v')", file, name, value))
		return rows[0][0].(bool)
	}
	for _, name := range lookups {
		for i, row := range query(t, fmt.Sprintf("SELECT DISTINCT %s FROM read_parquet('%s') WHERE %[1]s IS NOT NULL ORDER BY 1", name, file)) {
			if i%13 == 0 {
				require.False(t, excludes(name, row[0]), "%s = %s", name, row[0])
			}
		}
		absent := 0
		for i := range 50 {
			if excludes(name, fmt.Sprint("absent", i)) {
				absent++
			}
		}
		require.Greater(t, absent, 40, "%s: of 50 values that the file has not", name)
	}
}
