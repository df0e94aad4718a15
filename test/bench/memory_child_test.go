package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
	"logferry/sinks/bucket"
)

// exportTask is what the process of an export gets.
type exportTask struct {
	Pipeline   string // YAML
	SinkPerSec int64  // bytes that the sink takes a second; 0 is as many as it can
}

// exported is what it answers.
type exported struct {
	Records   int64
	OverLeast float64
	PeakMiB   float64 // the largest resident set that the process ever had
	Error     string
}

// pipeline parses the task's pipeline for the day after the one that is exported.
func (t exportTask) pipeline() (*config.Pipeline, error) {
	return config.Parse("pipeline.yaml", []byte(t.Pipeline), config.Options{
		Now: dayTo.Add(24 * time.Hour),
		Env: func(name string) (string, bool) { return logsim.DefaultKey, name == "KEY" },
	})
}

func (t exportTask) options() apply.Options {
	o := apply.Options{Now: dayTo.Add(24 * time.Hour), Version: "bench"}
	if t.SinkPerSec > 0 {
		o.WrapBucket = func(_ string, b bucket.Bucket) bucket.Bucket { return slowBucket{b, t.SinkPerSec} }
	}
	return o
}

// exportAlone is the process of an export: it does what the program does, and tells what it took.
func exportAlone() {
	var out exported
	if err := out.run(); err != nil {
		out.Error = err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(out)
}

func (e *exported) run() error {
	var task exportTask
	if err := json.Unmarshal([]byte(os.Getenv(exportVar)), &task); err != nil {
		return err
	}
	p, err := task.pipeline()
	if err != nil {
		return err
	}
	apply.LimitMemory(p)
	sum, err := apply.Run(context.Background(), p, task.options())
	if err != nil {
		return err
	}
	e.Records, e.OverLeast = sum.Records, sum.Requests.OverLeast
	e.PeakMiB, err = peakMiB()
	return err
}

// peakMiB is the process's largest resident set so far.
func peakMiB() (float64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			return kb / 1024, nil
		}
	}
	return 0, fmt.Errorf("no VmHWM in %q", status)
}

// runAlone exports in a process of its own.
func runAlone(tb testing.TB, task exportTask) (out exported) {
	tb.Helper()
	what, err := json.Marshal(task)
	require.NoError(tb, err)
	cmd := exec.CommandContext(tb.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), exportVar+"="+string(what))
	cmd.Stderr = os.Stderr
	answer, err := cmd.Output()
	require.NoError(tb, err)
	require.NoError(tb, json.Unmarshal(answer, &out))
	require.Empty(tb, out.Error)
	return out
}

// slowBucket takes data no faster than so many bytes a second.
type slowBucket struct {
	bucket.Bucket
	perSec int64
}

// Upload implements bucket.Bucket.
func (b slowBucket) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	select {
	case <-time.After(time.Duration(float64(size) / float64(b.perSec) * float64(time.Second))):
		return b.Bucket.Upload(ctx, key, body, size, contentType)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
