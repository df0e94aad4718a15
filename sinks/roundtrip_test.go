package sinks_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/internal/table"
	"logferry/sinks/ndjsonfile"
	"logferry/sinks/parquetfile"
	"logferry/sinks/sinktest"
)

type rowReader interface {
	Next() (table.Row, error)
	Close() error
}

// readAll returns copies of all rows. Each row is spoiled before the next one, as a reader that reuses it may do.
func readAll(t testing.TB, r rowReader, err error) []table.Row {
	t.Helper()
	require.NoError(t, err)
	var rows []table.Row
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		rows = append(rows, sinktest.Clone(row))
	}
	require.NoError(t, r.Close())
	return rows
}

// coder writes and reads one format.
type coder struct {
	name  string
	write func(t testing.TB, schema *table.Schema, rows []table.Row) []byte
	read  func(t testing.TB, schema *table.Schema, content []byte) []table.Row
	holds func(*table.Schema, []table.Row) []table.Row
}

func parquetCoder(memory int64) coder {
	return coder{
		name: "parquet",
		write: func(t testing.TB, schema *table.Schema, rows []table.Row) []byte {
			var out bytes.Buffer
			w, err := parquetfile.NewWriter(&out, schema, parquetfile.Options{CreatedBy: "logferry version 1.2.3 (build test)", Memory: func() int64 { return memory }})
			require.NoError(t, err)
			for _, row := range rows {
				require.NoError(t, w.Write(row))
			}
			require.NoError(t, w.Close())
			return out.Bytes()
		},
		read: func(t testing.TB, schema *table.Schema, content []byte) []table.Row {
			r, err := parquetfile.NewReader(bytes.NewReader(content), int64(len(content)), schema)
			return readAll(t, r, err)
		},
		holds: sinktest.AsParquet,
	}
}

func ndjsonCoder(compression string) coder {
	return coder{
		name: "ndjson/" + compression,
		write: func(t testing.TB, schema *table.Schema, rows []table.Row) []byte {
			var out bytes.Buffer
			w, err := ndjsonfile.NewWriter(&out, schema, compression)
			require.NoError(t, err)
			for _, row := range rows {
				require.NoError(t, w.Write(row))
			}
			require.NoError(t, w.Close())
			return out.Bytes()
		},
		read: func(t testing.TB, schema *table.Schema, content []byte) []table.Row {
			r, err := ndjsonfile.NewReader(bytes.NewReader(content), schema, compression)
			return readAll(t, r, err)
		},
		holds: sinktest.AsNDJSON,
	}
}

func TestRowsComeBackAsTheyWereAndTheirFilesToo(t *testing.T) {
	for _, c := range []coder{parquetCoder(64 << 20), parquetCoder(4 << 10), ndjsonCoder("none"), ndjsonCoder("gzip"), ndjsonCoder("zstd")} {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				schema, rows := anyRows(rt)
				content := c.write(t, schema, rows)
				got := c.read(t, schema, content)
				sinktest.RequireRows(t, c.holds(schema, rows), got)
				require.Equal(t, content, c.write(t, schema, got), "written again, the file is the same")
			})
		})
	}
}

func TestRowsSurviveTheWayThroughTheOtherFormatAndBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		schema, rows := anyRows(rt)
		first, second := parquetCoder(4<<10), ndjsonCoder("none")
		if rapid.Bool().Draw(rt, "ndjson first") {
			first, second = second, first
		}
		got := first.read(t, schema, first.write(t, schema, rows))
		got = second.read(t, schema, second.write(t, schema, got))
		got = first.read(t, schema, first.write(t, schema, got))
		sinktest.RequireRows(t, second.holds(schema, first.holds(schema, rows)), got)
	})
}

// anyRows draws a schema whose required columns have values that both formats can hold, and rows of it.
func anyRows(rt *rapid.T) (*table.Schema, []table.Row) {
	schema := sinktest.AnySchema(rt)
	for i, c := range schema.Columns {
		if c.Kind == table.JSON || c.Kind == table.Float64 {
			schema.Columns[i].Required = false // NDJSON makes some of their values null
		}
	}
	var rows []table.Row
	for range rapid.IntRange(0, 40).Draw(rt, "rows") {
		rows = append(rows, sinktest.AnyRow(rt, schema))
	}
	return schema, rows
}

func TestGiantTextsAndManyRowsComeBack(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it goes on at the same time")
	}
	schema := sinktest.Schema()
	source := sinktest.NewRows(3, 50)
	var rows []table.Row
	for i := range 9_000 {
		row := sinktest.Clone(source.Next())
		if i%3000 == 1500 {
			row[schema.Index("message")].Bytes = bytes.Repeat([]byte("a\n\"ü"), 1<<20)
			row[schema.Index("response")] = table.Value{Bytes: append(append([]byte(`{"a":"`), bytes.Repeat([]byte(`b\n`), 1<<20)...), `"}`...), Valid: true}
		}
		rows = append(rows, row)
	}
	for _, c := range []coder{parquetCoder(8 << 20), ndjsonCoder("zstd")} {
		t.Run(c.name, func(t *testing.T) {
			sinktest.RequireRows(t, rows, c.read(t, schema, c.write(t, schema, rows)))
		})
	}
}

func TestColumnsAreFoundByNameAndCheckedForTheirType(t *testing.T) {
	text, number := table.Value{Bytes: []byte("7"), Valid: true}, table.Value{Int: 7, Valid: true}
	written := &table.Schema{Columns: []table.Column{{Name: "a", Kind: table.String}, {Name: "b", Kind: table.Int64}, {Name: "c", Kind: table.String}}}
	asked := &table.Schema{Columns: []table.Column{{Name: "new", Kind: table.Decimal}, {Name: "b", Kind: table.Int64}, {Name: "a", Kind: table.String}}}
	for _, c := range []coder{parquetCoder(8 << 20), ndjsonCoder("none")} {
		content := c.write(t, written, []table.Row{{text, number, text}, {{}, {}, text}})
		sinktest.RequireRows(t, []table.Row{{{}, number, text}, {{}, {}, {}}}, c.read(t, asked, content))
		for _, kind := range []table.Kind{table.Int64, table.Float64, table.Bool, table.Timestamp, table.Decimal} {
			other := &table.Schema{Columns: []table.Column{{Name: "c", Kind: kind}}}
			var err error
			if c.name == "parquet" {
				_, err = parquetfile.NewReader(bytes.NewReader(content), int64(len(content)), other)
			} else {
				var r *ndjsonfile.Reader
				r, err = ndjsonfile.NewReader(bytes.NewReader(content), other, "none")
				require.NoError(t, err)
				_, err = r.Next()
			}
			if kind == table.Decimal && c.name != "parquet" {
				continue // which is a string there
			}
			require.ErrorContains(t, err, `column "c"`, "%s as %v", c.name, kind)
		}
	}
}
