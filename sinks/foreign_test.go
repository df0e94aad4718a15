package sinks_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks"
	"logferry/sinks/bucket"
	"logferry/sinks/sinktest"
)

// A state is read from a bucket that others may write to.
func TestKeysOfOtherObjectsAreNeitherRemovedNorReplaced(t *testing.T) {
	b, err := bucket.Open(t.Context(), "mem://")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bucket.Close(b)) })
	sink, err := sinks.Open(t.Context(), sinks.Options{Name: "lake", Bucket: b, Format: sinks.Parquet})
	require.NoError(t, err)
	for _, key := range []string{
		"owner.json", "_logferry/nightly/commits/1.json", "_logferry/owner.json", "_logferry/quarantine", "_logferry/quarantined/x",
		"tool_execution/dt=2026-04-17/notes.txt", "tool_execution/part-00000.parquet/x", "tool_execution_2/part-00000.parquet", "part-00000.parquet",
	} {
		require.NoError(t, b.Upload(t.Context(), key, strings.NewReader("x"), 1, "text/plain"))
		var foreign *sinks.ForeignKeyError
		require.ErrorAs(t, sink.Delete(t.Context(), key), &foreign)
		require.Equal(t, key, foreign.Key)

		w, err := sink.NewPartition(t.Context(), sinktest.Schema(), sinks.Partition{Prefix: "tool_execution/dt=2026-04-17"})
		require.NoError(t, err)
		require.NoError(t, w.Write(sinktest.NewRows(1, 10).Next()))
		_, err = w.Seal(t.Context())
		require.NoError(t, err)
		_, err = w.Publish(t.Context(), []string{key})
		require.ErrorAs(t, err, &foreign)
		require.NoError(t, w.Abort())

		r, err := b.Open(t.Context(), key)
		require.NoError(t, err, key)
		require.NoError(t, r.Close())
	}
}
