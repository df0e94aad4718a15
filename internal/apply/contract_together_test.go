package apply_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/state"
	"logferry/sinks/bucket"
)

// verified opens the pipeline, proves that the lake is what the state says, and returns the state.
func (w *world) verified(e export) *state.State {
	w.t.Helper()
	s, err := apply.Open(context.Background(), w.config(e), apply.Options{Now: clock, Version: "test"})
	require.NoError(w.t, err)
	defer s.Close()
	report, err := s.Verify(context.Background(), apply.VerifyOptions{Deep: true})
	require.NoError(w.t, err)
	require.True(w.t, report.OK, "%+v", report.Findings)
	st, err := s.Load(context.Background())
	require.NoError(w.t, err)
	return st
}

// both runs the pipeline twice at the same time.
func (w *world) both(e export, o apply.Options) (errs [2]error) {
	p := w.config(e)
	var runs sync.WaitGroup
	for i := range errs {
		runs.Go(func() { _, errs[i] = apply.Run(context.Background(), p, o) })
	}
	runs.Wait()
	return errs
}

// TestTwoRunsAtOnce start together, many times: one of them does the work, the other is refused or finds nothing to do.
//
// LOGFERRY_ROUNDS sets how often.
func TestTwoRunsAtOnce(t *testing.T) {
	rounds := 10
	if testing.Short() {
		rounds = 5
	}
	if text := os.Getenv("LOGFERRY_ROUNDS"); text != "" {
		var err error
		rounds, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	e, records := aDay(40)
	e.sinks = e.sinks[:1]
	done, refused := 0, 0
	for range rounds {
		w := newWorld(t, logsim.Options{Seed: 3, Records: records, Rate: openRate}, nil)
		for _, err := range w.both(e, apply.Options{Now: clock, Version: "test"}) {
			var locked *state.LockedError
			var file *state.FileLockedError
			switch {
			case err == nil:
				done++
			case errors.As(err, &locked), errors.As(err, &file):
				refused++
			default:
				t.Fatal(err)
			}
		}
		w.mustRun(e)
		w.mustEqual(e, w.sources(e))
		st := w.verified(e)
		require.EqualValues(t, 1+st.Len(), st.Serial, "one commit to begin with, and one a partition")
	}
	t.Logf("%d runs did the work or found it done, %d were refused", done, refused)
	require.Equal(t, 2*rounds, done+refused)
}

// blindStore shows a run no lock but its own: as if it had been told that all others are dead.
type blindStore struct {
	bucket.Bucket
	own string // where its locks really are
}

func (b blindStore) to(key string) string { return strings.Replace(key, "/locks/", "/"+b.own+"/", 1) }

func (b blindStore) from(key string) string { return strings.Replace(key, "/"+b.own+"/", "/locks/", 1) }

func (b blindStore) List(ctx context.Context, prefix string) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		for o, err := range b.Bucket.List(ctx, b.to(prefix)) {
			o.Key = b.from(o.Key)
			if !yield(o, err) {
				return
			}
		}
	}
}

func (b blindStore) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return b.Bucket.Create(ctx, b.to(key), body, size, contentType)
}

func (b blindStore) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return b.Bucket.Upload(ctx, b.to(key), body, size, contentType)
}

func (b blindStore) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	return b.Bucket.Open(ctx, b.to(key))
}

func (b blindStore) Delete(ctx context.Context, key string) error {
	return b.Bucket.Delete(ctx, b.to(key))
}

// unlocked runs the pipeline twice at the same time, as two machines would that see no lock.
func (w *world) unlocked(e export) (errs [2]error) {
	lake, err := bucket.Open(context.Background(), "file://"+w.sinkDir(0))
	require.NoError(w.t, err)
	var runs sync.WaitGroup
	for i := range errs {
		e.sinkURL = "mem://" // no folder of this machine, whose file lock would keep them apart
		e.extract = map[string]any{"spool": w.t.TempDir()}
		p := w.config(e)
		runs.Go(func() {
			_, errs[i] = apply.Run(context.Background(), p, apply.Options{
				Now: clock, Version: "test", WrapBucket: func(string, bucket.Bucket) bucket.Bucket { return blindStore{lake, fmt.Sprint("own", i)} },
			})
		})
	}
	runs.Wait()
	return errs
}

// TestTwoRunsWithoutALockLoseNothing: the lock saves work, the chain of commits is what keeps two runs apart.
func TestTwoRunsWithoutALockLoseNothing(t *testing.T) {
	e, records := aDay(60)
	e.sinks = e.sinks[:1]
	e.partition, e.to = "hour", e.from.Add(3*time.Hour)
	conflicts := 0
	for range 12 {
		w := newWorld(t, logsim.Options{Seed: 3, Records: records, Rate: openRate}, nil)
		for _, err := range w.unlocked(e) {
			var conflict *state.ConflictError
			var owner *apply.OwnerError // the other one was first to claim the lake for its chain of commits
			if errors.As(err, &conflict) || errors.As(err, &owner) {
				conflicts++
			} else {
				require.NoError(t, err)
			}
		}
		w.mustRun(e)
		w.mustEqual(e, w.sources(e))
		w.verified(e)
	}
	t.Logf("%d runs were told that another one had won", conflicts)
	require.Positive(t, conflicts, "the test shows nothing")
}
