package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/sinks/bucket"
)

// refusing is a bucket that can't delete anything below a prefix, nor take an object of a name.
type refusing struct {
	bucket.Bucket
	upload, remove string
}

var errRefusing = errors.New("refused")

func (r refusing) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if r.upload != "" && strings.HasSuffix(key, r.upload) {
		return errRefusing
	}
	return r.Bucket.Upload(ctx, key, body, size, contentType)
}

func (r refusing) Delete(ctx context.Context, key string) error {
	if r.remove != "" && strings.HasPrefix(key, r.remove) {
		return errRefusing
	}
	return r.Bucket.Delete(ctx, key)
}

func lastRun(t *testing.T, w *world) (out apply.LastRun) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.sinkDir(0), "_logferry", "contract", "last-run.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &out))
	return out
}

func smallWorld(t *testing.T) (*world, export) {
	from := time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC)
	w := newWorld(t, logsim.Options{Records: logsim.Records{Count: 20, From: from, To: from.AddDate(0, 0, 1), MedianPayload: 40}}, nil)
	return w, export{from: from, to: from.AddDate(0, 0, 1), sinks: []sinkForm{{format: "parquet", compression: "zstd"}}}
}

func TestThatTheLastRunsEndCanNotBeWrittenIsNoFailureOfTheRun(t *testing.T) {
	w, e := smallWorld(t)
	var said bytes.Buffer
	sum, err := apply.Run(t.Context(), w.config(e), apply.Options{
		Now: clock, Logger: slog.New(slog.NewTextHandler(&said, nil)),
		WrapBucket: func(_ string, b bucket.Bucket) bucket.Bucket { return refusing{Bucket: b, upload: "last-run.json"} },
	})
	require.NoError(t, err)
	require.EqualValues(t, 20, sum.Records)
	require.Contains(t, said.String(), "the last run's summary was not written")
}

func TestARunThatFailsBesideItsPartitionsSaysWhy(t *testing.T) {
	w, e := smallWorld(t)
	w.mustRun(e)
	require.Equal(t, apply.Succeeded, lastRun(t, w).Summary.Result)
	stray := filepath.Join(w.sinkDir(0), "tool_execution", "dt=2026-04-17", "part-00009.parquet")
	require.NoError(t, os.WriteFile(stray, []byte("x"), 0o600))
	_, err := apply.Run(t.Context(), w.config(e), apply.Options{
		Now:        clock,
		WrapBucket: func(_ string, b bucket.Bucket) bucket.Bucket { return refusing{Bucket: b, remove: "tool_execution/"} },
	})
	require.ErrorIs(t, err, errRefusing)
	last := lastRun(t, w).Summary
	require.Equal(t, apply.Failed, last.Result)
	require.Len(t, last.Errors, 1)
	require.Contains(t, last.Errors[0], "remove a file that no state names")
}
