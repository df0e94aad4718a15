package parquetfile_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/internal/table"
	"logferry/sinks/parquetfile"
	"logferry/sinks/sinktest"
)

func options(memory int64) parquetfile.Options {
	return parquetfile.Options{
		CreatedBy: "logferry version 1.2.3 (build test)",
		Metadata:  map[string]string{"logferry.partition": "dt=2026-04-17", "other": ""},
		Memory:    func() int64 { return memory },
	}
}

// encode writes rows and spoils each one afterwards, as a producer that reuses its buffers does.
func encode(t testing.TB, schema *table.Schema, o parquetfile.Options, rows ...table.Row) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := parquetfile.NewWriter(&out, schema, o)
	require.NoError(t, err)
	for _, row := range rows {
		row = sinktest.Clone(row)
		require.NoError(t, w.Write(row))
		for i := range row {
			for j := range row[i].Bytes {
				row[i].Bytes[j] = '#'
			}
			row[i] = table.Value{}
		}
	}
	require.NoError(t, w.Close())
	require.NoError(t, parquetfile.Verify(bytes.NewReader(out.Bytes()), int64(out.Len()), schema, int64(len(rows))))
	return out.Bytes()
}

func text(s string) table.Value                     { return table.Value{Bytes: []byte(s), Valid: true} }
func number(n int64) table.Value                    { return table.Value{Int: n, Valid: true} }
func float(f float64) table.Value                   { return number(int64(math.Float64bits(f))) }
func column(name string, k table.Kind) table.Column { return table.Column{Name: name, Kind: k} }

func TestEveryKindOfValueComesBackThroughArrow(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{
		{Name: "zulu", Kind: table.String, Required: true},
		column("json", table.JSON), column("alpha", table.Int64), column("float", table.Float64), column("bool", table.Bool),
		column("time", table.Timestamp), column("money", table.Decimal),
		{Name: "repeated", Kind: table.String, Repeats: true},
		{Name: "repeated_n", Kind: table.Int64, Repeats: true},
		{Name: "looked_up", Kind: table.String, Lookup: true},
		{Name: "both", Kind: table.String, Lookup: true, Repeats: true},
	}}
	const maxDecimal = 999_999_999_999_999_999
	null := table.Value{}
	rows := []table.Row{
		{text("plain"), text(`{"a":1}`), number(1), float(1.5), number(1), number(1776384000123456), number(25_000_000), text("r"), number(1), text("l"), text("b")},
		{text(""), text("null"), number(math.MinInt64), float(math.Copysign(0, -1)), number(0), number(-1), number(-maxDecimal), text(""), number(math.MaxInt64), text(""), text("")},
		{text("Zürich 東京 🚀 \u2028 \x00"), text(`"ü"`), number(math.MaxInt64), float(math.MaxFloat64), number(1), number(math.MaxInt64), number(maxDecimal), text("ü"), number(math.MinInt64), text("🚀"), text("東")},
		{text("nulls"), null, null, null, null, null, null, null, null, null, null},
		{text(strings.Repeat("giant ", 900_000)), text(strings.Repeat(" ", 5<<20) + "1"), number(0), float(math.SmallestNonzeroFloat64), number(0), number(0), number(0), text("r"), number(0), text("l"), text("b")},
	}
	for _, compression := range []string{"zstd", "snappy", "none", ""} {
		t.Run("compression="+compression, func(t *testing.T) {
			o := options(8 << 20)
			o.Compression = compression
			sinktest.RequireRows(t, rows, sinktest.ReadParquet(t, encode(t, schema, o, rows...)))
		})
	}
}

func TestRowsOfManyGroupsAndPagesComeBackInOrder(t *testing.T) {
	source := sinktest.NewRows(7, 50)
	var rows []table.Row
	for range 9_000 {
		rows = append(rows, sinktest.Clone(source.Next()))
	}
	sinktest.RequireRows(t, rows, sinktest.ReadParquet(t, encode(t, sinktest.Schema(), options(2<<20), rows...)))
}

func TestAnyRowsOfAnySchemaComeBack(t *testing.T) {
	kinds := []table.Kind{table.String, table.JSON, table.Int64, table.Float64, table.Bool, table.Timestamp, table.Decimal}
	rapid.Check(t, func(rt *rapid.T) {
		schema := &table.Schema{}
		for i := range rapid.IntRange(1, 8).Draw(rt, "columns") {
			schema.Columns = append(schema.Columns, table.Column{
				Name:     fmt.Sprintf("%c%d", 'z'-i, i),
				Kind:     rapid.SampledFrom(kinds).Draw(rt, "kind"),
				Required: rapid.Bool().Draw(rt, "required"),
				Repeats:  rapid.Bool().Draw(rt, "repeats"),
				Lookup:   rapid.Bool().Draw(rt, "lookup"),
			})
		}
		var rows []table.Row
		for range rapid.IntRange(0, 300).Draw(rt, "rows") {
			rows = append(rows, anyRow(rt, schema))
		}
		o := options(rapid.SampledFrom([]int64{1, 4 << 10, 64 << 20}).Draw(rt, "memory"))
		sinktest.RequireRows(t, rows, sinktest.ReadParquet(t, encode(t, schema, o, rows...)))
	})
}

func anyRow(rt *rapid.T, schema *table.Schema) table.Row {
	row := make(table.Row, len(schema.Columns))
	for i, c := range schema.Columns {
		if !c.Required && rapid.Bool().Draw(rt, "null") {
			continue
		}
		switch c.Kind {
		case table.String, table.JSON:
			row[i] = text(rapid.StringN(0, 20, 60).Draw(rt, "text"))
		case table.Bool:
			row[i] = number(rapid.Int64Range(0, 1).Draw(rt, "bool"))
		case table.Decimal:
			row[i] = number(rapid.Int64Range(-1e18+1, 1e18-1).Draw(rt, "decimal"))
		case table.Float64:
			row[i] = float(rapid.Float64().Draw(rt, "float"))
		default:
			row[i] = number(rapid.Int64().Draw(rt, "number"))
		}
	}
	return row
}

func TestBytesThatAreNoTextAreReplacedSoThatTheFileStaysReadable(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{column("a", table.String), column("b", table.JSON)}}
	content := encode(t, schema, options(8<<20), table.Row{text("a\xff\xfeb"), text("\"\xc3\"")})
	sinktest.RequireRows(t, []table.Row{{text("a\uFFFDb"), text("\"\uFFFD\"")}}, sinktest.ReadParquet(t, content))
}

func TestWrongRowsAndSchemasAreRefused(t *testing.T) {
	required := &table.Schema{Columns: []table.Column{{Name: "id", Kind: table.String, Required: true}}}
	w, err := parquetfile.NewWriter(&bytes.Buffer{}, required, options(8<<20))
	require.NoError(t, err)
	require.ErrorContains(t, w.Write(table.Row{{}}), `"id" is required`)
	require.ErrorContains(t, w.Write(table.Row{text("a"), text("b")}), "2 values")

	_, err = parquetfile.NewWriter(&bytes.Buffer{}, &table.Schema{Columns: []table.Column{column("a", table.Int64), column("a", table.String)}}, options(8<<20))
	require.ErrorContains(t, err, "twice")
	_, err = parquetfile.NewWriter(&bytes.Buffer{}, &table.Schema{Columns: []table.Column{{Name: "a"}}}, options(8<<20))
	require.ErrorContains(t, err, "no Parquet type")
	o := options(8 << 20)
	o.Compression = "gzip"
	_, err = parquetfile.NewWriter(&bytes.Buffer{}, required, o)
	require.ErrorContains(t, err, "zstd, snappy and none")
}

func TestVerifyFindsFilesThatAreNotWhatWasWritten(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{column("a", table.String), column("b", table.Int64)}}
	content := encode(t, schema, options(8<<20), table.Row{text("x"), number(1)}, table.Row{text("y"), number(2)})
	verify := func(content []byte, schema *table.Schema, rows int64) error {
		return parquetfile.Verify(bytes.NewReader(content), int64(len(content)), schema, rows)
	}
	require.NoError(t, verify(content, schema, 2))
	require.Error(t, verify(content, schema, 3))
	require.Error(t, verify(content[:len(content)-1], schema, 2))
	require.Error(t, verify(content[:len(content)/2], schema, 2))
	require.Error(t, verify(nil, schema, 0))
	swapped := &table.Schema{Columns: []table.Column{schema.Columns[1], schema.Columns[0]}}
	require.ErrorContains(t, verify(content, swapped, 2), `column 0 of the file is "a"`)
	require.ErrorContains(t, verify(content, &table.Schema{Columns: schema.Columns[:1]}, 2), "2 columns, not 1")
}

func TestSizeIsExactAfterFlushAndCloseWithinARowGroup(t *testing.T) {
	if testing.Short() {
		t.Skip("writes from one goroutine")
	}
	var out bytes.Buffer
	w, err := parquetfile.NewWriter(&out, sinktest.Schema(), options(64<<20))
	require.NoError(t, err)
	source := sinktest.NewRows(3, 500)
	for range 3000 {
		require.NoError(t, w.Write(source.Next()))
	}
	require.NoError(t, w.Flush())
	require.EqualValues(t, out.Len(), w.Size())
	for range 3000 {
		require.NoError(t, w.Write(source.Next()))
	}
	estimate := w.Size()
	require.NoError(t, w.Flush())
	require.InEpsilon(t, out.Len(), estimate, 0.05)
}
