package engines_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/sinks/bucket"
)

// The environment of a child process, which kills itself. It applies a pipeline: this has its file, the clock, and which of its
// writes it does not survive. Or it uploads an object: then it is the bucket's URL.
const (
	childVar = "LOGFERRY_ENGINES_CHILD"
	clockVar = "LOGFERRY_ENGINES_CLOCK"
	writeVar = "LOGFERRY_ENGINES_WRITE"
)

func child(what string) int {
	var err error
	if strings.Contains(what, "://") {
		err = uploadAndDie(what)
	} else {
		err = applyAndDie(what, os.Getenv(clockVar), os.Getenv(writeVar))
	}
	fmt.Fprintln(os.Stderr, "the child lives:", err)
	return 1
}

func applyAndDie(name, clock, write string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	now, err := time.Parse(time.RFC3339, clock)
	if err != nil {
		return err
	}
	p, err := parse(text, now)
	if err != nil {
		return err
	}
	d := &deadly{}
	if _, err := fmt.Sscan(write, &d.nth); err != nil {
		return err
	}
	_, err = apply.Run(context.Background(), p, apply.Options{Now: now, Version: "test", WrapBucket: func(_ string, b bucket.Bucket) bucket.Bucket {
		return &mortal{b, d}
	}})
	return err
}

// deadly counts writes of data files and commits: those of one number happen in part, with half of their body, those of the
// next whole, with no word to the caller.
type deadly struct {
	nth  int64
	seen atomic.Int64
}

type mortal struct {
	bucket.Bucket
	deadly *deadly
}

func (m *mortal) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return m.deadly.write(key, body, size, func(body io.Reader) error { return m.Bucket.Upload(ctx, key, body, size, contentType) })
}

func (m *mortal) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return m.deadly.write(key, body, size, func(body io.Reader) error { return m.Bucket.Create(ctx, key, body, size, contentType) })
}

func (d *deadly) write(key string, body io.Reader, size int64, do func(io.Reader) error) error {
	if !strings.HasPrefix(key, "tool_execution/") && !strings.Contains(key, "/commits/") {
		return do(body)
	}
	switch d.seen.Add(1) {
	case d.nth:
		if d.nth%2 == 1 {
			return do(io.MultiReader(io.LimitReader(body, size/2), fatal{}))
		}
		_ = do(body)
		kill()
	}
	return do(body)
}

// fatal kills whoever reads it.
type fatal struct{}

func (fatal) Read([]byte) (int, error) {
	kill()
	return 0, io.EOF
}

func kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // until the signal has arrived
}

// isKilled lets processes apply the pipeline that are killed at one of their first writes, one later each time.
func (l *life) isKilled(times int) {
	l.t.Helper()
	name := filepath.Join(l.t.TempDir(), "pipeline.yaml")
	require.NoError(l.t, os.WriteFile(name, l.text(l.sections), 0o600))
	for n := range times {
		requireKilled(l.t, childVar+"="+name, clockVar+"="+l.now.Load().Format(time.RFC3339), fmt.Sprint(writeVar, "=", n+1))
	}
}

// childTime is how long a child may live, and childEnd how long it has to say what it waits for.
const (
	childTime = 3 * time.Minute
	childEnd  = 10 * time.Second
)

// requireKilled runs a child process that kills itself.
func requireKilled(t testing.TB, env ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), childTime)
	defer cancel()
	said, signal := runChild(ctx, env...)
	require.NoError(t, ctx.Err(), "%v: %s", env, said)
	require.Equal(t, syscall.SIGKILL, signal, "%v: %s", env, said)
}

// runChild runs a child process, and returns what it said and the signal that has ended it, if one has. When ctx ends it has to say
// what all of its goroutines do.
func runChild(ctx context.Context, env ...string) (said string, signal syscall.Signal) {
	process := exec.CommandContext(ctx, os.Args[0])
	process.Env = append(os.Environ(), env...)
	process.Cancel = func() error { return process.Process.Signal(syscall.SIGQUIT) }
	process.WaitDelay = childEnd
	out, err := process.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			signal = status.Signal()
		}
	}
	return fmt.Sprintf("%v\n%s", err, out), signal
}

func TestAChildThatHangsSaysWhatItWaitsFor(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		if c, err := listener.Accept(); err == nil { // it sends something
			defer c.Close()
			cancel()
			<-t.Context().Done()
		}
	}()
	stores[0].setenv(t, "")
	said, signal := runChild(ctx, childVar+"="+stores[0].url(listener.Addr().String(), "no-bucket", ""))
	require.Error(t, ctx.Err())
	require.Zero(t, signal, "%s", said)
	require.Contains(t, said, "uploadAndDie")
}

// uploadAndDie sends more of an object than one part, and not all of it.
func uploadAndDie(url string) error {
	ctx := context.Background()
	b, err := bucket.Open(ctx, url)
	if err != nil {
		return err
	}
	const size = 48 << 20
	return b.Upload(ctx, "k", io.MultiReader(bytes.NewReader(make([]byte, size-1<<20)), fatal{}), size, "text/plain")
}
