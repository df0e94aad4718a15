package azure

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// soon shortens how long a server may take.
func soon(t *testing.T) {
	s, a, l, e := startTime, answerTime, lookEvery, endTime
	t.Cleanup(func() { startTime, answerTime, lookEvery, endTime = s, a, l, e })
	startTime, answerTime, lookEvery, endTime = 500*time.Millisecond, 500*time.Millisecond, time.Millisecond, 500*time.Millisecond
}

// startNode starts a server whose node is a shell script.
func startNode(t *testing.T, script string) (*Server, error) {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "node_modules"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "node_modules", ".installed-lock.json"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "node"), []byte("#!/bin/sh\necho it begins >&2\n"+script), 0o700))
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	return Start(folder)
}

func TestAServerThatDoesNotStartIsToldWithWhatItSaid(t *testing.T) {
	for script, want := range map[string]string{"exec sleep 1000": "does not listen", "sleep 20": "does not listen", "exit 1": "has ended"} {
		soon(t)
		startTime = 3 * time.Second
		if want == "has ended" {
			startTime = time.Minute
		}
		_, err := startNode(t, script)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "it begins")
	}
}

func TestAServerThatAnswersNoMoreIsEnded(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	for script, want := range map[string]string{"exec sleep 1000": "does not answer", "exit 1": "has ended"} {
		startTime, lookEvery = time.Minute, time.Minute
		if want == "does not answer" {
			soon(t)
			startTime = time.Minute
		}
		s, err := startNode(t, fmt.Sprintf("echo listens on http://%s\n%s", silent.Addr(), script))
		require.NoError(t, err)
		<-s.ended
		err = s.Close()
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "it begins")
	}
}

func TestAServerThatDoesNotEndIsEnded(t *testing.T) {
	busy := httptest.NewServer(http.NotFoundHandler())
	defer busy.Close()
	for script, want := range map[string]string{"exec sleep 1000": "does not end", "cat": ""} {
		soon(t)
		startTime, answerTime = time.Minute, time.Minute
		if want == "" {
			endTime = time.Minute
		}
		s, err := startNode(t, fmt.Sprintf("echo listens on %s\n%s", busy.URL, script))
		require.NoError(t, err)
		err = s.Close()
		if want == "" {
			require.NoError(t, err, "it ends with its input")
			continue
		}
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "it begins")
	}
}

func TestTheLastOfWhatAServerSaysIsKept(t *testing.T) {
	o := newOutput()
	for _, text := range []string{"listens on http", "://127.0.0.1:1", "2\n", strings.Repeat("x", 2*mostOutput), "listens on http://other\n"} {
		_, err := o.Write([]byte(text))
		require.NoError(t, err)
	}
	require.Equal(t, "127.0.0.1:12", <-o.listens)
	require.Len(t, o.String(), mostOutput)
	require.True(t, strings.HasSuffix(o.String(), "other\n"))
}
