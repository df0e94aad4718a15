package sinktest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"logferry/internal/table"
	"logferry/sinks"
)

func roundTrip(t *testing.T, s *suite) {
	for _, test := range []struct {
		format      sinks.Format
		compression string
		extension   string
	}{
		{sinks.Parquet, "zstd", ".parquet"},
		{sinks.Parquet, "snappy", ".parquet"},
		{sinks.Parquet, "none", ".parquet"},
		{sinks.NDJSON, "gzip", ".ndjson.gz"},
		{sinks.NDJSON, "zstd", ".ndjson.zst"},
		{sinks.NDJSON, "none", ".ndjson"},
	} {
		o := s.options()
		o.Format, o.Compression = test.format, test.compression
		files, rows := write(t, open(t, o), prefix, 500)
		require.Len(t, files, 1)
		require.Equal(t, prefix+"/part-00000"+test.extension, files[0].Key)
		s.requireFiles(t, test.format, files, rows)
	}
}

func rolling(t *testing.T, s *suite) {
	const limit = 64 << 10
	for _, format := range []sinks.Format{sinks.Parquet, sinks.NDJSON} {
		for _, compression := range []string{"zstd", "none"} {
			o := s.options()
			o.Format, o.Compression, o.MaxFileSize = format, compression, limit
			w, rows := begin(t, open(t, o), prefix, 1500)
			written := w.BytesWritten()
			files, err := w.Close(t.Context())
			require.NoError(t, err)
			require.Greater(t, len(files), 3)
			var total int64
			for i, f := range files {
				require.Contains(t, f.Key, fmt.Sprintf("/part-%05d.", i))
				require.Less(t, f.Size, int64(limit*3/2), "file %d of %d", i, len(files))
				if i < len(files)-1 {
					require.Greater(t, f.Size, int64(limit*7/8), "file %d of %d", i, len(files))
				}
				total += f.Size
			}
			require.InEpsilon(t, total, written, 0.15)
			s.requireFiles(t, format, files, rows)
		}
	}
}

func emptyPartition(t *testing.T, s *suite) {
	sink := open(t, s.options())
	files, _ := write(t, sink, prefix, 0)
	require.Empty(t, files)
	require.Empty(t, s.keysOf(t))
	write(t, sink, prefix, 10)
	require.Len(t, s.keysOf(t), 1)
	files, _ = write(t, sink, prefix, 0)
	require.Empty(t, files)
	require.Empty(t, s.keysOf(t))
}

func abort(t *testing.T, s *suite) {
	sink := open(t, s.options())
	w, _ := begin(t, sink, prefix, 10)
	require.NoError(t, w.Abort())
	require.NoError(t, w.Abort())
	require.Empty(t, s.keysOf(t))
	require.ErrorIs(t, w.Write(make(table.Row, len(Schema().Columns))), sinks.ErrEnded)
	_, err := w.Close(t.Context())
	require.ErrorIs(t, err, sinks.ErrEnded)

	files, rows := write(t, sink, prefix, 20)
	w, _ = begin(t, sink, prefix, 30)
	require.NoError(t, w.Abort())
	s.requireFiles(t, sinks.Parquet, files, rows)
}

func cancelled(t *testing.T, s *suite) {
	sink := open(t, s.options())
	files, rows := write(t, sink, prefix, 20)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w, _ := begin(t, sink, prefix, 30)
	_, err := w.Close(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, w.Abort())
	s.requireFiles(t, sinks.Parquet, files, rows)

	// In the middle of an upload: the body cancels while it is read.
	ctx, cancel = context.WithCancel(t.Context())
	body := io.MultiReader(bytes.NewReader(make([]byte, 1000)), readerFunc(func(p []byte) (int, error) {
		cancel()
		return copy(p, "more"), nil
	}))
	require.ErrorIs(t, s.bucket.Upload(ctx, another+"/part-00000.parquet", body, 100_000, "text/plain"), context.Canceled)
	s.requireFiles(t, sinks.Parquet, files, rows)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func rerun(t *testing.T, s *suite) {
	many, _ := write(t, open(t, s.small()), prefix, 200)
	require.Greater(t, len(many), 3)
	files, rows := write(t, open(t, s.options()), prefix, 100)
	require.Len(t, files, 1)
	s.requireFiles(t, sinks.Parquet, files, rows)
	again, _ := write(t, open(t, s.options()), prefix, 100)
	require.Equal(t, files, again, "the same rows give the same bytes")

	for _, compression := range []string{"gzip", "zstd", "none"} {
		o := s.options()
		o.Format, o.Compression = sinks.NDJSON, compression
		files, rows = write(t, open(t, o), prefix, 100)
		s.requireFiles(t, sinks.NDJSON, files, rows)
	}
}

func neighbours(t *testing.T, s *suite) {
	sink := open(t, s.options())
	stay := []string{
		another + "/part-00000.parquet", deeper + "/part-00000.parquet", prefix + "0/part-00000.parquet", prefix + "/part-00000.txt",
		prefix + "/other.parquet", "_logferry/part-00000.parquet", prefix + "/part-x/part-00000.parquet",
	}
	gone := []string{prefix + "/part-00007.parquet", prefix + "/part-00000.ndjson", prefix + "/part-0.ndjson.gz", prefix + "/part-abc.ndjson.zst"}
	for _, key := range slices.Concat(stay, gone) {
		require.NoError(t, sink.WriteObject(t.Context(), key, []byte("x"), "text/plain"))
	}
	files, _ := write(t, sink, prefix, 10)
	require.ElementsMatch(t, append(stay, files[0].Key), s.keysOf(t))
}

func concurrent(t *testing.T, s *suite) {
	sink := open(t, s.options())
	var group errgroup.Group
	for i := range 8 {
		group.Go(func() error {
			w, err := fill(t.Context(), sink, fmt.Sprintf("%s/hour=%02d", prefix, i), sampleRows(i*50))
			if err == nil {
				_, err = w.Close(t.Context())
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	for i := range 8 {
		if i > 0 {
			content := s.read(t, fmt.Sprintf("%s/hour=%02d/part-00000.parquet", prefix, i))
			require.Len(t, ReadParquet(t, content), i*50)
		}
	}
	require.Len(t, s.keysOf(t), 7)
}

func everyFault(t *testing.T, s *suite) {
	before := s.snapshotOf(t, func(sink *sinks.Sink) { write(t, sink, prefix, 150) })
	require.Greater(t, len(before), 4)
	rows := sampleRows(90)
	for _, fault := range Faults {
		for n := int64(1); ; n++ {
			s.bucket = s.target.Open(t)
			for key, content := range before {
				require.NoError(t, s.bucket.Upload(t.Context(), key, bytes.NewReader(content), int64(len(content)), "text/plain"))
			}
			faulty := &Faulty{Bucket: s.bucket, N: n, Fault: fault}
			o := s.small()
			o.Bucket = faulty
			w, err := fill(t.Context(), open(t, o), prefix, rows)
			require.NoError(t, err)
			if _, err = w.Close(t.Context()); err == nil {
				require.EqualValues(t, n-1, faulty.Operations())
				require.Greater(t, n, int64(5), "there is something to fail")
				break
			}
			require.ErrorIs(t, err, ErrInjected)
			require.NoError(t, w.Abort())
			for _, key := range s.keysOf(t) {
				require.NotEmpty(t, ReadParquet(t, s.read(t, key)), "every object is a whole file")
			}
			o.Bucket = s.bucket
			files, got := write(t, open(t, o), prefix, 90)
			s.requireFiles(t, sinks.Parquet, files, got)
		}
	}
}

// small makes files of some 30 rows.
func (s *suite) small() sinks.Options {
	o := s.options()
	o.MaxFileSize = 12 << 10
	return o
}

// snapshotOf returns the objects that do leaves in a new bucket.
func (s *suite) snapshotOf(t *testing.T, do func(*sinks.Sink)) map[string][]byte {
	do(open(t, s.small()))
	snapshot := make(map[string][]byte)
	for _, key := range s.keysOf(t) {
		snapshot[key] = s.read(t, key)
	}
	return snapshot
}
