// Package crash kills exports at every point at which a crash could matter, and looks at what is left and at what the next
// run makes of it.
package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/sinks/bucket"
)

// The environment of a child process: the pipeline file that it applies, where it is to die, and where it writes how often it
// passed each point.
const (
	pipelineVar = "LOGFERRY_CRASH_PIPELINE"
	killVar     = "LOGFERRY_CRASH_AT" // point:n
	countsVar   = "LOGFERRY_CRASH_COUNTS"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(pipelineVar); file != "" {
		os.Exit(child(file))
	}
	os.Exit(m.Run())
}

// child applies a pipeline and is killed at a point.
func child(file string) int {
	p, err := config.Load(file, config.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	at := &points{passed: map[string]int{}}
	at.kill, _, _ = strings.Cut(os.Getenv(killVar), ":")
	if _, n, ok := strings.Cut(os.Getenv(killVar), ":"); ok {
		_, _ = fmt.Sscan(n, &at.nth)
	}
	_, err = apply.Run(context.Background(), p, apply.Options{
		Now: time.Now(), Version: "crash", Hook: at.pass,
		WrapBucket:    func(_ string, b bucket.Bucket) bucket.Bucket { return &store{Bucket: b, at: at} },
		WrapTransport: func(t http.RoundTripper) http.RoundTripper { return &transport{next: t, at: at} },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if name := os.Getenv(countsVar); name != "" {
		b, _ := json.Marshal(at.passed)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}

// points counts the passes of named points, and dies at one of them.
type points struct {
	kill string
	nth  int

	mu     sync.Mutex
	passed map[string]int
}

func (p *points) pass(point string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed[point]++
	if point == p.kill && p.passed[point] == p.nth {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until the signal has arrived
	}
}

// around passes a point before and after something is done.
func around[T any](p *points, name string, do func() T) T {
	p.pass(name + ".before")
	defer p.pass(name + ".after")
	return do()
}

// transport passes points around requests.
type transport struct {
	next http.RoundTripper
	at   *points
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.at.pass("request.before")
	resp, err := t.next.RoundTrip(r)
	t.at.pass("request.after")
	return resp, err
}

// store passes points around writes and removals, by what is written.
type store struct {
	bucket.Bucket
	at *points
}

// nameOf says what an object is by its key.
func nameOf(key string) string {
	for _, part := range []string{"commits", "manifests", "checkpoints", "pending", "locks", "quarantine", "probe"} {
		if strings.Contains(key, "/"+part+"/") {
			return strings.TrimSuffix(part, "s")
		}
	}
	if strings.HasPrefix(key, "tool_execution/") {
		return "upload"
	}
	return "object"
}

func (s *store) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return around(s.at, nameOf(key), func() error { return s.Bucket.Upload(ctx, key, body, size, contentType) })
}

func (s *store) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return around(s.at, nameOf(key), func() error { return s.Bucket.Create(ctx, key, body, size, contentType) })
}

func (s *store) Delete(ctx context.Context, key string) error {
	return around(s.at, "remove_"+nameOf(key), func() error { return s.Bucket.Delete(ctx, key) })
}
