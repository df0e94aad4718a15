package apply

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/plan"
	"logferry/sinks"
	"logferry/sinks/bucket"
)

// watched counts the listings of a bucket of the Go CDK.
type watched struct {
	bucket.Bucket
	levels int
}

func (w *watched) Folders(ctx context.Context, prefix string) ([]string, []bucket.Object, error) {
	w.levels++
	return w.Bucket.(foldered).Folders(ctx, prefix)
}

// tableOf makes a sink that holds hours of two projects and of none, and what does not belong there.
func tableOf(t *testing.T, hours int) (*sinks.Sink, *watched, plan.Listing) {
	t.Helper()
	b, err := bucket.Open(t.Context(), "mem://")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bucket.Close(b)) })
	want := plan.Listing{}
	put := func(key string) {
		require.NoError(t, b.Upload(t.Context(), key, strings.NewReader(key), int64(len(key)), "text/plain"))
		if strings.HasPrefix(key, "tool_execution/") {
			want[key] = int64(len(key))
		}
	}
	start := time.Date(2025, 11, 20, 0, 0, 0, 0, time.UTC)
	for n := range hours {
		partition := start.Add(time.Duration(n) * 5 * time.Hour).Format("dt=2006-01-02/hour=15")
		put(fmt.Sprintf("tool_execution/%s%s/part-00000.parquet", []string{"", "project=a-b/", "project=c/"}[n%3], partition))
	}
	for _, key := range []string{
		"tool_execution/notes.txt", "tool_execution/dt=2025-12", "tool_execution/dt=2025-12-notes/x", "tool_execution/dt=/x",
		"tool_execution/month=2025-11/part-00000.parquet", "tool_execution/month=2025-12/part-00000.parquet", "tool_execution/-/x",
		"tool_execution/project=a-b/notes.txt", "tool_execution/project=a-b/other/deep/er/x", "tool_execution.txt", "_logferry/x/commits/1",
	} {
		put(key)
	}
	w := &watched{Bucket: b}
	sink, err := sinks.Open(t.Context(), sinks.Options{Name: "lake", Format: sinks.Parquet, StagingDir: t.TempDir(), Bucket: w})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sink.Close()) })
	return sink, w, want
}

func TestALongTableIsListedByMonthAndWhole(t *testing.T) {
	sink, w, want := tableOf(t, fewFiles+500)
	got, err := listTable(t.Context(), sink)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, 3, w.levels, "of the table and of each project")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = listTable(ctx, sink)
	require.ErrorIs(t, err, context.Canceled)
}

func TestAShortTableIsListedAtOnce(t *testing.T) {
	sink, w, want := tableOf(t, 100)
	got, err := listTable(t.Context(), sink)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Zero(t, w.levels)
}
