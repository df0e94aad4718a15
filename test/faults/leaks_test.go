package faults

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// settleTime is how long goroutines and descriptors have to go after a run has ended.
const settleTime = 5 * time.Second

var labels atomic.Int64

// labelled does something under a label that every goroutine begun in it has, and returns what of them is left: runs that go
// on at the same time can be told apart.
func labelled(ctx context.Context, do func(context.Context)) (left string) {
	label := fmt.Sprintf(`"faults.run":"%d"`, labels.Add(1))
	name := strings.Trim(strings.Split(label, ":")[1], `"`)
	pprof.Do(ctx, pprof.Labels("faults.run", name), do)
	for end := time.Now().Add(settleTime); ; time.Sleep(2 * time.Millisecond) {
		if left = goroutines(label); left == "" || time.Now().After(end) {
			return left
		}
	}
}

// goroutines are the stacks of those with a label.
func goroutines(label string) string {
	var b bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1) // into memory
	var out []string
	for _, stack := range strings.Split(b.String(), "\n\n") {
		if strings.Contains(stack, label) {
			out = append(out, stack)
		}
	}
	return strings.Join(out, "\n\n")
}

// descriptors is how many are open, -1 where the system does not say.
func descriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(entries)
}

// isolate gives a campaign folders for temporary files of its own, and looks in the end for goroutines, descriptors and files that
// its runs left.
func isolate(t *testing.T, c *campaign) {
	t.Helper()
	others := goleak.IgnoreCurrent()
	before := descriptors()
	scratch := []string{t.TempDir(), t.TempDir()}
	t.Setenv("XDG_CACHE_HOME", scratch[0])
	t.Setenv("TMPDIR", scratch[1])
	t.Cleanup(func() {
		if err := goleak.Find(others); err != nil {
			c.count(func(f *figures) { f.Leaks++ })
			t.Errorf("goroutines are left: %v", err)
		}
		after := descriptors()
		for end := time.Now().Add(settleTime); after > before && time.Now().Before(end); after = descriptors() {
			time.Sleep(10 * time.Millisecond)
		}
		if after > before {
			c.count(func(f *figures) { f.Leaks++ })
			t.Errorf("%d descriptors were open before, and %d are now", before, after)
		}
		c.files(t, scratch)
		c.print(t)
	})
}
