package sinks_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/table"
	"logferry/sinks"
	"logferry/sinks/sinktest"
)

func stored(files []sinks.File) []sinks.Stored {
	var s []sinks.Stored
	for _, f := range files {
		s = append(s, sinks.Stored{Key: f.Key, Size: f.Size, SHA256: f.SHA256, Rows: f.Rows})
	}
	return s
}

func writeRows(t testing.TB, sink *sinks.Sink, n, payload int) []sinks.Stored {
	t.Helper()
	w := begin(t, sink, sinktest.Schema())
	source := sinktest.NewRows(1, payload)
	for range n {
		require.NoError(t, w.Write(source.Next()))
	}
	files, err := w.Close(t.Context())
	require.NoError(t, err)
	return stored(files)
}

// live is how many bytes of the heap are in use. Pools are emptied by the second collection.
func live() uint64 {
	runtime.GC()
	runtime.GC()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// The rows have 40 MB, those of one row group in Parquet.
func TestReadingHoldsPagesAndNotTheFile(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector, which short tests are for, multiplies memory")
	}
	const rows, payload = 3000, 13 << 10
	for format, bound := range map[sinks.Format]uint64{sinks.Parquet: 24 << 20, sinks.NDJSON: 6 << 20} {
		t.Run(string(format), func(t *testing.T) {
			sink := openSink(t, func(o *sinks.Options) {
				o.URL, o.Format, o.Compression, o.Memory = "file://"+t.TempDir(), format, "zstd", 512<<20
			})
			files := writeRows(t, sink, rows, payload)
			require.Len(t, files, 1)
			before := live()
			var peak uint64
			n := 0
			for row, err := range sink.Read(t.Context(), sinktest.Schema(), files) {
				require.NoError(t, err)
				require.Len(t, row, len(sinktest.Schema().Columns))
				if n++; n%500 == 0 {
					peak = max(peak, live())
				}
			}
			require.Equal(t, rows, n)
			require.Less(t, peak-min(peak, before), bound)
			t.Logf("%d bytes", peak-min(peak, before))
		})
	}
}

func TestFilesAreReadInTheirOwnFormatWhateverTheSinkWrites(t *testing.T) {
	b := openBucket(t, "mem://")
	var files []sinks.Stored
	var want []table.Row
	seed := 0
	for format, compressions := range map[sinks.Format][]string{sinks.Parquet: {"zstd", "none"}, sinks.NDJSON: {"gzip", "zstd", "none"}} {
		for _, compression := range compressions {
			sink := openSink(t, func(o *sinks.Options) { o.Bucket, o.Format, o.Compression = b, format, compression })
			w := begin(t, sink, sinktest.Schema())
			seed++
			source := sinktest.NewRows(uint64(seed), 100)
			for range 50 {
				want = append(want, sinktest.Clone(source.Next()))
				require.NoError(t, w.Write(want[len(want)-1]))
			}
			sealed, err := w.Seal(t.Context())
			require.NoError(t, err)
			published, err := w.Publish(t.Context(), []string{sink.FileKey(day, seed, 3)})
			require.NoError(t, err)
			sealed[0].Key = published[0].Key
			require.Equal(t, sealed, published)
			files = append(files, stored(published)...)
		}
	}
	sink := openSink(t, func(o *sinks.Options) { o.Bucket = b })
	var got []table.Row
	for row, err := range sink.Read(t.Context(), sinktest.Schema(), files) {
		require.NoError(t, err)
		got = append(got, sinktest.Clone(row))
	}
	sinktest.RequireRows(t, want, got)
}

func TestFilesThatAreNotWhatTheStateSaysAreDamaged(t *testing.T) {
	staging := t.TempDir()
	for _, format := range []sinks.Format{sinks.Parquet, sinks.NDJSON} {
		sink := openSink(t, func(o *sinks.Options) { o.Format, o.StagingDir = format, staging })
		file := writeRows(t, sink, 100, 0)[0]
		content, err := sink.ReadObject(t.Context(), file.Key)
		require.NoError(t, err)
		tests := map[string]struct {
			change func(*sinks.Stored) []byte
			rows   int // that come before it is noticed
		}{
			"is missing":                {func(*sinks.Stored) []byte { return nil }, 0},
			"bytes, not ":               {func(*sinks.Stored) []byte { return content[:len(content)-1] }, 0},
			"has more than":             {func(*sinks.Stored) []byte { return append(bytes.Clone(content), 'x') }, 0},
			"other content":             {func(*sinks.Stored) []byte { c := bytes.Clone(content); c[50] ^= 1; return c }, 0},
			"has 100 rows, not 101":     {func(f *sinks.Stored) []byte { f.Rows++; return content }, 100},
			"has 0 bytes, not " + "9":   {func(f *sinks.Stored) []byte { f.Size = 9; return []byte{} }, 0},
			"its SHA-256 is " + "e3b0c": {func(f *sinks.Stored) []byte { f.Size = 0; return []byte{} }, 0},
		}
		for problem, test := range tests {
			asked := file
			if changed := test.change(&asked); changed == nil {
				require.NoError(t, sink.Delete(t.Context(), file.Key))
			} else {
				require.NoError(t, sink.WriteObject(t.Context(), file.Key, changed, "text/plain"))
			}
			rows := 0
			var damaged *sinks.DamagedError
			for _, err := range sink.Read(t.Context(), sinktest.Schema(), []sinks.Stored{asked}) {
				require.Nil(t, damaged, "it is the end")
				if err == nil {
					rows++
					continue
				}
				require.ErrorAs(t, err, &damaged)
				require.Equal(t, file.Key, damaged.Key)
				require.Equal(t, "lake", damaged.Sink)
				require.Contains(t, damaged.Problem, problem)
				require.NotEmpty(t, damaged.Hint())
			}
			require.NotNil(t, damaged, problem)
			require.Equal(t, test.rows, rows)
			requireEmpty(t, staging)
		}
	}
}

func requireEmpty(t testing.TB, folder string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestFilesThatHoldNoRowsOfTheFormatAreErrorsAndNoPanics(t *testing.T) {
	b := openBucket(t, "mem://")
	sink := openSink(t, func(o *sinks.Options) { o.Bucket = b })
	parquet := writeRows(t, sink, 10, 0)[0]
	content, err := sink.ReadObject(t.Context(), parquet.Key)
	require.NoError(t, err)
	for _, key := range []string{"x.parquet", "x.ndjson", "x.ndjson.gz", "x.ndjson.zst", "x.csv", "ndjson"} {
		for name, body := range map[string][]byte{"text": []byte("no rows\n"), "half": content[:len(content)/2], "magic": []byte("PAR1\x00\x00\x00\x00PAR1")} {
			require.NoError(t, sink.WriteObject(t.Context(), key, body, "text/plain"))
			n := 0
			for _, err := range sink.Read(t.Context(), sinktest.Schema(), []sinks.Stored{{Key: key, Size: int64(len(body)), SHA256: sha256.Sum256(body), Rows: 1}}) {
				require.ErrorContains(t, err, key, name)
				n++
			}
			require.Equal(t, 1, n)
		}
	}
}

func TestReadingCanBeStoppedAnywhere(t *testing.T) {
	staging := t.TempDir()
	sink := openSink(t, func(o *sinks.Options) { o.StagingDir = staging })
	files := writeRows(t, sink, 300, 0)
	for n := range 3 {
		for range sink.Read(t.Context(), sinktest.Schema(), files) {
			staged, err := filepath.Glob(filepath.Join(staging, "read-*", "*"))
			require.NoError(t, err)
			require.Len(t, staged, 1)
			if n--; n < 0 {
				break
			}
		}
		requireEmpty(t, staging)
	}
}
