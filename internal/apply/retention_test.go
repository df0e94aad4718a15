package apply_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/sinks/bucket"
)

// policy keeps every object of a bucket for a time, without versions, as a retention policy of Google Cloud Storage does.
type policy struct {
	mu     sync.Mutex
	until  time.Time
	silent bool // it does not tell what it keeps
}

func (p *policy) refuses(op, key string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !time.Now().Before(p.until) {
		return nil
	}
	return &bucket.Error{Op: op, Key: key, Reason: bucket.Retained, Err: errors.New("retentionPolicyNotMet")}
}

// expire lets everything be removed.
func (p *policy) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = time.Now().Add(-time.Second)
}

// keeping is a bucket with a policy.
type keeping struct {
	bucket.Bucket
	policy *policy
}

var errSilent = errors.New("the store does not tell")

func (k keeping) there(ctx context.Context, key string) bool {
	r, err := k.Open(ctx, key)
	if err == nil {
		_ = r.Close()
	}
	return !errors.Is(err, fs.ErrNotExist)
}

func (k keeping) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if k.there(ctx, key) {
		if err := k.policy.refuses("upload", key); err != nil {
			return err
		}
	}
	return k.Bucket.Upload(ctx, key, body, size, contentType)
}

func (k keeping) Delete(ctx context.Context, key string) error {
	if k.there(ctx, key) {
		if err := k.policy.refuses("delete", key); err != nil {
			return err
		}
	}
	return k.Bucket.Delete(ctx, key)
}

// Held is what the package's function asks.
func (k keeping) Held(ctx context.Context, key string) (bucket.Hold, error) {
	k.policy.mu.Lock()
	defer k.policy.mu.Unlock()
	switch {
	case k.policy.silent:
		return bucket.Hold{}, errSilent
	case !k.there(ctx, key):
		return bucket.Hold{}, nil
	}
	return bucket.Hold{Until: k.policy.until}, nil
}

// keptWorld is a pipeline whose bucket keeps everything, its state included.
type keptWorld struct {
	*world
	export
	policy *policy
}

func newKeptWorld(t *testing.T, denied float64) *keptWorld {
	from := time.Date(2026, 4, 16, 0, 0, 0, 0, time.UTC)
	e := export{from: from, to: from.Add(3 * 24 * time.Hour), sinks: []sinkForm{{format: "parquet", compression: "zstd"}}}
	w := newWorld(t, logsim.Options{
		Seed: 12, Rate: openRate, Records: logsim.Records{Count: 300, From: e.from, To: e.to, MedianPayload: 100}, Details: logsim.DetailFaults{DeniedShare: denied},
	}, nil)
	return &keptWorld{w, e, &policy{until: time.Now().Add(time.Hour)}}
}

func (w *keptWorld) options() apply.Options {
	return apply.Options{Now: clock, Version: "test", WrapBucket: func(_ string, b bucket.Bucket) bucket.Bucket { return keeping{b, w.policy} }}
}

func (w *keptWorld) apply() *apply.Summary {
	w.t.Helper()
	sum, err := apply.Run(w.t.Context(), w.config(w.export), w.options())
	require.NoError(w.t, err)
	return sum
}

// open opens a session, which the test closes.
func (w *keptWorld) open() *apply.Session {
	w.t.Helper()
	s, err := apply.Open(w.t.Context(), w.config(w.export), w.options())
	require.NoError(w.t, err)
	w.t.Cleanup(s.Close)
	return s
}

func (w *keptWorld) destroy() error {
	s := w.open()
	ctx, unlock, err := s.Lock(w.t.Context(), "destroy", nil)
	require.NoError(w.t, err)
	defer unlock()
	entries, err := s.Select(nil)
	require.NoError(w.t, err)
	return s.Destroy(ctx, entries, nil)
}

// files are the keys of the data files in the sink.
func (w *keptWorld) files() []string {
	b, err := bucket.Open(w.t.Context(), "file://"+w.sinkDir(0))
	require.NoError(w.t, err)
	var keys []string
	for o, err := range b.List(w.t.Context(), "tool_execution/") {
		require.NoError(w.t, err)
		keys = append(keys, strings.TrimPrefix(o.Key, "tool_execution/"))
	}
	sort.Strings(keys)
	return keys
}

func TestARunGoesOnInABucketThatKeepsEverything(t *testing.T) {
	w := newKeptWorld(t, 0)
	first := w.apply()
	require.Zero(t, first.Retained)
	before := w.files()
	require.Len(t, before, 3)

	w.raw = true
	second := w.apply()
	require.Equal(t, 3, second.Partitions.Written)
	require.EqualValues(t, 3, second.Retained, "the replaced file of each partition")
	both := w.files()
	require.Len(t, both, 6, "beside the files that are kept: %v", both)
	require.Subset(t, both, before)

	pl, err := w.open().Plan(t.Context(), apply.PlanOptions{})
	require.NoError(t, err)
	require.True(t, pl.Empty(), "%+v", pl.Strays)
	require.Len(t, pl.Warnings, 1)
	require.Contains(t, pl.Warnings[0], `the bucket of sink "sink0" keeps 3 objects, the last of them until `)
	require.Zero(t, w.apply().Partitions.Written)

	report, err := w.open().Verify(t.Context(), apply.VerifyOptions{Deep: true})
	require.NoError(t, err)
	require.True(t, report.OK, "%+v", report.Findings)
	require.Empty(t, report.Findings)
	require.Len(t, report.Retained, 3, "what a bucket makes stay is no stray")
	for i, kept := range report.Retained {
		require.Equal(t, "tool_execution/"+before[i], kept.Key)
		require.Equal(t, 1, kept.Version)
		require.Equal(t, w.policy.until.Unix(), kept.Until.Unix())
	}

	err = w.destroy()
	var refused *apply.RetainedError
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Sinks, 1)
	require.Equal(t, 3, refused.Sinks[0].Objects)
	require.Contains(t, err.Error(), "nothing was removed")
	require.Equal(t, both, w.files())

	w.policy.expire()
	report, err = w.open().Verify(t.Context(), apply.VerifyOptions{})
	require.NoError(t, err)
	require.Len(t, report.Findings, 3, "what nothing keeps any more is a stray")
	require.Contains(t, report.Findings[0].Problem, "it is of version 1 of dt=2026-04-16, which was replaced")
	require.Empty(t, report.Retained)
	pl, err = w.open().Plan(t.Context(), apply.PlanOptions{})
	require.NoError(t, err)
	require.Len(t, pl.Strays, 3)
	require.Equal(t, 3, w.apply().StraysRemoved)
	w.mustEqual(w.export, w.sources(w.export))
	require.NoError(t, w.destroy())
	require.Empty(t, w.files())
}

func TestAFileThatWasNeverCommittedIsAStrayWhateverKeepsIt(t *testing.T) {
	w := newKeptWorld(t, 0)
	w.apply()
	w.raw = true
	w.apply()
	replaced := filepath.Join(w.sinkDir(0), "tool_execution", "dt=2026-04-16", "part-00000.parquet")
	content, err := os.ReadFile(replaced)
	require.NoError(t, err)
	content[len(content)/2] ^= 1
	require.NoError(t, os.WriteFile(replaced, content, 0o600))
	report, err := w.open().Verify(t.Context(), apply.VerifyOptions{})
	require.NoError(t, err)
	require.Len(t, report.Retained, 2)
	require.Len(t, report.Findings, 1)
	require.Equal(t, "tool_execution/dt=2026-04-16/part-00000.parquet", report.Findings[0].Key)
	require.Contains(t, report.Findings[0].Advice, "its bucket keeps it for now, until "+w.policy.until.UTC().Format(time.RFC3339))
}

func TestWhatAKilledRunLeftInABucketThatKeepsItIsPassedOver(t *testing.T) {
	w := newKeptWorld(t, 0.1)
	b, err := bucket.Open(t.Context(), w.config(w.export).Sinks[0].URL)
	require.NoError(t, err)
	for _, key := range []string{
		"tool_execution/dt=2026-04-17/part-00000.parquet", "tool_execution/dt=2026-04-17/part-00000-00002.parquet",
		"_logferry/quarantine/dt=2026-04-16.ndjson", "_logferry/contract/pending/dt=2026-04-16.json",
	} {
		require.NoError(t, b.Upload(t.Context(), key, strings.NewReader("half"), 4, "text/plain"))
	}
	require.Positive(t, w.apply().Retained)
	require.Contains(t, w.files(), "dt=2026-04-17/part-00000-00003.parquet")
	report, err := w.open().Verify(t.Context(), apply.VerifyOptions{Deep: true, Targets: nil})
	require.NoError(t, err)
	for _, f := range report.Findings {
		require.Contains(t, f.Key, "dt=2026-04-17/part-00000", "what is left, and nothing else: %+v", f)
	}
	require.Len(t, report.Findings, 2)

	w.raw = true // writes each partition anew, beside the note and the objects that stay
	require.Equal(t, 3, w.apply().Partitions.Written)
	w.policy.expire()
	w.apply()
	w.mustEqual(w.export, w.sources(w.export))
}

func TestARunGoesOnWhereABucketDoesNotTellWhatItKeeps(t *testing.T) {
	w := newKeptWorld(t, 0)
	w.policy.silent = true
	w.apply()
	w.raw = true
	w.apply()
	sum := w.apply()
	require.Zero(t, sum.StraysRemoved)
	require.EqualValues(t, 3, sum.Retained)
	require.ErrorIs(t, w.destroy(), errSilent)
	require.Len(t, w.files(), 6)
}

func TestPartitionsThatLeftTheRangeAreNotRemovedWhileTheirBucketKeepsThem(t *testing.T) {
	w := newKeptWorld(t, 0)
	w.apply()
	files := w.files()
	w.from = w.from.Add(24 * time.Hour)
	s := w.open()
	ctx, unlock, err := s.Lock(t.Context(), "apply", nil)
	require.NoError(t, err)
	defer unlock()
	pl, err := s.Plan(ctx, apply.PlanOptions{AllowDelete: true})
	require.NoError(t, err)
	require.Len(t, pl.Steps, 1)
	sum, err := s.Apply(ctx, pl)
	var refused *apply.RetainedError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, apply.Failed, sum.Result)
	require.Len(t, sum.Errors, 1)
	require.Equal(t, files, w.files())
}

func TestPartitionsOfAnotherSizeAreReplacedInABucketThatKeepsThem(t *testing.T) {
	w := newKeptWorld(t, 0)
	w.apply()
	w.partition = "month"
	sum := w.apply()
	require.Equal(t, 3, sum.Partitions.Deleted)
	require.Positive(t, sum.Retained)
	pl, err := w.open().Plan(t.Context(), apply.PlanOptions{})
	require.NoError(t, err)
	require.True(t, pl.Empty(), "%+v", pl.Strays)
}
