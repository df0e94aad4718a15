package engines_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"logferry/internal/state"
	"logferry/sinks/bucket"
	"logferry/test/engines/s3"
)

const (
	statePrefix   = "_logferry/nightly/"
	statePipeline = "nightly"
)

func newStore(b bucket.Bucket, o state.Options) *state.Store {
	o.Version = "test"
	return state.New(b, statePrefix, statePipeline, o)
}

// nth is the manifest of the nth hour, of so many rows.
func nth(lineage string, n int, rows int64) *state.Manifest {
	from := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour)
	partition := from.Format("dt=2006-01-02/hour=15")
	return &state.Manifest{
		Pipeline: statePipeline, Lineage: lineage, Partition: partition, Version: 1, From: from, To: from.Add(time.Hour),
		AsOf: from.Add(2 * time.Hour), Shape: state.Shape{}.Hash(), Rows: rows, Action: "create", Reason: "missing", CreatedAt: from, Program: "test",
		Files: []state.File{{Sink: "lake", Key: "tool_execution/" + partition + "/part-00000.parquet", Size: rows, Rows: rows}},
	}
}

// commitNth puts a manifest and commits it.
func commitNth(ctx context.Context, s *state.Store, st *state.State, n int, rows int64) error {
	m := nth(st.Lineage, n, rows)
	sha, err := s.PutManifest(ctx, m)
	if err != nil {
		return err
	}
	return s.Commit(ctx, st, state.Change{Operation: "apply", Config: "c", Set: []state.Entry{m.Entry(sha, time.Time{})}})
}

func TestAStateIsLoadedAsItWasCommitted(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		p := s.place(t)
		ctx := t.Context()
		mine := newStore(p.open("lake"), state.Options{})
		st, err := mine.Load(ctx)
		require.NoError(t, err)
		require.Zero(t, st.Serial)
		const commits = 35 // with two checkpoints
		for n := range commits {
			require.NoError(t, commitNth(ctx, mine, st, n, int64(100+n)))
		}
		other := newStore(p.open("lake"), state.Options{})
		loaded, err := other.Load(ctx)
		require.NoError(t, err)
		require.EqualValues(t, commits, loaded.Serial)
		require.Equal(t, st.Head, loaded.Head)
		require.Equal(t, st.All(), loaded.All())
		for _, e := range loaded.All() {
			m, err := other.Manifest(ctx, &e)
			require.NoError(t, err)
			require.Equal(t, e.Rows, m.Rows)
		}
		var names state.Names
		for c, err := range other.History(ctx) {
			require.NoError(t, err)
			names.Add(c)
		}
		for found, err := range other.Objects(ctx, &names) {
			require.NoError(t, err)
			require.True(t, found.Named, found.Key)
		}
	})
}

func TestOfManyWritersOneWinsEachCommit(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		p := s.place(t)
		ctx := t.Context()
		const rounds, writers = 20, 4
		var stores []*state.Store
		for range writers {
			stores = append(stores, newStore(p.open("lake"), state.Options{}))
		}
		for round := range rounds {
			winners, losers := commitAtOnce(t, stores, round)
			require.Len(t, winners, 1, "round %d", round)
			require.Len(t, losers, writers-1)
			st, err := stores[0].Load(ctx)
			require.NoError(t, err)
			require.EqualValues(t, round+1, st.Serial)
			e, ok := st.Get("", nth("", round, 1).Partition)
			require.True(t, ok)
			require.EqualValues(t, winners[0]+1, e.Rows, "what the winner has committed is the state")
			for _, err := range losers {
				var conflict *state.ConflictError
				require.ErrorAs(t, err, &conflict)
				require.EqualValues(t, round+1, conflict.Serial)
				require.NotEmpty(t, conflict.By)
			}
		}
		for _, err := range stores[0].History(ctx) {
			require.NoError(t, err, "the chain is whole")
		}
	})
}

// commitAtOnce lets every writer commit the nth partition, each with rows of its own.
func commitAtOnce(t *testing.T, stores []*state.Store, n int) (winners []int, losers []error) {
	t.Helper()
	states := make([]*state.State, len(stores))
	for i, s := range stores {
		var err error
		states[i], err = s.Load(t.Context())
		require.NoError(t, err)
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	for i, s := range stores {
		group.Go(func() {
			err := commitNth(t.Context(), s, states[i], n, int64(i+1))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				winners = append(winners, i)
			} else {
				losers = append(losers, err)
			}
		})
	}
	group.Wait()
	return winners, losers
}

func TestTheLockHasOneHolder(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		p := s.place(t)
		p.locksOnce(t)
		for _, key := range keysOf(t, p.open("lake"), statePrefix) {
			require.Contains(t, key, "/locks/00000002-", "nothing is left of a lock but its number")
		}
	})
	t.Run("S3 that keeps all", func(t *testing.T) { newPlace(t, s3.Keeping).locksOnce(t) })
	for _, kind := range []string{s3.Locked, s3.Marked} {
		t.Run("S3 with retention, "+kind, func(t *testing.T) {
			s := stores[0]
			s.setenv(t, s.addr)
			p := &place{t: t, store: s, name: fmt.Sprint(kind, buckets.Add(1)), addr: s.addr}
			require.NoError(t, server.MakeLocked(t.Context(), p.name, s3.Retention{Days: 1, Mode: types.ObjectLockRetentionModeGovernance}))
			p.locksOnce(t)
		})
	}
}

// locksOnce lets two machines lock a state one after the other, and breaks the second lock.
func (p *place) locksOnce(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	machines := []*state.Store{
		newStore(p.open("lake"), state.Options{Machine: "a", Host: "alpha", User: "ann"}),
		newStore(p.open("lake"), state.Options{Machine: "b", Host: "beta", User: "ben"}),
	}
	held, err := machines[0].Acquire(ctx, state.LockOptions{Operation: "apply"})
	require.NoError(t, err)
	_, err = machines[1].Acquire(ctx, state.LockOptions{Operation: "destroy", LocalProof: func(state.LockInfo) bool { return true }})
	var locked *state.LockedError
	require.ErrorAs(t, err, &locked, "what proves the holder dead counts on its own machine only")
	require.Equal(t, "ann@alpha", locked.Info.User+"@"+locked.Info.Host)
	require.Equal(t, "apply", locked.Info.Operation)
	require.NoError(t, held.Check(ctx))

	require.NoError(t, held.Release(ctx))
	next, err := machines[1].Acquire(ctx, state.LockOptions{Operation: "destroy"})
	require.NoError(t, err)
	require.NoError(t, machines[0].ForceUnlock(ctx, next.Info().ID))
	var lost *state.LostError
	require.ErrorAs(t, next.Check(ctx), &lost)
	require.NoError(t, next.Release(ctx))
	locks, err := machines[0].Locks(ctx)
	require.NoError(t, err)
	require.Empty(t, locks)
}

func TestOfManyWhoLockAStateAtOnceAtMostOneDoes(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		p := s.place(t)
		const rounds, runs = 8, 6
		var stores []*state.Store
		for n := range runs {
			stores = append(stores, newStore(p.open("lake"), state.Options{Machine: fmt.Sprint(n)}))
		}
		for range rounds {
			locks := make([]*state.Lock, runs)
			var group errgroup.Group
			for i, one := range stores {
				group.Go(func() (err error) {
					locks[i], err = one.Acquire(t.Context(), state.LockOptions{Operation: "apply"})
					var locked *state.LockedError
					if errors.As(err, &locked) {
						return nil
					}
					return err
				})
			}
			require.NoError(t, group.Wait(), "whoever does not get it is told that another run has it")
			held := slices.DeleteFunc(locks, func(l *state.Lock) bool { return l == nil })
			require.LessOrEqual(t, len(held), 1)
			for _, l := range held {
				require.NoError(t, l.Release(t.Context()))
			}
		}
		last, err := stores[0].Acquire(t.Context(), state.LockOptions{Operation: "apply"})
		require.NoError(t, err, "those who stepped back left nothing in the way")
		require.NoError(t, last.Release(t.Context()))
	})
}

func TestTheProbeTellsWhatABucketMakesOfConditions(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		p := s.place(t)
		require.NoError(t, newStore(p.open("lake"), state.Options{}).Probe(t.Context()))
		require.Empty(t, keysOf(t, p.open("lake"), statePrefix))
	})
	for kind, answer := range map[string]string{s3.Ignoring: "", s3.Refusing: "NotImplemented"} {
		t.Run(kind, func(t *testing.T) {
			p := newPlace(t, kind)
			err := newStore(p.open("lake"), state.Options{}).Probe(t.Context())
			var condition *state.ConditionError
			require.ErrorAs(t, err, &condition)
			require.NotEmpty(t, condition.Hint())
			if answer == "" {
				require.NoError(t, condition.Err)
			} else {
				require.ErrorContains(t, condition.Err, answer)
			}
			require.Empty(t, keysOf(t, p.open("lake"), statePrefix))
		})
	}
}

// keysOf lists what is below a prefix.
func keysOf(t testing.TB, b bucket.Bucket, prefix string) []string {
	t.Helper()
	var keys []string
	for o, err := range b.List(t.Context(), prefix) {
		require.NoError(t, err)
		keys = append(keys, o.Key)
	}
	slices.Sort(keys)
	return keys
}
