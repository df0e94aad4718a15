package transform

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
	"logferry/internal/table"
)

// nested is a record of a value in so many objects named a, in turns with arrays.
func nested(levels int, value string) string {
	var b strings.Builder
	b.WriteString(`{"id":"log_1","timestamp":"2026-04-17T10:11:12.345Z","a":`)
	b.WriteString(strings.Repeat(`{"a":[`, (levels-1)/2) + value + strings.Repeat(`]}`, (levels-1)/2))
	return b.String() + "}"
}

// flattened returns the declared columns of a record by paths, as JSON, and how many bytes that took.
func flattened(t *testing.T, entry, detail string, paths ...string) (values []string, allocated uint64) {
	t.Helper()
	var columns []Column
	for i, path := range paths {
		columns = append(columns, Column{fmt.Sprint("c", i), path, table.JSON})
	}
	f, err := New(Options{Columns: columns})
	require.NoError(t, err)
	rec := entryOnly(entry)
	if detail != "" {
		rec.Outcome, rec.Detail = record.Fetched, []byte(detail)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	row, err := f.Flatten(rec, "")
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	for _, v := range row[f.first:] {
		values = append(values, string(v.Bytes))
	}
	return values, after.TotalAlloc - before.TotalAlloc
}

func TestColumnsOfDescendantsTakeMemoryInProportionToTheRecord(t *testing.T) {
	if testing.Short() {
		t.Skip("measures memory")
	}
	deep := strings.Repeat(`{"a":`, 4500) + "1" + strings.Repeat("}", 4500)
	wide := nested(250, "["+strings.TrimSuffix(strings.Repeat("1,", 14_000), ",")+"]")
	for _, paths := range [][]string{
		{"$..a"}, {"$..*"}, {"$..a..a"}, {"$..*..*"}, {"$..*..*..*..*"}, {"$..[?@.a]"}, {"$..[*,*,*,*]"}, {"$..a", "$..*", "$..[0]", "$..b"},
	} {
		for _, text := range []string{nested(2, deep), wide} {
			_, allocated := flattened(t, text, "", paths...)
			require.Less(t, allocated, uint64(40<<20), "%v of %d bytes", paths, len(text))
		}
	}
}

func TestColumnsOfSeveralNodesAreNullInRecordsThatAreTooDeep(t *testing.T) {
	// The record is a level, and the value one.
	values, _ := flattened(t, nested(maxDepth-1, `[7]`), "", "$..[?@ == 7]", "$.id")
	require.Equal(t, []string{"[7]", `"log_1"`}, values)
	values, _ = flattened(t, nested(maxDepth+1, `[7]`), "", "$..[?@ == 7]", "$.id", "$.a.a[0].a[0].none", "$['id','x']")
	require.Equal(t, []string{"", `"log_1"`, "", ""}, values, "paths of one node are walked all the same")
	values, _ = flattened(t, `{"id":"log_1","timestamp":1,"b":5}`, `{"id":"log_1","a":`+strings.Repeat("[", maxDepth)+strings.Repeat("]", maxDepth)+`}`, "$..b", "$.b")
	require.Equal(t, []string{"", "5"}, values, "the detail counts")
}

func TestQueriesThatWouldTakeTooManyStepsFindNothing(t *testing.T) {
	doc := newDocument([]byte(nested(200, `[1]`)))
	for path, want := range map[string]int{"$..a": 100, "$..a..a": 4950, "$..*..*": 19_900, "$..*..*..*": 0, "$..[?@.a]": 99} {
		query, err := newParser().Parse(path)
		require.NoError(t, err)
		require.Equal(t, want, len(doc.find(query)), path) //nolint:testifylint // the texts are long
	}
}

func TestArraysOfMoreThanTheRecordWarrantsAreNull(t *testing.T) {
	text := nested(200, "["+strings.Repeat("1,", 9_000)+"1]")
	values, _ := flattened(t, text, "", "$..*", "$..[0]", "$..[9000]")
	require.Equal(t, []string{"", "", "[1]"}, values, "a hundred times the record")
}
