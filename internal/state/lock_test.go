package state

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

// lockStore is the state as another process would see it.
func lockStore(b bucket.Bucket, user string) *Store {
	return New(b, testPrefix, testPipeline, Options{User: user, Host: "mill", Machine: "machine of " + user, Version: "1.2.3"})
}

func acquire(t *testing.T, s *Store, o LockOptions) *Lock {
	t.Helper()
	lock, err := s.Acquire(t.Context(), o)
	require.NoError(t, err)
	return lock
}

// kill ends the renewal of a lock and leaves its objects, as a killed process does.
func kill(lock *Lock) {
	lock.cancel()
	<-lock.done
}

func TestALockRefusesASecondRunAndSaysWhoHasIt(t *testing.T) {
	for name, open := range lockStores {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			first := acquire(t, lockStore(b, "alice"), LockOptions{Operation: "apply"})
			require.NoError(t, first.Check(t.Context()))
			_, err := lockStore(b, "bob").Acquire(t.Context(), LockOptions{Operation: "destroy"})
			var locked *LockedError
			require.ErrorAs(t, err, &locked)
			require.Equal(t, first.Info(), locked.Info)
			require.ErrorContains(t, err, fmt.Sprintf("alice@mill (process %d) since %s, for apply", first.Info().PID, first.Info().Since.Format(time.RFC3339)))
			require.Contains(t, locked.Hint(), "logferry force-unlock "+first.Info().ID)
			require.Contains(t, locked.Hint(), "state.lock_timeout")

			require.NoError(t, first.Release(t.Context()))
			require.NoError(t, first.Release(t.Context()), "again")
			requireReleased(t, b)
			second := acquire(t, lockStore(b, "bob"), LockOptions{Operation: "destroy"})
			require.NoError(t, second.Release(t.Context()))
		})
	}
}

func TestALockIsReleasedAlsoByAnInterruptedRun(t *testing.T) {
	for name, open := range lockStores {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			ctx, interrupt := context.WithCancel(t.Context())
			lock, err := lockStore(b, "alice").Acquire(ctx, LockOptions{})
			require.NoError(t, err)
			interrupt()
			require.NoError(t, lock.Release(ctx))
			requireReleased(t, b)
		})
	}
}

func TestOfManyRunsOneAtATimeHasTheLock(t *testing.T) {
	const runs = 4
	for name, open := range lockStores {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			rounds := 200
			if _, keeps := b.(*retaining); keeps {
				rounds = 60 // the locks of all rounds stay
			}
			var holders, won, newest atomic.Int64
			for round := range rounds {
				if round%3 == 0 { // a killed run's, which all but the last can prove to be dead
					s := lockStore(b, "dead")
					lock, err := s.Acquire(t.Context(), LockOptions{})
					require.NoError(t, err)
					kill(lock)
				}
				var group sync.WaitGroup
				for n := range runs {
					group.Go(func() {
						s := lockStore(b, fmt.Sprint("run", n))
						s.o.Machine = "machine of dead"
						lock, err := s.Acquire(t.Context(), LockOptions{LocalProof: func(i LockInfo) bool { return i.User == "dead" && n < runs-1 }})
						if err != nil {
							if !errors.As(err, new(*LockedError)) && !errors.As(err, new(*LostError)) {
								t.Error(err)
							}
							return
						}
						if holders.Add(1) != 1 {
							t.Error("two runs have the lock")
						}
						won.Add(1)
						if newest.Swap(lock.number) >= lock.number {
							t.Error("a number is used again")
						}
						holders.Add(-1)
						if err := lock.Release(t.Context()); err != nil {
							t.Error(err)
						}
					})
				}
				group.Wait()
				clearLocks(t, b)
			}
			require.Greater(t, won.Load(), int64(rounds/4), "somebody gets on")
			t.Logf("%d rounds, %d times locked", rounds, won.Load())
		})
	}
}

// clearLocks removes what a round left: a dead run's lock where all stepped back.
func clearLocks(t *testing.T, b bucket.Bucket) {
	t.Helper()
	locks, err := lockStore(b, "").Locks(t.Context())
	require.NoError(t, err)
	for _, lock := range locks {
		require.Equal(t, "dead", lock.User, "a run that released or stepped back left its lock")
		require.NoError(t, lockStore(b, "").ForceUnlock(t.Context(), lock.ID))
	}
}

func TestTheLockOfADeadRunIsTakenOverAtOnceOnProof(t *testing.T) {
	b := openBucket(t, "mem://")
	kill(acquire(t, lockStore(b, "alice"), LockOptions{}))
	proof := func(LockInfo) bool { return true }
	_, err := lockStore(b, "bob").Acquire(t.Context(), LockOptions{LocalProof: proof})
	require.ErrorAs(t, err, new(*LockedError), "a proof holds for this machine only")
	_, err = lockStore(b, "alice").Acquire(t.Context(), LockOptions{LocalProof: func(LockInfo) bool { return false }})
	require.ErrorAs(t, err, new(*LockedError))
	lock := acquire(t, lockStore(b, "alice"), LockOptions{LocalProof: proof})
	require.Equal(t, []string{testPrefix + lockKey(2)}, keysOf(t, b, ""), "the dead lock is gone")
	require.NoError(t, lock.Release(t.Context()))
}

func TestAProofHoldsOnlyWithTheFileLockThatTheHolderHad(t *testing.T) {
	b := openBucket(t, "mem://")
	shared, own, other := t.TempDir(), t.TempDir(), t.TempDir()
	for _, dir := range []string{shared, own, other} {
		release, err := LockFile(dir)
		require.NoError(t, err)
		defer release()
	}
	proof := func(LockInfo) bool { return true }
	kill(acquire(t, lockStore(b, "alice"), LockOptions{Folders: []string{own, shared}}))
	for _, folders := range [][]string{{other}, {t.TempDir()}} {
		_, err := lockStore(b, "alice").Acquire(t.Context(), LockOptions{Folders: folders, LocalProof: proof})
		require.ErrorAs(t, err, new(*LockedError))
	}
	lock := acquire(t, lockStore(b, "alice"), LockOptions{Folders: []string{other, shared}, LocalProof: proof})
	require.Len(t, lock.Info().Files, 2)
	require.NoError(t, lock.Release(t.Context()))
}

func TestNoProofHoldsForAMachineThatIsNotKnown(t *testing.T) {
	b := openBucket(t, "mem://")
	s := lockStore(b, "alice")
	s.o.Machine = ""
	kill(acquire(t, s, LockOptions{}))
	_, err := s.Acquire(t.Context(), LockOptions{LocalProof: func(LockInfo) bool { return true }})
	require.ErrorAs(t, err, new(*LockedError))
}

func TestAWaitingRunGetsTheLockWhenItIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBucket(t, "mem://")
		first := acquire(t, lockStore(b, "alice"), LockOptions{Operation: "apply"})
		began := time.Now()
		go func() {
			time.Sleep(10*time.Minute + time.Millisecond)
			if err := first.Release(t.Context()); err != nil {
				t.Error(err)
			}
		}()
		var told []LockInfo
		second := acquire(t, lockStore(b, "bob"), LockOptions{Timeout: time.Hour, OnWait: func(i LockInfo) { told = append(told, i) }})
		require.Less(t, time.Since(began), 10*time.Minute+2*pollEvery)
		require.Equal(t, []LockInfo{first.Info()}, told, "told once")
		require.NoError(t, first.Err(), "a lock that is renewed is never taken over")
		require.NoError(t, second.Release(t.Context()))
		requireReleased(t, b)
	})
}

func TestWaitingEndsWithTheTimeoutOrTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBucket(t, "mem://")
		first := acquire(t, lockStore(b, "alice"), LockOptions{})
		began := time.Now()
		_, err := lockStore(b, "bob").Acquire(t.Context(), LockOptions{Timeout: 5 * time.Minute})
		var locked *LockedError
		require.ErrorAs(t, err, &locked)
		require.GreaterOrEqual(t, time.Since(began), 5*time.Minute)
		require.Less(t, time.Since(began), 5*time.Minute+2*pollEvery)
		require.WithinDuration(t, time.Now(), locked.Info.Renewed, renewEvery)
		require.InDelta(t, 15, locked.Info.Renewals, 1)
		require.ErrorContains(t, err, "last renewed")

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err = lockStore(b, "bob").Acquire(ctx, LockOptions{Timeout: time.Hour})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, first.Release(ctx), "released although its context has ended")
		requireReleased(t, b)
	})
}

func TestTheLockOfADeadRunIsTakenOverAfterTheLease(t *testing.T) {
	for _, spoil := range []string{"nothing", "its text"} {
		t.Run(spoil, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := openBucket(t, "mem://")
				dead := acquire(t, lockStore(b, "alice"), LockOptions{})
				time.Sleep(50 * time.Second)
				kill(dead)
				if spoil != "nothing" {
					put(t, b, testPrefix+lockKey(1), "{")
				}
				time.Sleep(24 * time.Hour) // its age proves nothing: clocks differ
				_, err := lockStore(b, "bob").Acquire(t.Context(), LockOptions{Timeout: Lease - pollEvery})
				require.ErrorAs(t, err, new(*LockedError))
				began := time.Now()
				lock := acquire(t, lockStore(b, "bob"), LockOptions{Timeout: 2 * Lease})
				require.GreaterOrEqual(t, time.Since(began), Lease)
				require.Less(t, time.Since(began), Lease+2*pollEvery)
				require.Equal(t, []string{testPrefix + lockKey(2)}, keysOf(t, b, ""))
				require.NoError(t, lock.Release(t.Context()))
			})
		})
	}
}

func TestMachinesAreToldApart(t *testing.T) {
	require.NotEqual(t, machineID("a"), machineID("b"))
	require.Equal(t, machineID("a"), machineID("a"))
	known := machineFiles
	defer func() { machineFiles = known }()
	machineFiles = []string{t.TempDir() + "/none"}
	require.Empty(t, machineID("a"), "a name alone proves nothing")
}

func TestAFileLockKeepsOthersOutUntilItIsReleased(t *testing.T) {
	dir := t.TempDir() + "/deep/er"
	release, err := LockFile(dir)
	require.NoError(t, err)
	_, err = LockFile(dir)
	var locked *FileLockedError
	require.ErrorAs(t, err, &locked)
	require.True(t, strings.HasPrefix(locked.Path, dir))
	require.NotEmpty(t, locked.Hint())
	release()
	id := fileLockIDs([]string{dir})
	release, err = LockFile(dir)
	require.NoError(t, err)
	require.Len(t, id, 1)
	require.Equal(t, id, fileLockIDs([]string{dir}), "the folder's lock keeps its ID")
	release()
}
