package sinks_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"logferry/sinks/bucket"
	"logferry/sinks/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openBucket(t *testing.T, url string) bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bucket.Close(b)) })
	return b
}

func TestSinksInFolders(t *testing.T) {
	sinktest.Run(t, sinktest.Target{
		Open: func(t *testing.T) bucket.Bucket { return openBucket(t, "file://"+t.TempDir()+"/a/lake") },
		Missing: func(t *testing.T) string {
			file := filepath.Join(t.TempDir(), "file")
			require.NoError(t, os.WriteFile(file, nil, 0o600))
			return "file://" + file + "/lake"
		},
	})
}

func TestSinksInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("below a prefix it is the same bucket")
	}
	sinktest.Run(t, sinktest.Target{
		Open: func(t *testing.T) bucket.Bucket { return openBucket(t, "mem://") },
	})
}

func TestSinksBelowAPrefix(t *testing.T) {
	sinktest.Run(t, sinktest.Target{
		Open:  func(t *testing.T) bucket.Bucket { return openBucket(t, "mem://bucket/some/prefix") },
		Brief: true,
	})
}
