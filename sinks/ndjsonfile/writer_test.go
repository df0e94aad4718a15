package ndjsonfile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/internal/table"
	"logferry/sinks/ndjsonfile"
	"logferry/sinks/sinktest"
)

var extension = map[string]string{"": ".ndjson", "none": ".ndjson", "gzip": ".ndjson.gz", "zstd": ".ndjson.zst"}

// encode writes rows and spoils each one afterwards, as a producer that reuses its buffers does.
func encode(t testing.TB, schema *table.Schema, compression string, rows ...table.Row) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := ndjsonfile.NewWriter(&out, schema, compression)
	require.NoError(t, err)
	for _, row := range rows {
		row = sinktest.Clone(row)
		require.NoError(t, w.Write(row))
		for i := range row {
			clear(row[i].Bytes)
		}
	}
	require.NoError(t, w.Close())
	require.NoError(t, ndjsonfile.Verify(bytes.NewReader(out.Bytes()), compression, int64(len(rows))))
	return out.Bytes()
}

func text(s string) table.Value  { return table.Value{Bytes: []byte(s), Valid: true} }
func number(n int64) table.Value { return table.Value{Int: n, Valid: true} }
func float(f float64) table.Value {
	return number(int64(math.Float64bits(f)))
}

func TestEveryKindOfValueHasItsJSONForm(t *testing.T) {
	tests := []struct {
		name  string
		kind  table.Kind
		value table.Value
		want  string
	}{
		{"text", table.String, text("plain"), `"plain"`},
		{"empty text", table.String, text(""), `""`},
		{"escapes", table.String, text("a\"b\\c\n\r\t\x00\x1f/<&>"), `"a\"b\\c\n\r\t\u0000\u001f/<&>"`},
		{"line separators", table.String, text("\u2028\u2029ü🚀"), "\"\u2028\u2029ü🚀\""},
		{"no UTF-8", table.String, text("a\xffb"), "\"a\uFFFDb\""},
		{"null", table.String, table.Value{}, `null`},
		{"JSON as received", table.JSON, text(`{"b":1.0,"a":12345678901234567890,"é":"\u00e9"}`), `{"b":1.0,"a":12345678901234567890,"é":"\u00e9"}`},
		{"JSON over several lines", table.JSON, text("{\r\n\t\"a\": [1,\n2]\n}"), "{  \t\"a\": [1, 2] }"},
		{"JSON null", table.JSON, text("null"), `null`},
		{"JSON that is no UTF-8", table.JSON, text("\"\xff\""), "\"\uFFFD\""},
		{"integer", table.Int64, number(math.MinInt64), `-9223372036854775808`},
		{"large integer", table.Int64, number(math.MaxInt64), `9223372036854775807`},
		{"float", table.Float64, float(0.1), `0.1`},
		{"large float", table.Float64, float(1e300), `1e+300`},
		{"no number", table.Float64, float(math.NaN()), `null`},
		{"true", table.Bool, number(1), `true`},
		{"false", table.Bool, number(0), `false`},
		{"time", table.Timestamp, number(1776420672345000), `"2026-04-17T10:11:12.345000Z"`},
		{"time before 1970", table.Timestamp, number(-1), `"1969-12-31T23:59:59.999999Z"`},
		{"zero decimal", table.Decimal, number(0), `"0"`},
		{"whole decimal", table.Decimal, number(-3_000_000_000), `"-3"`},
		{"decimal", table.Decimal, number(2_500_000), `"0.0025"`},
		{"smallest decimal", table.Decimal, number(-1), `"-0.000000001"`},
		{"largest decimal", table.Decimal, number(999_999_999_999_999_999), `"999999999.999999999"`},
		{"below every decimal", table.Decimal, number(math.MinInt64), `"-9223372036.854775808"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			schema := &table.Schema{Columns: []table.Column{{Name: "c", Kind: test.kind}}}
			line := encode(t, schema, "none", table.Row{test.value})
			require.Equal(t, `{"c":`+test.want+"}\n", string(line))
			require.True(t, json.Valid(line))
		})
	}
}

func TestColumnsKeepTheSchemasOrder(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{{Name: "z", Kind: table.Int64}, {Name: `a"b`, Kind: table.Int64}, {Name: "m", Kind: table.Int64}}}
	require.Equal(t, "{\"z\":1,\"a\\\"b\":null,\"m\":3}\n", string(encode(t, schema, "", table.Row{number(1), {}, number(3)})))
}

func TestRowsComeBackThroughEveryCompression(t *testing.T) {
	source := sinktest.NewRows(5, 700)
	var rows []table.Row
	for range 500 {
		rows = append(rows, sinktest.Clone(source.Next()))
	}
	for compression, ext := range extension {
		t.Run("compression="+compression, func(t *testing.T) {
			content := encode(t, sinktest.Schema(), compression, rows...)
			sinktest.RequireRows(t, rows, sinktest.ReadNDJSON(t, ext, content, sinktest.Schema()))
		})
	}
}

func TestAnyTextIsOneLineAndComesBack(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{{Name: "s", Kind: table.String}, {Name: "j", Kind: table.JSON}}}
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.String().Draw(rt, "text")
		indented, err := json.MarshalIndent(map[string]any{"k": s, "l": []string{s}}, "", "\n")
		require.NoError(t, err)
		content := encode(t, schema, "none", table.Row{text(s), text(string(indented))})
		require.Equal(t, 1, bytes.Count(content, []byte("\n")))
		var got struct {
			S string
			J struct {
				K string
				L []string
			}
		}
		require.NoError(t, json.Unmarshal(content, &got))
		require.Equal(t, s, got.S)
		require.Equal(t, s, got.J.K)
		require.Equal(t, []string{s}, got.J.L)
	})
}

func TestWrongRowsAndSchemasAreRefused(t *testing.T) {
	w, err := ndjsonfile.NewWriter(&bytes.Buffer{}, &table.Schema{Columns: []table.Column{{Name: "id", Kind: table.String, Required: true}}}, "none")
	require.NoError(t, err)
	require.ErrorContains(t, w.Write(table.Row{{}}), `"id" is required`)
	require.ErrorContains(t, w.Write(table.Row{text("a"), text("b")}), "2 values")
	_, err = ndjsonfile.NewWriter(&bytes.Buffer{}, sinktest.Schema(), "snappy")
	require.ErrorContains(t, err, "gzip, zstd and none")
	_, err = ndjsonfile.NewWriter(&bytes.Buffer{}, &table.Schema{}, "none")
	require.ErrorContains(t, err, "no columns")
	_, err = ndjsonfile.NewWriter(&bytes.Buffer{}, &table.Schema{Columns: []table.Column{{Name: "a"}, {Name: "a"}}}, "none")
	require.ErrorContains(t, err, "twice")
}

func TestVerifyFindsFilesThatAreNotWhatWasWritten(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{{Name: "c", Kind: table.String}}}
	for _, compression := range []string{"none", "gzip", "zstd"} {
		t.Run(compression, func(t *testing.T) {
			content := encode(t, schema, compression, table.Row{text(strings.Repeat("ab", 500))}, table.Row{text("c")})
			require.Error(t, ndjsonfile.Verify(bytes.NewReader(content), compression, 1))
			require.Error(t, ndjsonfile.Verify(bytes.NewReader(content), compression, 3))
			for _, cut := range []int{1, len(content) / 2, len(content) - 1} {
				require.Error(t, ndjsonfile.Verify(bytes.NewReader(content[:cut]), compression, 2), "cut at %d", cut)
			}
			require.Error(t, ndjsonfile.Verify(bytes.NewReader(nil), compression, 2))
		})
	}
}

func TestSizeIsExactAfterFlushAndCloseBefore(t *testing.T) {
	for _, compression := range []string{"none", "gzip", "zstd"} {
		t.Run(compression, func(t *testing.T) {
			var out bytes.Buffer
			w, err := ndjsonfile.NewWriter(&out, sinktest.Schema(), compression)
			require.NoError(t, err)
			source := sinktest.NewRows(3, 500)
			for range 2000 {
				require.NoError(t, w.Write(source.Next()))
			}
			estimate := w.Size()
			require.NoError(t, w.Flush())
			require.EqualValues(t, out.Len(), w.Size())
			require.InEpsilon(t, out.Len(), estimate, 0.05)
		})
	}
}

func BenchmarkNDJSON(b *testing.B) {
	for _, payload := range []int{0, 4 << 10, 13 << 10} {
		rows := sinktest.Sample(payload)
		for _, compression := range []string{"zstd", "gzip", "none"} {
			b.Run(fmt.Sprintf("payload=%d/%s", payload, compression), func(b *testing.B) {
				sinktest.Benchmark(b, rows, func(out *sinktest.Counter) (sinktest.Encoder, error) {
					return ndjsonfile.NewWriter(out, sinktest.Schema(), compression)
				})
			})
		}
	}
}
