package sinktest

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/table"
	"logferry/sinks"
)

// version returns the keys of n files of a partition's version.
func version(sink *sinks.Sink, n, version int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = sink.FileKey(prefix, i, version)
	}
	return keys
}

func storedOf(files []sinks.File) []sinks.Stored {
	stored := make([]sinks.Stored, len(files))
	for i, f := range files {
		stored[i] = sinks.Stored{Key: f.Key, Size: f.Size, SHA256: f.SHA256, Rows: f.Rows}
	}
	return stored
}

// publish writes n rows as a version of the partition.
func publish(t testing.TB, sink *sinks.Sink, n, number int) ([]sinks.File, []table.Row) {
	t.Helper()
	w, rows := begin(t, sink, prefix, n)
	sealed, err := w.Seal(t.Context())
	require.NoError(t, err)
	files, err := w.Publish(t.Context(), version(sink, len(sealed), number))
	require.NoError(t, err)
	return files, rows
}

func twoPhases(t *testing.T, s *suite) {
	sink := open(t, s.small())
	w, _ := begin(t, sink, prefix, 150)
	sealed, err := w.Seal(t.Context())
	require.NoError(t, err)
	require.Greater(t, len(sealed), 3)
	staged, err := os.ReadDir(s.staging)
	require.NoError(t, err)
	require.Len(t, staged, 1, "the files wait")
	for range s.bucket.List(t.Context(), "") {
		t.Fatal("nothing is there yet")
	}
	require.ErrorIs(t, w.Write(sampleRows(1)[0]), sinks.ErrEnded)
	_, err = w.Seal(t.Context())
	require.ErrorIs(t, err, sinks.ErrEnded)
	_, err = w.Close(t.Context())
	require.ErrorIs(t, err, sinks.ErrEnded)
	_, err = w.Publish(t.Context(), version(sink, len(sealed)+1, 1))
	require.ErrorContains(t, err, "keys for")

	first, err := w.Publish(t.Context(), version(sink, len(sealed), 1))
	require.NoError(t, err)
	for i := range sealed {
		require.Empty(t, sealed[i].Key)
		sealed[i].Key = first[i].Key
	}
	require.Equal(t, sealed, first)
	_, err = w.Publish(t.Context(), version(sink, len(sealed), 1))
	require.ErrorIs(t, err, sinks.ErrEnded)
	require.NoError(t, w.Abort())
	s.requireFiles(t, sinks.Parquet, first, sampleRows(150))

	second, rows := publish(t, sink, 80, 2)
	require.Len(t, s.keysOf(t), len(first)+len(second), "the files of the version before are left alone")
	for _, f := range first {
		require.NoError(t, sink.Delete(t.Context(), f.Key))
	}
	s.requireFiles(t, sinks.Parquet, second, rows)
	none, _ := publish(t, sink, 0, 3)
	require.Empty(t, none)
	s.requireFiles(t, sinks.Parquet, second, rows)
}

func abandonedPhases(t *testing.T, s *suite) {
	sink := open(t, s.options())
	w, _ := begin(t, sink, prefix, 20)
	_, err := w.Publish(t.Context(), version(sink, 1, 1))
	require.ErrorContains(t, err, "not sealed")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.Seal(ctx)
	require.ErrorIs(t, err, context.Canceled)
	_, err = w.Publish(t.Context(), version(sink, 1, 1))
	require.Error(t, err)
	require.NoError(t, w.Abort())

	w, _ = begin(t, sink, prefix, 20)
	_, err = w.Seal(t.Context())
	require.NoError(t, err)
	_, err = w.Publish(ctx, version(sink, 1, 1))
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, w.Abort())
	_, err = w.Publish(t.Context(), version(sink, 1, 1))
	require.ErrorIs(t, err, sinks.ErrEnded)
	require.Empty(t, s.keysOf(t))
}

func everyPublishingFault(t *testing.T, s *suite) {
	for _, fault := range Faults {
		for n := int64(1); ; n++ {
			s.bucket = s.target.Open(t)
			faulty := &Faulty{Bucket: s.bucket, N: n, Fault: fault}
			o := s.small()
			o.Bucket = faulty
			sink := open(t, o)
			w, rows := begin(t, sink, prefix, 90)
			sealed, err := w.Seal(t.Context())
			require.NoError(t, err)
			require.Zero(t, faulty.Operations(), "sealing needs no bucket")
			if _, err = w.Publish(t.Context(), version(sink, len(sealed), 2)); err == nil {
				require.EqualValues(t, len(sealed), n-1, "one operation a file")
				break
			}
			require.ErrorIs(t, err, ErrInjected)
			files, err := w.Publish(t.Context(), version(sink, len(sealed), 2))
			require.NoError(t, err, "it can be called again")
			s.requireFiles(t, sinks.Parquet, files, rows)
		}
	}
}

func readingBack(t *testing.T, s *suite) {
	for _, format := range []sinks.Format{sinks.Parquet, sinks.NDJSON} {
		o := s.small()
		o.Format = format
		sink := open(t, o)
		files, rows := publish(t, sink, 200, 1)
		require.Greater(t, len(files), 3)
		RequireRows(t, rows, readRows(t, sink, storedOf(files)))
		RequireRows(t, rows[files[0].Rows:files[0].Rows+files[1].Rows], readRows(t, sink, storedOf(files[1:2])))
		require.Empty(t, readRows(t, sink, nil))

		// Its own rows give its own bytes.
		w, err := sink.NewPartition(t.Context(), Schema(), sinks.Partition{Prefix: prefix, Metadata: map[string]string{"partition": prefix}})
		require.NoError(t, err)
		for row, err := range sink.Read(t.Context(), Schema(), storedOf(files)) {
			require.NoError(t, err)
			require.NoError(t, w.Write(row))
		}
		again, err := w.Seal(t.Context())
		require.NoError(t, err)
		again, err = w.Publish(t.Context(), version(sink, len(again), 1))
		require.NoError(t, err)
		require.Equal(t, files, again)
		for _, f := range files {
			require.NoError(t, sink.Delete(t.Context(), f.Key))
		}
		require.Empty(t, s.keysOf(t))
	}
}

func readRows(t testing.TB, sink *sinks.Sink, files []sinks.Stored) []table.Row {
	t.Helper()
	var rows []table.Row
	for row, err := range sink.Read(t.Context(), Schema(), files) {
		require.NoError(t, err)
		rows = append(rows, Clone(row))
	}
	return rows
}

func everyReadingFault(t *testing.T, s *suite) {
	files, rows := publish(t, open(t, s.small()), 150, 1)
	for n := int64(1); ; n++ {
		o := s.options()
		o.Bucket = &Faulty{Bucket: s.bucket, N: n}
		var failed error
		read := 0
		for row, err := range open(t, o).Read(t.Context(), Schema(), storedOf(files)) {
			require.NoError(t, failed, "an error ends it")
			if failed = err; err == nil {
				RequireRows(t, rows[read:read+1], []table.Row{row})
				read++
			}
		}
		if failed == nil {
			require.Len(t, rows, read)
			require.EqualValues(t, len(files), n-1)
			break
		}
		require.ErrorIs(t, failed, ErrInjected)
		var damaged *sinks.DamagedError
		require.NotErrorAs(t, failed, &damaged, "the file may be whole")
		s.keysOf(t)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, err := range open(t, s.options()).Read(ctx, Schema(), storedOf(files)) {
		if cancel(); err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
	require.NoError(t, s.bucket.Upload(t.Context(), files[1].Key, bytes.NewReader([]byte("x")), 1, "text/plain"))
	require.NoError(t, s.bucket.Delete(t.Context(), files[2].Key))
	for _, f := range files[1:3] {
		var damaged *sinks.DamagedError
		for _, err := range open(t, s.options()).Read(t.Context(), Schema(), storedOf([]sinks.File{f})) {
			require.ErrorAs(t, err, &damaged)
		}
		require.Equal(t, f.Key, damaged.Key)
	}
	s.keysOf(t)
}
