package ndjsonfile_test

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/internal/table"
	"logferry/sinks/ndjsonfile"
	"logferry/sinks/sinktest"
)

// readLines reads plain NDJSON and returns its rows and the error that ended it, nil at its end.
func readLines(t testing.TB, content string, schema *table.Schema) (rows []table.Row, err error) {
	t.Helper()
	r, err := ndjsonfile.NewReader(strings.NewReader(content), schema, "none")
	require.NoError(t, err)
	defer r.Close()
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, sinktest.Clone(row))
	}
}

func TestSpacesAroundAJSONTextArePartOfIt(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{{Name: "a", Kind: table.JSON}, {Name: "b", Kind: table.JSON}, {Name: "c", Kind: table.JSON}}}
	rows := []table.Row{{text(` {"x" : [1 , 2] , "x":{}} `), text(" null"), text("\t\"\\ud800,}:\" ")}}
	got, err := readLines(t, string(encode(t, schema, "none", rows...)), schema)
	require.NoError(t, err)
	sinktest.RequireRows(t, rows, got)
}

func TestMembersMayBeMissingUnknownAndInAnyOrder(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{{Name: "a", Kind: table.String}, {Name: "ü", Kind: table.Int64}, {Name: "c", Kind: table.Bool}}}
	got, err := readLines(t, `{"new":{"a":[1,"}"]},"\u00fc":7,"a":"x"}`+"\n"+`{"c":true}`+"\n"+`{}`+"\n", schema)
	require.NoError(t, err)
	sinktest.RequireRows(t, []table.Row{{text("x"), number(7), {}}, {{}, {}, number(1)}, {{}, {}, {}}}, got)
}

func TestLinesThatAreNoRowsAreErrorsThatNameTheLine(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{
		{Name: "s", Kind: table.String},
		{Name: "j", Kind: table.JSON},
		{Name: "i", Kind: table.Int64},
		{Name: "f", Kind: table.Float64},
		{Name: "b", Kind: table.Bool},
		{Name: "t", Kind: table.Timestamp},
		{Name: "d", Kind: table.Decimal},
	}}
	for _, line := range []string{
		``, `[]`, `7`, `null`, `{`, `{"s"`, `{"s":}`, `{"s":"a"`, `{"s":"a"}{}`, `{"s":"a"} x`, `{"s":"a" "j":1}`, `{"j":{]}}`, `{"j":1]`,
		`{"s":1}`, `{"s":{}}`, `{"s":"\ud800"}`, `{"i":1.0}`, `{"i":"1"}`, `{"i":9223372036854775808}`, `{"f":"1"}`, `{"f":1e999}`, `{"b":1}`, `{"b":"true"}`,
		`{"t":1}`, `{"t":""}`, `{"t":"2026-04-17"}`, `{"t":"2026-04-17T00:00:00Z"}`, `{"t":"2026-13-17T00:00:00.000000Z"}`, `{"t":"2026-04-17T00:00:00.000000+0"}`,
		`{"t":"294248-01-10T04:00:54.775808Z"}`, `{"t":"99999999999999999999-01-10T04:00:54.775808Z"}`, `{"t":"x026-04-17T00:00:00.000000Z"}`,
		`{"d":1}`, `{"d":""}`, `{"d":"1.0000000001"}`, `{"d":"9223372036.854775808"}`, `{"d":"--1"}`, `{"d":"1e3"}`, `{"d":"."}x`,
	} {
		_, err := readLines(t, "{}\n"+line+"\n", schema)
		require.ErrorContains(t, err, "line 2", line)
	}
	rows, err := readLines(t, "{}\n{}", schema)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "the last line has no end")
	require.Len(t, rows, 1)
	_, err = ndjsonfile.NewReader(strings.NewReader(""), schema, "snappy")
	require.ErrorContains(t, err, "gzip, zstd and none")
}

func TestTimesAndDecimalsComeBackFromTheirWholeRange(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{{Name: "t", Kind: table.Timestamp}, {Name: "d", Kind: table.Decimal}}}
	rapid.Check(t, func(rt *rapid.T) {
		any64 := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1e12, 1e12), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, -62167219200000000, -62167219200000001}))
		rows := []table.Row{{number(any64.Draw(rt, "time")), number(any64.Draw(rt, "decimal"))}}
		got, err := readLines(t, string(encode(t, schema, "none", rows...)), schema)
		require.NoError(t, err)
		sinktest.RequireRows(t, rows, got)
	})
	leap := `{"t":"2024-02-29T00:00:00.000000Z"}` + "\n"
	got, err := readLines(t, leap, schema)
	require.NoError(t, err)
	require.EqualValues(t, 1709164800000000, got[0][0].Int)
}
