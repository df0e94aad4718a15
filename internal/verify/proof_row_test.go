package verify

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/table"
)

func TestARowIsReadFromItsCanonicalForm(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{
		{Name: "timestamp", Kind: table.Timestamp},
		{Name: "log_id", Kind: table.String},
		{Name: "data", Kind: table.JSON},
		{Name: "n", Kind: table.Int64},
		{Name: "price", Kind: table.Decimal},
		{Name: "ratio", Kind: table.Float64},
		{Name: "yes", Kind: table.Bool},
		{Name: "none", Kind: table.String},
	}}
	text := func(s string) table.Value { return table.Value{Bytes: []byte(s), Valid: true} }
	number := func(n int64) table.Value { return table.Value{Int: n, Valid: true} }
	var form bytes.Buffer
	require.NoError(t, table.NewCanonical(schema).Write(&form, table.Row{
		number(1776420672345001), text("log_a"), text(`{"log_id":"x"}`), number(math.MinInt64), number(-2500000), number(int64(math.Float64bits(0.25))), number(1), {},
	}))
	fields, err := Fields(form.Bytes())
	require.NoError(t, err)
	require.Equal(t, []Field{
		{"data", `{"log_id":"x"}`},
		{"log_id", "log_a"},
		{"n", "-9223372036854775808"},
		{"price", "-0.0025"},
		{"ratio", "0.25"},
		{"timestamp", "2026-04-17T10:11:12.345001Z"},
		{"yes", "true"},
	}, fields)
	id, err := RowID(form.Bytes())
	require.NoError(t, err)
	require.Equal(t, "log_a", id)

	ends := map[int]bool{0: true} // where a shorter row ends
	for at := 0; at < form.Len(); {
		name := bytes.IndexByte(form.Bytes()[at:], 0)
		_, rest, err := canonicalValue(form.Bytes()[at+name+1], form.Bytes()[at+name+2:])
		require.NoError(t, err)
		at = form.Len() - len(rest)
		ends[at] = true
	}
	for n := range form.Len() {
		_, err := Fields(form.Bytes()[:n])
		require.Equal(t, ends[n], err == nil, "%d bytes", n)
	}
	for _, bad := range []string{"a\x00x12345678", "b\x00i12345678a\x00i12345678", "a\x00i12345678a\x00i12345678", "a\x00s\xff\xff\xff\xff", "a\x00"} {
		_, err := Fields([]byte(bad))
		require.Error(t, err, "%q", bad)
	}
	_, err = RowID([]byte("a\x00i12345678"))
	require.ErrorIs(t, err, errNoRow, "without an id")
}
