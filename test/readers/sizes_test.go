package readers_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// What readers are promised of sizes. A row group is what DuckDB gives to one thread, and what a reader without indexes decodes at once.
// A page is what every reader holds of each column: 1 MiB is what BigQuery's page on loading Parquet names as the usual size.
const (
	mostRowsInAGroup = 128 << 10
	mostRowsInAPage  = 8 << 10
	largestPage      = 1 << 20 // bytes before compression, less the values that fill it up: 256 KiB or one longer value
)

func TestRowGroupsAreAsLargeAsTheyMayBe(t *testing.T) {
	if testing.Short() {
		t.Skip("large, and one goroutine makes the groups")
	}
	e := exported(t, declaration{records: logsim.Records{Count: 290_000, BurstShare: -1}, details: "none", sinks: []string{"zstd"}})
	for _, content := range e.files("zstd") {
		meta := open(t, content).MetaData()
		require.Greater(t, len(meta.RowGroups), 1, "more rows than one group has")
		for g := range meta.RowGroups {
			rows := meta.RowGroup(g).NumRows()
			require.LessOrEqual(t, rows, int64(mostRowsInAGroup))
			if g < len(meta.RowGroups)-1 {
				require.EqualValues(t, mostRowsInAGroup, rows, "a group of small rows that is not the last is full")
			}
		}
		eachPage(t, content, func(column string, page file.Page) {
			if _, isData := page.(file.DataPage); isData {
				require.LessOrEqual(t, page.NumValues(), int32(mostRowsInAPage), column)
				require.LessOrEqual(t, len(page.Data()), largestPage, column)
			}
		})
	}
}

// Long payloads fill a page before its rows do, whatever memory there is.
func TestPagesOfLongPayloadsAreBoundedToo(t *testing.T) {
	const longest = 200 << 10
	records, least := logsim.Records{Count: 2500, MedianPayload: 8000, MaxPayload: longest, LargeShare: 0.02}, 3
	if testing.Short() {
		records.Count, records.LargeShare, least = 250, 0.2, 1
	}
	e := exported(t, declaration{records: records, maxMemory: "4GiB", sinks: []string{"none"}})
	for _, content := range e.files("none") {
		pages, largest := map[string]int{}, 0
		eachPage(t, content, func(column string, page file.Page) {
			pages[column]++
			largest = max(largest, len(page.Data()))
		})
		require.LessOrEqual(t, largest, largestPage+256<<10)
		require.Greater(t, pages["response"], least)
		require.Less(t, pages["response"], 100, "pages are not tiny")
	}
}
