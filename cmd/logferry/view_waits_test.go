package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// lockedBuffer is written and read by several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestALogSaysInOneLineWhatPlanningWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lockedBuffer
		w := &waits{a: &app{stderr: &log, logLevel: "info", logFormat: logText}}
		done := w.Asking("the counts")
		time.Sleep(waitUnlogged - 1)
		synctest.Wait()
		require.Empty(t, log.String(), "a short wait is no news")
		time.Sleep(time.Hour)
		synctest.Wait()
		done()
		require.Equal(t, 1, strings.Count(log.String(), "\n"))
		require.Contains(t, log.String(), `msg="the plan waits" for="the counts"`)
		w.Asking("the counts")()
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 1, strings.Count(log.String(), "\n"), "what is over is not waited for")
	})
}
