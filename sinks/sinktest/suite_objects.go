package sinktest

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks"
)

func spoiledBody(t *testing.T, s *suite) {
	const key = prefix + "/part-00000.parquet"
	upload := func(body string, size int64) error {
		return s.bucket.Upload(t.Context(), key, bytes.NewReader([]byte(body)), size, "text/plain")
	}
	require.Error(t, upload("short", 6))
	require.Error(t, upload("long", 3))
	require.Error(t, upload("long", 0))
	require.ErrorIs(t, s.bucket.Upload(t.Context(), key, io.MultiReader(bytes.NewReader(make([]byte, 5)), failing{}), 10, "text/plain"), ErrInjected)
	require.Empty(t, s.keysOf(t))
	require.NoError(t, upload("first", 5))
	require.Error(t, upload("second", 7))
	require.Equal(t, "first", string(s.read(t, key)))
	require.NoError(t, upload("", 0))
	require.Empty(t, s.read(t, key))
}

func objects(t *testing.T, s *suite) {
	sink, ctx := open(t, s.options()), t.Context()
	_, err := sink.ReadObject(ctx, "_logferry/quarantine/0")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, sink.Delete(ctx, "_logferry/quarantine/0"))
	want := map[string]string{"_logferry/quarantine/0": "zero", "_logferry/quarantine/1": "", "_logferry/manifest/ü 1": "m", "_logferry-other": "o"}
	for key, body := range want {
		require.NoError(t, sink.WriteObject(ctx, key, []byte(body), "application/json"))
	}
	for key, body := range want {
		got, err := sink.ReadObject(ctx, key)
		require.NoError(t, err)
		require.Equal(t, body, string(got))
	}
	for prefix, n := range map[string]int{"": 4, "_logferry": 4, "_logferry/": 3, "_logferry/quarantine/": 2, "_logferry/quarantine": 2, "_logferry/quarantine/1": 1, "none": 0, "_logferry/none/": 0} {
		var keys []string
		for object, err := range sink.List(ctx, prefix) {
			require.NoError(t, err)
			require.EqualValues(t, len(want[object.Key]), object.Size)
			require.False(t, object.ModTime.IsZero())
			keys = append(keys, object.Key)
		}
		require.Len(t, keys, n, "prefix %q", prefix)
	}
	for range sink.List(ctx, "") {
		break
	}
	require.NoError(t, sink.Delete(ctx, "_logferry/quarantine/0"))
	_, err = sink.ReadObject(ctx, "_logferry/quarantine/0")
	require.ErrorIs(t, err, fs.ErrNotExist)
	r, err := sink.OpenObject(ctx, "_logferry-other")
	require.NoError(t, err)
	require.NoError(t, r.Close())
}

func keys(t *testing.T, s *suite) {
	sink, ctx := open(t, s.options()), t.Context()
	for _, key := range []string{"", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/..", ".", "./a", "a\x00b", "a\nb", `a\b`, "a\xff"} {
		require.Error(t, sink.WriteObject(ctx, key, []byte("x"), "text/plain"), "%q", key)
		_, err := sink.ReadObject(ctx, key)
		require.Error(t, err, "%q", key)
		require.NotErrorIs(t, err, fs.ErrNotExist, "%q", key)
		require.Error(t, sink.Delete(ctx, key), "%q", key)
		err = createObject(ctx, sink.Bucket(), key, "x")
		require.Error(t, err, "%q", key)
		require.NotErrorIs(t, err, fs.ErrExist, "%q", key)
		_, err = sink.NewPartition(ctx, Schema(), sinks.Partition{Prefix: key})
		require.Error(t, err, "%q", key)
	}
	for _, err := range sink.List(ctx, "../") {
		require.Error(t, err)
	}
	require.Empty(t, s.keysOf(t))
}

func check(t *testing.T, s *suite) {
	sink := open(t, s.options())
	require.NoError(t, sink.Check(t.Context()))
	require.Empty(t, s.keysOf(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, sink.Check(ctx), context.Canceled)
	require.Empty(t, s.keysOf(t))
}

func checkFaults(t *testing.T, s *suite) {
	for n, op := range []string{"list", "upload", "delete"} {
		o := s.options()
		o.Bucket = &Faulty{Bucket: s.bucket, N: int64(n + 1)}
		var refused *sinks.CheckError
		require.ErrorAs(t, open(t, o).Check(t.Context()), &refused)
		require.Equal(t, op, refused.Op)
		require.NotEmpty(t, refused.Hint)
		require.ErrorIs(t, refused, ErrInjected)
	}
}

func missing(t *testing.T, url string) {
	var refused *sinks.CheckError
	sink, err := sinks.Open(t.Context(), sinks.Options{Name: "lake", URL: url, Format: sinks.Parquet})
	if err == nil {
		defer sink.Close()
		err = sink.Check(t.Context())
	}
	require.ErrorAs(t, err, &refused)
	require.NotEmpty(t, refused.Hint)
	require.Equal(t, "lake", refused.Sink)
}
