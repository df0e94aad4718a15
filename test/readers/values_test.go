package readers_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"logferry/internal/table"
	"logferry/sinks/sinktest"
)

func TestArrowReadsWhatNDJSONSays(t *testing.T) {
	requireRead(t, func(t *testing.T, content []byte, _ *table.Schema) []table.Row {
		return sinktest.ReadParquet(t, content)
	})
}

func TestParquetGoReadsWhatNDJSONSays(t *testing.T) {
	requireRead(t, readParquetGo)
}

// requireRead compares every value of every file with the line of the same record.
func requireRead(t *testing.T, read func(*testing.T, []byte, *table.Schema) []table.Row) {
	e := everything(t)
	lines := e.files("lines")
	found := make([]int, len(e.schema.Columns))
	for _, compression := range compressions() {
		for partition, content := range e.files(compression) {
			want := sinktest.ReadNDJSON(t, "part-00000.ndjson.gz", lines[partition], e.schema)
			require.Greater(t, len(want), 100)
			sinktest.RequireRows(t, want, read(t, content, e.schema))
			for _, row := range want {
				for i, v := range row {
					if v.Valid {
						found[i]++
					}
				}
			}
		}
	}
	for i, n := range found {
		require.Greater(t, n, 10, "rows have %s", e.schema.Columns[i].Name)
	}
}

// readParquetGo reads a file row by row with the library alone.
func readParquetGo(t *testing.T, content []byte, schema *table.Schema) (out []table.Row) {
	file, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	for _, group := range file.RowGroups() {
		rows := group.Rows()
		batch := make([]parquet.Row, 100)
		for err == nil {
			var n int
			n, err = rows.ReadRows(batch)
			for _, values := range batch[:n] {
				row := make(table.Row, len(schema.Columns))
				for _, v := range values {
					row[v.Column()] = valueOf(v)
				}
				out = append(out, row)
			}
		}
		require.True(t, errors.Is(err, io.EOF), "%v", err)
		require.NoError(t, rows.Close())
		err = nil
	}
	return out
}

func valueOf(v parquet.Value) table.Value {
	switch v.Kind() {
	case parquet.ByteArray:
		return table.Value{Bytes: bytes.Clone(v.ByteArray()), Valid: true}
	case parquet.Int64:
		return table.Value{Int: v.Int64(), Valid: true}
	case parquet.Double:
		return table.Value{Int: int64(math.Float64bits(v.Double())), Valid: true}
	case parquet.Boolean:
		out := table.Value{Valid: true}
		if v.Boolean() {
			out.Int = 1
		}
		return out
	}
	return table.Value{}
}
