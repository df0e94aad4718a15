package reread_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/table"
	"logferry/sinks/ndjsonfile"
	"logferry/sinks/parquetfile"
	"logferry/sinks/reread"
	"logferry/sinks/sinktest"
)

var keys = []string{"a/part-00000.parquet", "a/part-00000.ndjson", "a/part-00000.ndjson.gz", "a/part-00000.ndjson.zst"}

func text(s string) table.Value { return table.Value{Bytes: []byte(s), Valid: true} }

// encode returns a file of key's format.
func encode(t testing.TB, key string, schema *table.Schema, rows []table.Row, memory int64) []byte {
	t.Helper()
	var out bytes.Buffer
	var w interface {
		Write(table.Row) error
		Close() error
	}
	var err error
	if strings.HasSuffix(key, ".parquet") {
		w, err = parquetfile.NewWriter(&out, schema, parquetfile.Options{CreatedBy: "logferry version 1.2.3 (build test)", Memory: func() int64 { return memory }})
	} else {
		w, err = ndjsonfile.NewWriter(&out, schema, map[string]string{".ndjson": "none", ".gz": "gzip", ".zst": "zstd"}[filepath.Ext(key)])
	}
	require.NoError(t, err)
	for _, row := range rows {
		require.NoError(t, w.Write(row))
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func save(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func sample(n, payload int) []table.Row {
	source := sinktest.NewRows(1, payload)
	rows := make([]table.Row, n)
	for i := range rows {
		rows[i] = sinktest.Clone(source.Next())
	}
	return rows
}

func ignore(int64, []byte, string, string) error { return nil }

func TestEveryRowAndColumnIsFound(t *testing.T) {
	schema := sinktest.Schema()
	rows := sample(3000, 100)
	for i := range rows {
		if i%7 == 0 {
			rows[i][schema.Index("status")], rows[i][schema.Index("detail")] = table.Value{}, table.Value{}
		}
	}
	for _, key := range keys {
		t.Run(key, func(t *testing.T) {
			n := 0
			columns, found, err := reread.File(t.Context(), save(t, encode(t, key, schema, rows, 1<<20)), key, func(micros int64, logID []byte, status, detail string) error {
				want := rows[n]
				require.Equal(t, want[schema.Index("timestamp")].Int, micros)
				require.Equal(t, string(want[schema.Index("log_id")].Bytes), string(logID))
				require.Equal(t, string(want[schema.Index("status")].Bytes), status)
				require.Equal(t, string(want[schema.Index("detail")].Bytes), detail)
				n++
				return nil
			})
			require.NoError(t, err)
			require.EqualValues(t, len(rows), found)
			require.Len(t, rows, n)
			require.NoError(t, reread.Check(schema, key, columns))
			if strings.HasSuffix(key, ".parquet") {
				require.Equal(t, reread.Expected(schema), columns)
			}
		})
	}
}

func TestFilesWithoutRowsAreRead(t *testing.T) {
	for _, key := range keys {
		columns, rows, err := reread.File(t.Context(), save(t, encode(t, key, sinktest.Schema(), nil, 1<<20)), key, ignore)
		require.NoError(t, err)
		require.Zero(t, rows)
		require.NoError(t, reread.Check(sinktest.Schema(), key, columns))
	}
}

// base has what a Row needs, and the column under test.
func base(name string, kind table.Kind, required bool) *table.Schema {
	return &table.Schema{Columns: []table.Column{
		{Name: "log_id", Kind: table.String, Required: true},
		{Name: "timestamp", Kind: table.Timestamp, Required: true},
		{Name: name, Kind: kind, Required: required},
	}}
}

func TestColumnsOfAnotherTypeNameOrNumberAreTold(t *testing.T) {
	kinds := []table.Kind{table.String, table.Int64, table.Float64, table.Bool, table.Timestamp, table.Decimal}
	for _, key := range keys[:2] {
		for _, has := range kinds {
			row := table.Row{text("a"), {Valid: true}, {Bytes: []byte("x"), Int: 1, Valid: true}}
			columns, _, err := reread.File(t.Context(), save(t, encode(t, key, base("c", has, false), []table.Row{row}, 1<<20)), key, ignore)
			require.NoError(t, err)
			for _, want := range kinds {
				err := reread.Check(base("c", want, false), key, columns)
				alike := key != keys[0] && jsonForm(has) == jsonForm(want)
				require.Equal(t, has == want || alike, err == nil, "%s: %v for %v: %v", key, has, want, err)
			}
			require.ErrorContains(t, reread.Check(base("d", has, false), key, columns), `column 3 of the file is "c", not "d"`)
			require.ErrorContains(t, reread.Check(&table.Schema{Columns: base("c", has, false).Columns[:2]}, key, columns), "3 columns, not 2")
		}
	}
	columns, _, err := reread.File(t.Context(), save(t, encode(t, keys[0], base("c", table.String, false), nil, 1<<20)), keys[0], ignore)
	require.NoError(t, err)
	require.ErrorContains(t, reread.Check(base("c", table.String, true), keys[0], columns), "never null")
}

func jsonForm(kind table.Kind) string {
	switch kind {
	case table.Int64, table.Float64:
		return "number"
	case table.Bool:
		return "bool"
	}
	return "string"
}

func TestRowsWithoutTheirKeyAreTold(t *testing.T) {
	optional := base("c", table.String, false)
	optional.Columns[0].Required, optional.Columns[1].Required = false, false
	for _, key := range keys {
		for _, row := range []table.Row{{text("a"), {}, {}}, {{}, {Valid: true}, {}}} {
			_, _, err := reread.File(t.Context(), save(t, encode(t, key, optional, []table.Row{row}, 1<<20)), key, ignore)
			var failure *reread.FileError
			require.ErrorAs(t, err, &failure, key)
			require.Equal(t, key, failure.Key)
			require.NotEmpty(t, failure.Hint())
		}
		without := &table.Schema{Columns: []table.Column{{Name: "n", Kind: table.Int64}}}
		_, _, err := reread.File(t.Context(), save(t, encode(t, key, without, []table.Row{{{Valid: true}}}, 1<<20)), key, ignore)
		require.ErrorContains(t, err, "log_id")
	}
}

func TestWhatTheCallerSaysComesBackAndWhatItPanicsWithToo(t *testing.T) {
	stop := errors.New("enough")
	for _, key := range keys {
		path := save(t, encode(t, key, sinktest.Schema(), sample(50, 0), 1<<20))
		n := 0
		_, _, err := reread.File(t.Context(), path, key, func(int64, []byte, string, string) error {
			if n++; n == 10 {
				return stop
			}
			return nil
		})
		require.Equal(t, stop, err)
		require.Equal(t, 10, n)
		require.PanicsWithValue(t, "mine", func() {
			_, _, _ = reread.File(t.Context(), path, key, func(int64, []byte, string, string) error { panic("mine") })
		})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err = reread.File(ctx, path, key, ignore)
		require.Equal(t, context.Canceled, err)
	}
	_, _, err := reread.File(t.Context(), filepath.Join(t.TempDir(), "none"), keys[0], ignore)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, _, err = reread.File(t.Context(), save(t, nil), "a.csv", ignore)
	require.ErrorContains(t, err, "extension")
}

func TestDamageGivesAnErrorAndNeverAPanic(t *testing.T) {
	const seed = 1
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	schema := sinktest.Schema()
	for _, key := range keys {
		t.Run(key, func(t *testing.T) {
			content := encode(t, key, schema, sample(200, 200), 64<<20)
			path := filepath.Join(t.TempDir(), "file")
			noticed := 0
			trials := 150
			if testing.Short() {
				trials = 20
			}
			for range trials {
				damaged := bytes.Clone(content)
				if random.IntN(4) == 0 {
					damaged = damaged[:random.IntN(len(damaged))]
				} else {
					for range 1 + random.IntN(4) {
						damaged[random.IntN(len(damaged))] ^= byte(1 + random.IntN(255))
					}
				}
				require.NoError(t, os.WriteFile(path, damaged, 0o600))
				columns, rows, err := reread.File(t.Context(), path, key, ignore)
				var failure *reread.FileError
				if err != nil {
					require.ErrorAs(t, err, &failure)
				}
				if err != nil || rows != 200 || reread.Check(schema, key, columns) != nil {
					noticed++
				}
			}
			t.Logf("%d of %d noticed", noticed, trials)
			require.Greater(t, noticed, trials/4)
		})
	}
}

func TestMemoryIsThatOfPagesAndNotOfTheFile(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector, which short tests are for, multiplies memory")
	}
	const rows = 3000
	content := encode(t, keys[0], sinktest.Schema(), sample(rows, 13<<10), 512<<20)
	path := save(t, content)
	content = nil //nolint:ineffassign,wastedassign // so that it can be collected
	before := live()
	ctx := &sampling{Context: t.Context()}
	_, _, err := reread.File(ctx, path, keys[0], ignore)
	require.NoError(t, err)
	require.Greater(t, ctx.calls, 100, "it was looked at")
	require.Less(t, ctx.peak-min(ctx.peak, before), uint64(16<<20))
}

// sampling is a context that looks at the heap now and then when it is asked for its error, as it is before each read.
type sampling struct {
	context.Context
	calls int
	peak  uint64
}

func (s *sampling) Err() error {
	if s.calls++; s.calls%5 == 0 {
		s.peak = max(s.peak, live())
	}
	return nil
}

func live() uint64 {
	runtime.GC()
	runtime.GC()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
