package sinktest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"logferry/internal/table"
)

// Decompress returns the text of an NDJSON file with the extension that key ends in.
func Decompress(t testing.TB, key string, content []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(content)
	switch {
	case strings.HasSuffix(key, ".gz"):
		z, err := gzip.NewReader(r)
		require.NoError(t, err)
		r = z
	case strings.HasSuffix(key, ".zst"):
		z, err := zstd.NewReader(r)
		require.NoError(t, err)
		defer z.Close()
		r = z
	}
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	return text
}

// ReadNDJSON reads a file's rows with encoding/json.
func ReadNDJSON(t testing.TB, key string, content []byte, schema *table.Schema) []table.Row {
	t.Helper()
	var rows []table.Row
	for line := range bytes.Lines(Decompress(t, key, content)) {
		var fields map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(line, &fields))
		require.Len(t, fields, len(schema.Columns))
		row := make(table.Row, len(schema.Columns))
		for i, c := range schema.Columns {
			if raw := fields[c.Name]; string(raw) != "null" {
				row[i] = jsonValue(t, c.Kind, raw)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func jsonValue(t testing.TB, kind table.Kind, raw json.RawMessage) table.Value {
	t.Helper()
	v := table.Value{Valid: true}
	var err error
	switch kind {
	case table.String:
		v.Bytes = []byte(jsonString(t, raw))
	case table.JSON:
		v.Bytes = raw
	case table.Int64:
		v.Int, err = strconv.ParseInt(string(raw), 10, 64)
	case table.Timestamp:
		var moment time.Time
		moment, err = time.Parse(time.RFC3339Nano, jsonString(t, raw))
		v.Int = moment.UnixMicro()
	case table.Decimal:
		n, ok := new(big.Rat).SetString(jsonString(t, raw))
		require.True(t, ok)
		n.Mul(n, big.NewRat(1_000_000_000, 1))
		require.True(t, n.IsInt())
		v.Int = n.Num().Int64()
	case table.Float64:
		var f float64
		f, err = strconv.ParseFloat(string(raw), 64)
		v.Int = int64(math.Float64bits(f))
	case table.Bool:
		if string(raw) == "true" {
			v.Int = 1
		}
	}
	require.NoError(t, err)
	return v
}

func jsonString(t testing.TB, raw json.RawMessage) string {
	t.Helper()
	var s string
	require.NoError(t, json.Unmarshal(raw, &s))
	return s
}
