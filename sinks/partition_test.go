package sinks_test

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/stretchr/testify/require"

	"logferry/internal/table"
	"logferry/sinks"
	"logferry/sinks/bucket"
	"logferry/sinks/sinktest"
)

const day = "tool_execution/dt=2026-04-17"

func openSink(t testing.TB, change func(*sinks.Options)) *sinks.Sink {
	t.Helper()
	o := sinks.Options{Name: "lake", URL: "mem://", Format: sinks.Parquet, StagingDir: t.TempDir(), CreatedBy: "logferry version 1.2.3 (build abc)"}
	if change != nil {
		change(&o)
	}
	sink, err := sinks.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sink.Close()) })
	return sink
}

func begin(t testing.TB, sink *sinks.Sink, schema *table.Schema) *sinks.PartitionWriter {
	t.Helper()
	w, err := sink.NewPartition(t.Context(), schema, sinks.Partition{Prefix: day, Metadata: map[string]string{"logferry.partition": "dt=2026-04-17"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Abort()) })
	return w
}

func TestRowsOutOfOrderAreRefused(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{{Name: "log_id", Kind: table.String, Required: true}, {Name: "timestamp", Kind: table.Timestamp, Required: true}}}
	row := func(at int64, id string) table.Row {
		return table.Row{{Bytes: []byte(id), Valid: true}, {Int: at, Valid: true}}
	}
	for name, second := range map[string]table.Row{"earlier": row(9, "z"), "smaller id": row(10, "a")} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, openSink(t, nil), schema)
			require.NoError(t, w.Write(row(10, "b")))
			require.ErrorIs(t, w.Write(second), sinks.ErrUnsorted)
			require.ErrorIs(t, w.Write(row(11, "a")), sinks.ErrUnsorted, "the writer is of no more use")
			_, err := w.Close(t.Context())
			require.ErrorIs(t, err, sinks.ErrUnsorted)
		})
	}
	w := begin(t, openSink(t, nil), schema)
	for _, r := range []table.Row{row(-5, "z"), row(10, "a"), row(10, "b"), row(11, "a")} {
		require.NoError(t, w.Write(r))
	}
	files, err := w.Close(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, -5, files[0].First)
	require.EqualValues(t, 11, files[0].Last)
}

func TestSchemasWithoutTimestampsHaveNoOrder(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{{Name: "n", Kind: table.Int64}}}
	w := begin(t, openSink(t, nil), schema)
	for _, n := range []int64{3, 1, 2} {
		require.NoError(t, w.Write(table.Row{{Int: n, Valid: true}}))
	}
	require.Error(t, w.Write(table.Row{}), "a row of another schema")
	require.NoError(t, w.Abort())
}

func TestStagedFilesAreTheOwnersOnlyAndGoWithThePartition(t *testing.T) {
	staging := filepath.Join(t.TempDir(), "made/by/the sink")
	w := begin(t, openSink(t, func(o *sinks.Options) { o.StagingDir = staging }), sinktest.Schema())
	require.NoDirExists(t, staging, "made for the first row")
	require.NoError(t, w.Write(sinktest.NewRows(1, 0).Next()))
	files := 0
	require.NoError(t, filepath.WalkDir(staging, func(_ string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := entry.Info()
		require.NoError(t, err)
		if entry.IsDir() {
			require.EqualValues(t, 0o700, info.Mode().Perm())
		} else {
			require.EqualValues(t, 0o600, info.Mode().Perm())
			files++
		}
		return nil
	}))
	require.Equal(t, 1, files)
	_, err := w.Close(t.Context())
	require.NoError(t, err)
	entries, err := os.ReadDir(staging)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestAStagedFileThatChangedIsNotUploaded(t *testing.T) {
	for _, format := range []sinks.Format{sinks.Parquet, sinks.NDJSON} {
		staging := t.TempDir()
		sink := openSink(t, func(o *sinks.Options) { o.StagingDir, o.Format, o.MaxFileSize = staging, format, 1 })
		w := begin(t, sink, sinktest.Schema())
		require.NoError(t, w.Write(sinktest.NewRows(1, 0).Next()))
		staged, err := filepath.Glob(filepath.Join(staging, "*", "part-*"))
		require.NoError(t, err)
		require.Len(t, staged, 1)
		content, err := os.ReadFile(staged[0])
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(staged[0], content[:len(content)-2], 0o600))
		_, err = w.Close(t.Context())
		require.ErrorContains(t, err, "not what was written")
		for range sink.List(t.Context(), "") {
			t.Fatal("nothing was uploaded")
		}
	}
}

func TestFilesNameTheProgramAndThePartition(t *testing.T) {
	sink := openSink(t, nil)
	w := begin(t, sink, sinktest.Schema())
	require.NoError(t, w.Write(sinktest.NewRows(1, 0).Next()))
	files, err := w.Close(t.Context())
	require.NoError(t, err)
	content, err := sink.ReadObject(t.Context(), files[0].Key)
	require.NoError(t, err)
	r, err := file.NewParquetReader(bytes.NewReader(content))
	require.NoError(t, err)
	defer r.Close()
	require.Equal(t, "logferry version 1.2.3 (build abc)", r.MetaData().GetCreatedBy())
	require.Equal(t, "dt=2026-04-17", *r.MetaData().KeyValueMetadata().FindValue("logferry.partition"))
	require.Equal(t, "logferry version 1.2.3 (build abc)", *r.MetaData().KeyValueMetadata().FindValue("logferry.created_by"))
}

// incompressible returns n bytes of text in which nothing repeats.
func incompressible(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, n)
	for i := range text {
		text[i] = byte(' ' + 2 + random.IntN(90))
		if text[i] == '\\' {
			text[i] = 'x'
		}
	}
	return text
}

func TestOpenPartitionsShareTheMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 48 MB")
	}
	const memory, size = 16 << 20, 8 << 10
	schema := &table.Schema{Columns: []table.Column{{Name: "text", Kind: table.String}}}
	largestGroup := func(partitions int, seal bool) int64 {
		sink := openSink(t, func(o *sinks.Options) { o.Memory = memory })
		w := begin(t, sink, schema)
		for range partitions - 1 {
			other := begin(t, sink, schema)
			if seal {
				_, err := other.Seal(t.Context())
				require.NoError(t, err)
			}
		}
		text := incompressible(4 << 20)
		for i := range 2000 {
			start := i * size % len(text)
			require.NoError(t, w.Write(table.Row{{Bytes: text[start : start+size], Valid: true}}))
		}
		files, err := w.Close(t.Context())
		require.NoError(t, err)
		content, err := sink.ReadObject(t.Context(), files[0].Key)
		require.NoError(t, err)
		r, err := file.NewParquetReader(bytes.NewReader(content))
		require.NoError(t, err)
		defer r.Close()
		var rows int64
		for g := range r.NumRowGroups() {
			rows = max(rows, r.MetaData().RowGroup(g).NumRows())
		}
		return rows
	}
	alone, shared := largestGroup(1, false), largestGroup(4, false)
	require.Greater(t, alone, 2*shared)
	require.Equal(t, alone, largestGroup(4, true), "a sealed partition needs no memory")
}

func TestOptionsAreFilledInOrRefused(t *testing.T) {
	for name, change := range map[string]func(*sinks.Options){
		"format":      func(o *sinks.Options) { o.Format = "csv" },
		"compression": func(o *sinks.Options) { o.Compression = "gzip" },
		"memory":      func(o *sinks.Options) { o.Memory = 1 },
		"size":        func(o *sinks.Options) { o.MaxFileSize = -1 },
		"URL":         func(o *sinks.Options) { o.URL = "nosuch://x" },
	} {
		o := sinks.Options{Name: "lake", URL: "mem://", Format: sinks.Parquet}
		change(&o)
		_, err := sinks.Open(t.Context(), o)
		require.ErrorContains(t, err, `sink "lake"`, name)
	}
}

func TestSinksCanShareABucketThatIsTheCallersToClose(t *testing.T) {
	shared := openBucket(t, "mem://")
	for _, key := range []string{"a", "b"} {
		sink, err := sinks.Open(t.Context(), sinks.Options{Name: key, Format: sinks.NDJSON, Bucket: shared})
		require.NoError(t, err)
		require.NoError(t, sink.WriteObject(t.Context(), key, []byte(key), "text/plain"))
		require.NoError(t, sink.Close())
	}
	var keys []string
	for object, err := range shared.List(t.Context(), "") {
		require.NoError(t, err)
		keys = append(keys, object.Key)
	}
	require.Equal(t, []string{"a", "b"}, keys)
}

func TestACheckErrorSaysWhatWhereAndWhatToDoWithoutSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	sink := openSink(t, func(o *sinks.Options) { o.URL = "file://" + path + "?metadata=skip" })
	err := sink.Check(t.Context())
	var refused *sinks.CheckError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "list", refused.Op)
	require.Equal(t, bucket.Other, refused.Reason)
	require.True(t, strings.HasSuffix(err.Error(), "disk has room."), err)
	require.NotContains(t, err.Error(), "metadata=skip")
}
