package reread_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
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

// fuzzed has a column of each kind.
var fuzzed = &table.Schema{Columns: []table.Column{
	{Name: "log_id", Kind: table.String, Required: true, Lookup: true},
	{Name: "timestamp", Kind: table.Timestamp, Required: true},
	{Name: "status", Kind: table.String, Repeats: true},
	{Name: "n", Kind: table.Int64},
	{Name: "f", Kind: table.Float64},
	{Name: "b", Kind: table.Bool},
	{Name: "d", Kind: table.Decimal},
	{Name: "j", Kind: table.JSON},
}}

func fuzzedRows() []table.Row {
	number := func(n int64) table.Value { return table.Value{Int: n, Valid: true} }
	return []table.Row{
		{text("a"), number(0), text("success"), number(math.MinInt64), number(int64(math.Float64bits(-0.5))), number(1), number(999_999_999_999_999_999), text(`{"k":[1]}`)},
		{text("b"), number(1_776_420_672_345_678), text("failed"), {}, {}, {}, {}, {}},
		{text("ü"), number(253_402_300_799_999_999), text(""), number(math.MaxInt64), number(int64(math.Float64bits(math.MaxFloat64))), number(0), number(-1), text(`"\u0000"`)},
	}
}

// FuzzFiles reads any bytes as a file of every format, by the readers of the sinks and by those of verify: no panic, memory within
// bounds, and where both read all of it, the same rows.
func FuzzFiles(f *testing.F) {
	narrow := &table.Schema{Columns: fuzzed.Columns[:2]}
	for i, key := range keys {
		f.Add(encode(f, key, fuzzed, fuzzedRows(), 1<<20), uint8(i))
		f.Add(encode(f, key, narrow, []table.Row{fuzzedRows()[1][:2]}, 1<<20), uint8(i))
		f.Add(encode(f, key, fuzzed, nil, 1<<20), uint8(i))
		f.Add([]byte{}, uint8(i))
	}
	for _, compression := range []string{"none", "snappy"} {
		var out bytes.Buffer
		w, err := parquetfile.NewWriter(&out, fuzzed, parquetfile.Options{Compression: compression, Memory: func() int64 { return 1 << 20 }})
		require.NoError(f, err)
		for _, row := range fuzzedRows() {
			require.NoError(f, w.Write(row))
		}
		require.NoError(f, w.Close())
		f.Add(out.Bytes(), uint8(0))
	}
	line := `{"log_id":"a","timestamp":"2026-04-17T00:00:00.000000Z","status":null,"n":1,"f":1e400,"b":true,"d":"1.5","j":[1, {"a":"\ud800"}]}` + "\n"
	for _, text := range []string{line, strings.Replace(line, `"n":1`, `"n":1.0`, 1), strings.Replace(line, `"d":"1.5"`, `"d":"1.0000000000"`, 1), line + line[1:], "{}\n{}\n", strings.Replace(line, `"n"`, `"\u006e"`, 1)} {
		f.Add([]byte(text), uint8(1))
	}
	f.Add([]byte("PAR1............\xff\xff\xff\x7fPAR1"), uint8(0)) // a footer of 2 GiB
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte, format uint8) {
		key := keys[int(format)%len(keys)]
		path := filepath.Join(dir, "file")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		own, ownErr := rowForms(func(add func(table.Row) error) error { return readOwn(content, key, add) })
		var other []string
		var err, fileErr error
		asked := allocated(func() {
			other, err = rowForms(func(add func(table.Row) error) error {
				_, _, err := reread.Rows(t.Context(), path, key, fuzzed, add)
				return err
			})
			_, _, fileErr = reread.File(t.Context(), path, key, func(_ int64, id []byte, status, detail string) error {
				require.True(t, utf8.Valid(id) && utf8.ValidString(status) && utf8.ValidString(detail))
				return nil
			})
			// What the sinks read has been compared with its hash before; pages of another file might ask for gigabytes.
			_ = parquetfile.Verify(bytes.NewReader(content), int64(len(content)), fuzzed, 1)
		})
		requireFileError(t, err)
		requireFileError(t, fileErr)
		if ownErr == nil && err == nil {
			require.Equal(t, own, other)
		}
		require.Less(t, asked, uint64(256<<20+1000*len(content)), "memory asked for by %d bytes", len(content))
	})
}

// allocated is how many bytes of memory f asks for.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func requireFileError(t *testing.T, err error) {
	if err == nil || errors.Is(err, errMany) {
		return
	}
	var file *reread.FileError
	require.ErrorAs(t, err, &file)
	require.NotEmpty(t, file.Hint())
}

// errMany ends the reading of files that say they have more rows than they have bytes.
var errMany = errors.New("many rows")

func rowForms(read func(add func(table.Row) error) error) (forms []string, err error) {
	c := table.NewCanonical(fuzzed)
	err = read(func(row table.Row) error {
		if len(forms) > 10_000 {
			return errMany
		}
		var form bytes.Buffer
		err := c.Write(&form, row)
		forms = append(forms, form.String())
		return err
	})
	return forms, err
}

// readOwn is ownReader for files that may be damaged.
func readOwn(content []byte, key string, add func(table.Row) error) (err error) {
	var rows interface {
		Next() (table.Row, error)
		Close() error
	}
	if strings.HasSuffix(key, ".parquet") {
		rows, err = parquetfile.NewReader(bytes.NewReader(content), int64(len(content)), fuzzed)
	} else {
		rows, err = ndjsonfile.NewReader(bytes.NewReader(content), fuzzed, map[string]string{".ndjson": "none", ".gz": "gzip", ".zst": "zstd"}[filepath.Ext(key)])
	}
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = add(row)
		}
		if err != nil {
			return err
		}
	}
}

// FuzzRows writes any rows of any schema in every format and reads them by both readers: they come back.
func FuzzRows(f *testing.F) {
	dir := f.TempDir()
	f.Add(bytes.Repeat([]byte("\x03\x01\x04\x00\x00\x00\x00\x00"), 200))
	f.Fuzz(func(t *testing.T, input []byte) {
		rapid.MakeFuzz(func(rt *rapid.T) { anyRowsComeBack(t, rt, filepath.Join(dir, "file")) })(t, input)
	})
}

func anyRowsComeBack(t *testing.T, rt *rapid.T, path string) {
	schema := sinktest.AnySchema(rt)
	for i, c := range schema.Columns {
		if c.Kind == table.JSON || c.Kind == table.Float64 {
			schema.Columns[i].Required = false // NDJSON makes some of their values null
		}
	}
	var rows []table.Row
	for range rapid.IntRange(0, 6).Draw(rt, "rows") {
		row := sinktest.AnyRow(rt, schema)
		for i := range row {
			if !utf8.Valid(row[i].Bytes) {
				row[i].Bytes = []byte(strings.ToValidUTF8(string(row[i].Bytes), "\ufffd"))
			}
		}
		rows = append(rows, row)
	}
	all := func(add func(table.Row) error) {
		for _, row := range rows {
			require.NoError(rt, add(row))
		}
	}
	want := forms(rt, schema, all)
	for _, key := range keys[:2] {
		content := encode(t, key, schema, rows, 4<<10)
		require.Equal(rt, want, forms(rt, schema, func(add func(table.Row) error) { ownReader(rt, content, key, schema, add) }), key)
		require.NoError(rt, os.WriteFile(path, content, 0o600))
		require.Equal(rt, want, forms(rt, schema, func(add func(table.Row) error) {
			_, _, err := reread.Rows(t.Context(), path, key, schema, add)
			require.NoError(rt, err)
		}), key)
	}
}
