package duckdb_test

import (
	"fmt"
	"math"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"logferry/internal/table"
	"logferry/sinks"
)

// extremes has a column of every kind; those of text with and without a dictionary.
var extremes = &table.Schema{Columns: []table.Column{
	{Name: "log_id", Kind: table.String, Required: true, Lookup: true},
	{Name: "timestamp", Kind: table.Timestamp, Required: true},
	{Name: "n", Kind: table.Int64},
	{Name: "moment", Kind: table.Timestamp},
	{Name: "d", Kind: table.Decimal},
	{Name: "f", Kind: table.Float64},
	{Name: "b", Kind: table.Bool},
	{Name: "word", Kind: table.String, Repeats: true},
	{Name: "text", Kind: table.String},
	{Name: "j", Kind: table.JSON},
}}

// The values at the edges of what a column holds. A list that is shorter than others goes on with nulls.
var (
	numbers  = []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1 << 53, 1<<53 + 1}
	moments  = []int64{0, -1, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC).UnixMicro(), 1_776_384_000_000_001}
	decimals = []int64{0, 1, -1, 1e18 - 1, 1 - 1e18, 1_500_000_000, 123_456_789}
	floats   = []float64{0, math.Copysign(0, -1), math.MaxFloat64, math.SmallestNonzeroFloat64, 0.1, 1e-300, math.Inf(1), math.Inf(-1), math.NaN()}
	texts    = []string{"", " ", "\x00", "null", "\u2028\ufeff", "🦆 e\u0301 東京", "line\r\nbreak\t\"'\\", strings.Repeat("long ", 300_000)}
	jsons    = []string{`{}`, `[]`, `0`, `"\u0000"`, `{"a":9223372036854775807}`, `"` + strings.Repeat("é", 1_000_000) + `"`}
)

const extremeRows = 9

func TestValuesAtTheEdgesOfTheirTypesAreReadExactly(t *testing.T) {
	for _, f := range []format{parquet, {"parquet", "snappy"}, {"parquet", "none"}, gzip, zstd, {"ndjson", "none"}} {
		t.Run(f.String(), func(t *testing.T) {
			dir := t.TempDir()
			writeExtremes(t, dir, f)
			rows := query(t, "SELECT log_id, n, epoch_us(moment), d, f, b, word, text, j::VARCHAR FROM "+readExtremes(dir, f)+" ORDER BY log_id")
			require.Len(t, rows, extremeRows)
			for i, row := range rows {
				requireExtremes(t, i, row, f)
			}
		})
	}
}

// writeExtremes writes a row for each place in the lists above.
func writeExtremes(t *testing.T, dir string, f format) {
	sink, err := sinks.Open(t.Context(), sinks.Options{Name: "lake", URL: "file://" + dir, Format: sinks.Format(f.format), Compression: f.compression})
	require.NoError(t, err)
	defer sink.Close()
	w, err := sink.NewPartition(t.Context(), extremes, sinks.Partition{Prefix: sinks.PartitionPrefix("", "dt=2026-04-17")})
	require.NoError(t, err)
	for i := range extremeRows {
		word := at(texts, i, filled)
		require.NoError(t, w.Write(table.Row{
			filled(fmt.Sprintf("log_%d", i)), number(int64(i)), at(numbers, i, number), at(moments, i, number), at(decimals, i, number),
			at(floats, i, func(v float64) table.Value { return number(int64(math.Float64bits(v))) }),
			at([]int64{0, 1}, i, number), word, word, at(jsons, i, filled),
		}))
	}
	_, err = w.Close(t.Context())
	require.NoError(t, err)
}

func number(n int64) table.Value  { return table.Value{Int: n, Valid: true} }
func filled(s string) table.Value { return table.Value{Bytes: []byte(s), Valid: true} }
func isFinite(v float64) bool     { return !math.IsInf(v, 0) && !math.IsNaN(v) }
func same[T any](v T) any         { return v }

func asDecimal(n int64) any {
	return duckdb.Decimal{Width: 18, Scale: 9, Value: big.NewInt(n)}
}

// bits makes floats comparable: also those that are no number, and the two zeros.
func bits(v any) any {
	if f, ok := v.(float64); ok {
		return math.Float64bits(f)
	}
	return v
}

// at is an element of a list in another form, or what stands for null.
func at[T, V any](list []T, i int, form func(T) V) (v V) {
	if i < len(list) {
		v = form(list[i])
	}
	return v
}

func readExtremes(dir string, f format) string {
	pattern := filepath.Join(dir, "tool_execution/*/*")
	if f.format == "parquet" {
		return "read_parquet('" + pattern + "')"
	}
	return "read_ndjson('" + pattern + `', columns = {log_id: 'VARCHAR', n: 'BIGINT', moment: 'TIMESTAMPTZ', d: 'DECIMAL(18,9)',
		f: 'DOUBLE', b: 'BOOLEAN', word: 'VARCHAR', text: 'VARCHAR', j: 'JSON'})`
}

func requireExtremes(t *testing.T, i int, row []any, f format) {
	t.Helper()
	float := at(floats, i, same)
	if v, ok := float.(float64); ok && f.format == "ndjson" {
		switch {
		case !isFinite(v):
			float = nil // JSON has none
		case v == 0:
			float = 0.0 // DuckDB takes -0 for an integer
		}
	}
	require.Equal(t, []any{at(numbers, i, same), at(moments, i, same), at(decimals, i, asDecimal)}, row[1:4])
	require.Equal(t, bits(float), bits(row[4]))
	require.Equal(t, []any{at([]bool{false, true}, i, same), at(texts, i, same), at(texts, i, same)}, row[5:8])
	require.Equal(t, at(jsons, i, same), row[8])
}
