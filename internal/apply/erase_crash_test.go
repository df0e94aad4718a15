package apply_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/verify"
	"logferry/sinks/bucket"
)

// killer lets so many operations of all buckets pass, and no other after them. Half of those it stops at are done all the same, as where a
// process dies before it hears of it.
type killer struct {
	left atomic.Int64
	done bool // the one that it stops at
}

var errKilled = errors.New("killed")

// next says what becomes of an operation.
func (k *killer) next() (passes, happens bool) {
	left := k.left.Add(-1)
	return left >= 0, left >= 0 || left == -1 && k.done
}

type killed struct {
	bucket.Bucket
	by *killer
}

func (b killed) change(do func() error) error {
	passes, happens := b.by.next()
	if happens {
		if err := do(); err != nil || passes {
			return err
		}
	}
	return errKilled
}

func (b killed) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return b.change(func() error { return b.Bucket.Upload(ctx, key, body, size, contentType) })
}

func (b killed) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return b.change(func() error { return b.Bucket.Create(ctx, key, body, size, contentType) })
}

func (b killed) Delete(ctx context.Context, key string) error {
	return b.change(func() error { return b.Bucket.Delete(ctx, key) })
}

func (b killed) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if passes, _ := b.by.next(); !passes {
		return nil, errKilled
	}
	return b.Bucket.Open(ctx, key)
}

func (b killed) First(ctx context.Context, prefix string) (bucket.Object, error) {
	if passes, _ := b.by.next(); !passes {
		return bucket.Object{}, errKilled
	}
	return b.Bucket.First(ctx, prefix)
}

func (b killed) List(ctx context.Context, prefix string) iter.Seq2[bucket.Object, error] {
	if passes, _ := b.by.next(); !passes {
		return func(yield func(bucket.Object, error) bool) { yield(bucket.Object{}, errKilled) }
	}
	return b.Bucket.List(ctx, prefix)
}

// TestAnErasureThatIsKilledIsEndedByAnother, at whatever operation of a bucket it was killed: also where apply came in between. At every
// second one the operation is done all the same; LOGFERRY_ERASE_KILLS=all takes both for each.
func TestAnErasureThatIsKilledIsEndedByAnother(t *testing.T) {
	w := newErasing(t, func(o *logsim.Options, e *export) {
		single(o)
		o.Records.Count, o.Records.Odd.Unreadable, e.details = 30, 0.2, "none"
		e.sinks[1].maxFileSize = "8KiB" // several files: those go beside the ones that they replace
	})
	w.mustRun(w.export)
	w.mustRun(w.export) // which tries what is in quarantine again, that it is not due soon
	whole := readObjects(t, w.dir)
	sources, others := w.sources(w.export), w.others()
	var ended *apply.Erased
	kills, half, kinds, stride := 0, 0, 1, int64(1)
	if testing.Short() {
		stride = 13
	}
	if os.Getenv("LOGFERRY_ERASE_KILLS") == "all" {
		kinds = 2
	}
	for n := int64(1); ended == nil; n += stride {
		for _, done := range []bool{n%2 == 0, n%2 > 0}[:kinds] {
			change(t, w.dir, readObjects(t, w.dir), whole)
			k := &killer{done: done}
			k.left.Store(n)
			w.wrap = func(_ string, b bucket.Bucket) bucket.Bucket { return killed{b, k} }
			_, _, out, err := w.erase(w.options())
			w.wrap = nil
			if k.left.Load() >= 0 {
				require.NoError(t, err)
				ended = out
				continue
			}
			if out != nil { // otherwise nothing had begun
				require.Equal(t, err == nil, out.Result == apply.Succeeded)
			}
			kills++
			half += w.adviseToEnd()
			if n%3 == 0 { // otherwise the erasure is the next to come
				w.applyOnce(apply.PlanOptions{})
			}
			_, _, _, err = w.erase(w.options())
			require.NoError(t, err, "after %d operations", n)
			w.nowhere()
			require.Empty(t, w.theirLines())
			w.mustEqual(w.export, others)
			if n%7 == 0 {
				w.settled()
			}
			require.False(t, t.Failed(), "after %d operations", n)
		}
	}
	t.Logf("%d kills, of which %d left files that are not those that were committed", kills, half)
	require.True(t, half > 0 || testing.Short())
	require.Greater(t, kills, 40/int(stride))
	require.Less(t, len(others), len(sources))
}

// adviseToEnd says that verifying advises to end what a run began, of every file that it replaced and did not commit, and returns whether
// there is one.
func (w *erasing) adviseToEnd() (half int) {
	w.t.Helper()
	s := w.open()
	defer s.Close()
	report, err := s.Verify(w.t.Context(), apply.VerifyOptions{})
	require.NoError(w.t, err)
	for _, f := range report.Findings {
		if f.Kind == verify.Altered && f.Partition != "" {
			require.Contains(w.t, f.Advice, "a run that did not end has replaced files", "%+v", f)
			half = 1
		}
	}
	return half
}

// TestNothingIsErasedFromWhatABucketKeeps: it is told beforehand, with the partitions and until when.
func TestNothingIsErasedFromWhatABucketKeeps(t *testing.T) {
	w := newErasing(t, func(o *logsim.Options, _ *export) { single(o) })
	kept := &policy{until: time.Now().Add(time.Hour)}
	w.mustRun(w.export)
	before := w.parts()
	w.wrap = func(_ string, b bucket.Bucket) bucket.Bucket { return keeping{b, kept} }
	_, _, out, err := w.erase(w.options())
	var refused *apply.EraseRetainedError
	require.ErrorAs(t, err, &refused)
	require.Nil(t, out)
	require.Equal(t, []string{"dt=2026-04-16"}, refused.Partitions)
	require.Contains(t, err.Error(), fmt.Sprintf("keeps 1 object, the last of them until %s", kept.until.UTC().Format(time.RFC3339)))
	require.True(t, strings.HasSuffix(err.Error(), "nothing was erased"))
	require.Equal(t, before, w.parts())

	kept.silent = true
	_, _, _, err = w.erase(w.options())
	require.ErrorIs(t, err, errSilent)
	require.Equal(t, before, w.parts())

	kept.silent = false
	kept.expire()
	w.mustErase()
	w.mustEqual(w.export, w.others())
}

// TestWhatABucketKeepsAfterAllIsToldOf: where a retention began between the look at it and the removal.
func TestWhatABucketKeepsAfterAllIsToldOf(t *testing.T) {
	w := newErasing(t, func(o *logsim.Options, _ *export) { single(o) })
	w.mustRun(w.export)
	kept := &policy{until: time.Now()}
	w.wrap = func(_ string, b bucket.Bucket) bucket.Bucket { return keeping{b, kept} }
	s := w.open()
	defer s.Close()
	ctx, unlock, err := s.Lock(t.Context(), "erase", nil)
	require.NoError(t, err)
	defer unlock()
	found, err := s.FindErasable(ctx, w.options())
	require.NoError(t, err)
	kept.mu.Lock()
	kept.until = time.Now().Add(time.Hour)
	kept.mu.Unlock()
	out, err := s.Erase(ctx, found, nil)
	var left *apply.EraseLeftError
	require.ErrorAs(t, err, &left)
	require.Equal(t, left.Objects, out.Retained)
	require.Equal(t, found.Rows, out.Rows)
	kept.expire()
}
