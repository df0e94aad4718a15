package sinktest

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/table"
	"logferry/sinks"
	"logferry/sinks/bucket"
)

const (
	prefix  = "tool_execution/dt=2026-04-17"
	another = "tool_execution/dt=2026-04-18"
	deeper  = prefix + "/hour=13"
)

// Target is a kind of bucket under test.
type Target struct {
	// Open returns a bucket that holds nothing yet; each call another one. It closes what it opened when t ends.
	Open func(t *testing.T) bucket.Bucket
	// Brief leaves out what fails every operation in turn: for a bucket that differs from another target's by its URL only.
	Brief bool
	// Missing returns the URL of a bucket that isn't there; nil where there is no such thing.
	Missing func(t *testing.T) string
}

// Run tests that sinks work in target's buckets.
func Run(t *testing.T, target Target) {
	tests := []struct {
		name string
		run  func(t *testing.T, s *suite)
		long bool
	}{
		{"rows come back in every format and compression", roundTrip, false},
		{"files are rolled at their size", rolling, false},
		{"an empty partition has no files", emptyPartition, false},
		{"abort leaves the bucket as it was", abort, false},
		{"a cancelled context leaves the bucket as it was", cancelled, false},
		{"a rerun replaces files and removes surplus ones", rerun, false},
		{"only the partition's own data files are removed", neighbours, false},
		{"partitions can be written at the same time", concurrent, false},
		{"a rerun after any failed operation puts the partition right", everyFault, true},
		{"sealing writes nothing, publishing removes nothing", twoPhases, false},
		{"a partition abandoned between sealing and publishing leaves nothing", abandonedPhases, false},
		{"publishing again after any failed operation puts it right", everyPublishingFault, true},
		{"rows are read back, and written again give the same bytes", readingBack, false},
		{"reading says whether a file is damaged or cannot be had", everyReadingFault, true},
		{"an object is created once", creating, false},
		{"of many that create an object one does", creatingAtOnce, false},
		{"a creation that fails leaves nothing, one whose answer is lost the object", spoiledCreation, false},
		{"the first key is the smallest in byte order", firstKeys, false},
		{"a body that fails or has another size leaves nothing", spoiledBody, false},
		{"objects can be written, read, listed and deleted", objects, false},
		{"keys stay below the prefix", keys, false},
		{"check leaves nothing", check, false},
		{"check tells what is wrong", checkFaults, false},
	}
	for _, test := range tests {
		if test.long && (target.Brief || testing.Short()) {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			test.run(t, &suite{target: target, bucket: target.Open(t), staging: t.TempDir()})
		})
	}
	if target.Missing != nil {
		t.Run("check tells that the bucket is missing", func(t *testing.T) { missing(t, target.Missing(t)) })
	}
}

type suite struct {
	target  Target
	bucket  bucket.Bucket
	staging string
}

func (s *suite) options() sinks.Options {
	return sinks.Options{
		Name: "lake", Format: sinks.Parquet, Compression: "zstd", MaxFileSize: 256 << 20, StagingDir: s.staging, Memory: 16 << 20,
		CreatedBy: "logferry version 0.0.0 (build test)", Bucket: s.bucket,
	}
}

func open(t *testing.T, o sinks.Options) *sinks.Sink {
	t.Helper()
	sink, err := sinks.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sink.Close()) })
	return sink
}

// begin opens a partition and writes n rows into it.
func begin(t testing.TB, sink *sinks.Sink, prefix string, n int) (*sinks.PartitionWriter, []table.Row) {
	t.Helper()
	rows := sampleRows(n)
	w, err := fill(t.Context(), sink, prefix, rows)
	require.NoError(t, err)
	return w, rows
}

// sampleRows returns n rows, others for each n.
func sampleRows(n int) []table.Row {
	source := NewRows(uint64(n), 300)
	rows := make([]table.Row, n)
	for i := range rows {
		rows[i] = Clone(source.Next())
	}
	return rows
}

func fill(ctx context.Context, sink *sinks.Sink, prefix string, rows []table.Row) (*sinks.PartitionWriter, error) {
	w, err := sink.NewPartition(ctx, Schema(), sinks.Partition{Prefix: prefix, Metadata: map[string]string{"partition": prefix}})
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			return w, errors.Join(err, w.Abort())
		}
	}
	return w, nil
}

func write(t testing.TB, sink *sinks.Sink, prefix string, n int) ([]sinks.File, []table.Row) {
	t.Helper()
	w, rows := begin(t, sink, prefix, n)
	files, err := w.Close(t.Context())
	require.NoError(t, err)
	require.NoError(t, w.Abort(), "after Close it does nothing")
	return files, rows
}

// keysOf lists the bucket and asserts that no partition left anything in the staging folder.
func (s *suite) keysOf(t testing.TB) []string {
	t.Helper()
	staged, err := os.ReadDir(s.staging)
	require.NoError(t, err)
	require.Empty(t, staged)
	keys := []string{}
	for object, err := range s.bucket.List(t.Context(), "") {
		require.NoError(t, err)
		keys = append(keys, object.Key)
	}
	slices.Sort(keys)
	return keys
}

func (s *suite) read(t testing.TB, key string) []byte {
	t.Helper()
	r, err := s.bucket.Open(t.Context(), key)
	require.NoError(t, err)
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return content
}

// requireFiles asserts that the bucket holds exactly the files, with exactly the rows.
func (s *suite) requireFiles(t testing.TB, format sinks.Format, files []sinks.File, rows []table.Row) {
	t.Helper()
	var keys []string
	for _, f := range files {
		keys = append(keys, f.Key)
		content := s.read(t, f.Key)
		require.EqualValues(t, len(content), f.Size)
		require.Equal(t, sha256.Sum256(content), f.SHA256)
		got := ReadParquetOrNDJSON(t, format, f.Key, content)
		require.Len(t, got, int(f.Rows))
		require.LessOrEqual(t, len(got), len(rows))
		RequireRows(t, rows[:len(got)], got)
		timestamp := Schema().Index("timestamp")
		require.Equal(t, got[0][timestamp].Int, f.First)
		require.Equal(t, got[len(got)-1][timestamp].Int, f.Last)
		rows = rows[len(got):]
	}
	require.Empty(t, rows)
	require.ElementsMatch(t, keys, s.keysOf(t))
}

// ReadParquetOrNDJSON reads a file's rows.
func ReadParquetOrNDJSON(t testing.TB, format sinks.Format, key string, content []byte) []table.Row {
	t.Helper()
	if format == sinks.Parquet {
		return ReadParquet(t, content)
	}
	return ReadNDJSON(t, key, content, Schema())
}
