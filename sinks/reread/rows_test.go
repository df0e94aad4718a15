package reread_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/internal/table"
	"logferry/sinks/ndjsonfile"
	"logferry/sinks/parquetfile"
	"logferry/sinks/reread"
	"logferry/sinks/sinktest"
)

// forms are the canonical forms of rows.
func forms(t require.TestingT, schema *table.Schema, rows func(add func(table.Row) error)) []string {
	var out []string
	c := table.NewCanonical(schema)
	rows(func(row table.Row) error {
		var form bytes.Buffer
		require.NoError(t, c.Write(&form, row))
		out = append(out, form.String())
		return nil
	})
	return out
}

// ownReader reads a file as the sinks do.
func ownReader(t require.TestingT, content []byte, key string, schema *table.Schema, add func(table.Row) error) {
	var rows interface{ Next() (table.Row, error) }
	var err error
	if strings.HasSuffix(key, ".parquet") {
		rows, err = parquetfile.NewReader(bytes.NewReader(content), int64(len(content)), schema)
	} else {
		rows, err = ndjsonfile.NewReader(bytes.NewReader(content), schema, map[string]string{".ndjson": "none", ".gz": "gzip", ".zst": "zstd"}[filepath.Ext(key)])
	}
	require.NoError(t, err)
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		require.NoError(t, add(row))
	}
}

func TestRowsHaveOneCanonicalFormWhateverFileTheyAreReadFromByWhom(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		schema := sinktest.AnySchema(rt)
		for i := range schema.Columns {
			schema.Columns[i].Name = fmt.Sprintf("c%d", i)
			schema.Columns[i].Required = false
		}
		var rows []table.Row
		for range rapid.IntRange(0, 6).Draw(rt, "rows") {
			row := sinktest.AnyRow(rt, schema)
			for i := range row {
				if !utf8.Valid(row[i].Bytes) {
					row[i] = table.Value{}
				}
			}
			rows = append(rows, row)
		}
		want := forms(rt, schema, func(add func(table.Row) error) {
			for _, row := range rows {
				require.NoError(rt, add(row))
			}
		})
		for _, key := range keys {
			content := encode(t, key, schema, rows, 1<<20)
			path := filepath.Join(dir, "file")
			require.NoError(rt, os.WriteFile(path, content, 0o600))
			require.Equal(rt, want, forms(rt, schema, func(add func(table.Row) error) {
				_, n, err := reread.Rows(t.Context(), path, key, schema, add)
				require.NoError(rt, err)
				require.EqualValues(rt, len(rows), n)
			}), key)
			require.Equal(rt, want, forms(rt, schema, func(add func(table.Row) error) { ownReader(rt, content, key, schema, add) }), key)
		}
	})
}

func TestRowsOfOtherColumns(t *testing.T) {
	schema := sinktest.Schema()
	rows := sample(50, 20)
	wider := &table.Schema{Columns: append([]table.Column{{Name: "absent", Kind: table.Int64}}, schema.Columns[1:]...)}
	for _, key := range keys {
		path := save(t, encode(t, key, schema, rows, 1<<20))
		n := 0
		_, found, err := reread.Rows(t.Context(), path, key, wider, func(row table.Row) error {
			require.False(t, row[0].Valid, key)
			require.Equal(t, rows[n][1].Int, row[1].Int)
			n++
			return nil
		})
		require.NoError(t, err)
		require.EqualValues(t, 50, found)
		require.Equal(t, 50, n)

		other := &table.Schema{Columns: []table.Column{{Name: "log_id", Kind: table.Int64}}}
		_, _, err = reread.Rows(t.Context(), path, key, other, func(table.Row) error { return nil })
		var failure *reread.FileError
		require.ErrorAs(t, err, &failure, key)

		stop := errors.New("stop")
		_, _, err = reread.Rows(t.Context(), path, key, schema, func(table.Row) error { return stop })
		require.ErrorIs(t, err, stop)
	}
}
