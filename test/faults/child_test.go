package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
	"logferry/sinks/bucket"
)

// The environment of a child process: its order, as JSON.
const orderVar = "LOGFERRY_FAULTS_ORDER"

// order is what a child does: apply a pipeline at a time, and be killed at an operation.
type order struct {
	Pipeline string    `json:"pipeline"`
	Now      time.Time `json:"now"`
	Seed     uint64    `json:"seed"`
	Kill     int       `json:"kill"`   // the operation at which it is killed
	Faults   string    `json:"faults"` // the file that it writes its faults to
}

func TestMain(m *testing.M) {
	if text := os.Getenv(orderVar); text != "" {
		os.Exit(child(text))
	}
	os.Exit(m.Run())
}

// child carries an order out.
func child(text string) int {
	var o order
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		err = o.apply()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (o *order) apply() error {
	p, err := load(o.Pipeline, o.Now)
	if err != nil {
		return err
	}
	in := newInjector(o.Seed, append(often1, rule{kind: kills, nth: o.Kill})...)
	tell := func() {
		b, _ := json.Marshal(in.faults())
		_ = os.WriteFile(o.Faults, b, 0o600) // the parent finds out that it is not there
	}
	in.die = func() {
		tell()
		kill()
	}
	_, err = run(context.Background(), p, soakOptions(o.Now, in), false)
	tell()
	return err
}

// kill ends the process as a signal does that can't be caught.
func kill() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Kill()
	}
	select {} // until the signal has arrived
}

// load reads a pipeline file as of a time.
func load(file string, now time.Time) (*config.Pipeline, error) {
	return config.Load(file, config.Options{Now: now, Env: func(string) (string, bool) { return logsim.DefaultKey, true }})
}

// soakOptions are those of a run in the pipeline's own buckets.
func soakOptions(now time.Time, in *injector) apply.Options {
	return apply.Options{
		Now: now, Version: "soak",
		WrapBucket:    func(_ string, b bucket.Bucket) bucket.Bucket { return &faulty{Bucket: b, in: in} },
		WrapTransport: func(next http.RoundTripper) http.RoundTripper { return &transport{next: next, in: in} },
		Hook:          func(point string) { in.next(store, journal, point) },
	}
}
