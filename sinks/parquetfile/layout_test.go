package parquetfile_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"
	parquetgo "github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"logferry/internal/table"
	"logferry/sinks/sinktest"
)

func open(t testing.TB, content []byte) *file.Reader {
	t.Helper()
	r, err := file.NewParquetReader(bytes.NewReader(content))
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

// manyRows returns a file of n rows of the test schema.
func manyRows(t testing.TB, n, payload int, memory int64) []byte {
	t.Helper()
	source := sinktest.NewRows(1, payload)
	rows := make([]table.Row, n)
	for i := range rows {
		rows[i] = sinktest.Clone(source.Next())
	}
	return encode(t, sinktest.Schema(), options(memory), rows...)
}

func TestColumnsKeepTheSchemasOrderTypesAndNullability(t *testing.T) {
	r := open(t, manyRows(t, 10, 100, 64<<20))
	got := r.MetaData().Schema
	want := sinktest.Schema()
	require.Equal(t, len(want.Columns), got.NumColumns())
	types := map[table.Kind]schema.LogicalType{
		table.String:    schema.StringLogicalType{},
		table.JSON:      schema.StringLogicalType{},
		table.Timestamp: schema.NewTimestampLogicalType(true, schema.TimeUnitMicros),
		table.Decimal:   schema.NewDecimalLogicalType(18, 9),
	}
	physical := map[table.Kind]parquet.Type{
		table.String: parquet.Types.ByteArray, table.JSON: parquet.Types.ByteArray, table.Int64: parquet.Types.Int64, table.Bool: parquet.Types.Boolean,
		table.Timestamp: parquet.Types.Int64, table.Decimal: parquet.Types.Int64, table.Float64: parquet.Types.Double,
	}
	for i, c := range want.Columns {
		column := got.Column(i)
		require.Equal(t, c.Name, column.Name())
		require.Equal(t, physical[c.Kind], column.PhysicalType(), c.Name)
		if logical := types[c.Kind]; logical != nil {
			require.True(t, logical.Equals(column.LogicalType()), "%s is %v", c.Name, column.LogicalType())
		}
		require.Equal(t, map[bool]int16{true: 0, false: 1}[c.Required], column.MaxDefinitionLevel(), c.Name)
	}
}

func TestFilesCarryTheirWriterMetadataAndOrder(t *testing.T) {
	r := open(t, manyRows(t, 10, 0, 64<<20))
	require.Equal(t, "logferry version 1.2.3 (build test)", r.MetaData().GetCreatedBy())
	require.Equal(t, "logferry", r.WriterVersion().App)
	value := r.MetaData().KeyValueMetadata().FindValue("logferry.partition")
	require.NotNil(t, value)
	require.Equal(t, "dt=2026-04-17", *value)
	names := make([]string, 0, 2)
	for _, s := range r.MetaData().RowGroup(0).SortingColumns() {
		require.False(t, s.Descending)
		names = append(names, r.MetaData().Schema.Column(int(s.ColumnIdx)).Name())
	}
	require.Equal(t, []string{"timestamp", "log_id"}, names)
}

func TestColumnsAreEncodedByWhatTheSchemaSaysOfThem(t *testing.T) {
	r := open(t, manyRows(t, 2000, 100, 64<<20))
	group := r.MetaData().RowGroup(0)
	for i, c := range sinktest.Schema().Columns {
		chunk, err := group.ColumnChunk(i)
		require.NoError(t, err)
		require.Equal(t, compress.Codecs.Zstd, chunk.Compression(), c.Name)
		require.Equal(t, c.Repeats, chunk.HasDictionaryPage(), c.Name)
		require.Equal(t, c.Lookup, chunk.BloomFilterOffset() > 0, c.Name)
		isInteger := c.Kind == table.Timestamp || c.Kind == table.Int64 || c.Kind == table.Decimal
		require.Equal(t, isInteger, slices.Contains(chunk.Encodings(), parquet.Encodings.DeltaBinaryPacked), c.Name)
	}
}

func TestStatisticsAndPageIndexSayWhichTimesAPageHas(t *testing.T) {
	if testing.Short() {
		t.Skip("writes from one goroutine")
	}
	const rows = 17_000
	content := manyRows(t, rows, 0, 64<<20)
	f, err := parquetgo.OpenFile(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	chunk := f.RowGroups()[0].ColumnChunks()[1]
	index, err := chunk.ColumnIndex()
	require.NoError(t, err)
	require.Equal(t, 3, index.NumPages())
	require.True(t, index.IsAscending())
	offsets, err := chunk.OffsetIndex()
	require.NoError(t, err)
	require.EqualValues(t, 8192, offsets.FirstRowIndex(1))

	stats := f.Metadata().RowGroups[0].Columns[1].MetaData.Statistics
	source := sinktest.NewRows(1, 0)
	first := source.Next()[1].Int
	last := first
	for range rows - 1 {
		last = source.Next()[1].Int
	}
	require.EqualValues(t, first, binary.LittleEndian.Uint64(stats.MinValue))
	require.EqualValues(t, last, binary.LittleEndian.Uint64(stats.MaxValue))
	require.EqualValues(t, first, index.MinValue(0).Int64())
	require.EqualValues(t, last, index.MaxValue(2).Int64())
}

// A dictionary that is given up at some size leaves what follows out of the bloom filter.
func TestBloomFiltersKnowEveryValueHoweverLargeTheDictionary(t *testing.T) {
	if testing.Short() {
		t.Skip("writes from one goroutine")
	}
	s := &table.Schema{Columns: []table.Column{
		{Name: "only_filter", Kind: table.String, Lookup: true},
		{Name: "both", Kind: table.String, Lookup: true, Repeats: true},
		{Name: "number", Kind: table.Int64, Lookup: true, Repeats: true},
	}}
	var rows []table.Row
	for i := range 140_000 {
		v := text(fmt.Sprintf("value-%06d-%s", i, strings.Repeat("x", 60)))
		rows = append(rows, table.Row{v, v, number(int64(i))})
	}
	r := open(t, encode(t, s, options(256<<20), rows...))
	var checked int
	for g := range r.NumRowGroups() {
		group, err := r.GetBloomFilterReader().RowGroup(g)
		require.NoError(t, err)
		for c := range s.Columns {
			filter, err := group.GetColumnBloomFilter(c)
			require.NoError(t, err)
			require.NotNil(t, filter)
			first := g * (128 << 10)
			var falsePositives int
			for i := first; i < min(len(rows), first+128<<10); i++ {
				require.True(t, has(filter, rows[i][c]), "group %d, column %d, row %d", g, c, i)
				checked++
			}
			for i := range 10_000 {
				if has(filter, map[bool]table.Value{true: text(fmt.Sprint("absent", i)), false: number(int64(-1 - i))}[c < 2]) {
					falsePositives++
				}
			}
			require.Less(t, falsePositives, 300)
		}
	}
	require.Equal(t, 3*len(rows), checked)
}

func has(filter metadata.BloomFilter, v table.Value) bool {
	if v.Bytes != nil {
		return filter.CheckHash(metadata.GetHash(filter.Hasher(), parquet.ByteArray(v.Bytes)))
	}
	return filter.CheckHash(metadata.GetHash(filter.Hasher(), v.Int))
}

func TestLongTextsAreRepeatedNeitherInTheFooterNorInThePageHeaders(t *testing.T) {
	s := &table.Schema{Columns: []table.Column{
		{Name: "log_id", Kind: table.String, Required: true},
		column("payload", table.JSON), column("message", table.String),
		{Name: "user_id", Kind: table.String, Lookup: true},
	}}
	long := strings.Repeat("0123456789", 100_000)
	var rows []table.Row
	for i := range 10 {
		rows = append(rows, table.Row{text(fmt.Sprint(i)), text(`"` + long + `"`), text(long), text(long)})
	}
	content := encode(t, s, options(64<<20), rows...)
	require.Less(t, binary.LittleEndian.Uint32(content[len(content)-8:]), uint32(4<<10), "footer")
	require.Less(t, len(content), 200<<10, "the texts compress well; copies of them in headers and indexes would not")

	f, err := parquetgo.OpenFile(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	for _, chunk := range f.Metadata().RowGroups[0].Columns[1:] {
		require.Nil(t, chunk.MetaData.Statistics.MinValue)
		require.Nil(t, chunk.MetaData.Statistics.MaxValue)
	}
}

// The library's own index says of pages without bounds that all their values are the empty string. Readers that believe
// it skip pages that match.
func TestPagesWithoutBoundsAreNotSkippedByReadersOfThePageIndex(t *testing.T) {
	s := &table.Schema{Columns: []table.Column{column("text", table.String), column("json", table.JSON), {Name: "id", Kind: table.String, Lookup: true}}}
	var rows []table.Row
	for i := range 30_000 {
		row := table.Row{text(fmt.Sprintf("\U0010FFFF%d", i)), text("7"), text("a")}
		if i >= 16384 && i < 24576 {
			row = make(table.Row, 3)
		}
		rows = append(rows, row)
	}
	content := encode(t, s, options(64<<20), rows...)
	f, err := parquetgo.OpenFile(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	require.Len(t, f.RowGroups(), 1)
	for c, chunk := range f.RowGroups()[0].ColumnChunks() {
		index, err := chunk.ColumnIndex()
		require.NoError(t, err)
		require.Equal(t, 4, index.NumPages())
		require.False(t, index.IsAscending() || index.IsDescending())
		for page := range index.NumPages() {
			require.Equal(t, page == 2, index.NullPage(page))
			if page != 2 {
				value := rows[0][c].Bytes
				require.LessOrEqual(t, bytes.Compare(index.MinValue(page).ByteArray(), value), 0)
				require.GreaterOrEqual(t, bytes.Compare(index.MaxValue(page).ByteArray(), value), 0)
			}
		}
		require.EqualValues(t, 8192, index.NullCount(2))
	}
}

func TestNullableIntegersAreDeltaEncoded(t *testing.T) {
	s := &table.Schema{Columns: []table.Column{column("n", table.Int64), column("at", table.Timestamp)}}
	var rows []table.Row
	for i := range 1000 {
		row := table.Row{number(int64(i * i)), number(int64(-i))}
		if i%3 == 0 {
			row[i%2] = table.Value{}
		}
		rows = append(rows, row)
	}
	content := encode(t, s, options(64<<20), rows...)
	sinktest.RequireRows(t, rows, sinktest.ReadParquet(t, content))
	chunk, err := open(t, content).MetaData().RowGroup(0).ColumnChunk(0)
	require.NoError(t, err)
	require.Contains(t, chunk.Encodings(), parquet.Encodings.DeltaBinaryPacked)
}

func TestRowGroupsOfLargeRowsEndEarlier(t *testing.T) {
	if testing.Short() {
		t.Skip("280 MB for one goroutine")
	}
	s := &table.Schema{Columns: []table.Column{column("text", table.String)}}
	rows := slices.Repeat([]table.Row{{text(strings.Repeat("0123456789", 700))}}, 40_000)
	r := open(t, encode(t, s, options(1<<30), rows...))
	require.Equal(t, 2, r.NumRowGroups())
	require.InDelta(t, 32<<10, r.MetaData().RowGroup(0).NumRows(), 128, "groups end between batches")
}

func TestRowGroupsAreBoundedByRowsAndByMemory(t *testing.T) {
	s := &table.Schema{Columns: []table.Column{column("text", table.String)}}
	rows := make([]table.Row, 270_000)
	for i := range rows {
		rows[i] = table.Row{number(int64(i))}
	}
	narrow := &table.Schema{Columns: []table.Column{column("n", table.Int64)}}
	r := open(t, encode(t, narrow, options(256<<20), rows...))
	require.Equal(t, 3, r.NumRowGroups())
	require.EqualValues(t, 128<<10, r.MetaData().RowGroup(0).NumRows())

	const memory = 1 << 20
	rows = rows[:0]
	source := sinktest.NewRows(1, 4<<10)
	response := sinktest.Schema().Index("response")
	for range 2000 {
		rows = append(rows, table.Row{sinktest.Clone(source.Next())[response]})
	}
	r = open(t, encode(t, s, options(memory), rows...))
	require.Greater(t, r.NumRowGroups(), 1)
	for g := range r.NumRowGroups() {
		require.Less(t, r.MetaData().RowGroup(g).TotalCompressedSize(), int64(memory*3/4))
	}
}
