package verify

import (
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks"
	"logferry/sinks/bucket"
)

// TestAFileThatIsRemovedMeanwhileIsNoStray: between the listing and the look at it.
func TestAFileThatIsRemovedMeanwhileIsNoStray(t *testing.T) {
	b, err := bucket.Open(t.Context(), "file://"+t.TempDir())
	require.NoError(t, err)
	sink, err := sinks.Open(t.Context(), sinks.Options{Name: "lake", Bucket: b, Format: sinks.Parquet})
	require.NoError(t, err)
	defer func() { require.NoError(t, sink.Close()) }()
	v := &verifier{report: &Report{}}
	require.NoError(t, v.strays(t.Context(), []*stray{{sink: sink, key: "tool_execution/dt=2026-04-17/part-00000.parquet", size: 7}}))
	require.Empty(t, v.report.Findings)
	require.Empty(t, v.report.Retained)
}
