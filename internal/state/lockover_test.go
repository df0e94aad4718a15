package state

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

func TestEachLockHasANumberOfItsOwn(t *testing.T) {
	for name, open := range lockStores {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			for n := int64(1); n <= 5; n++ {
				s := lockStore(b, fmt.Sprint("run", n))
				lock := acquire(t, s, LockOptions{LocalProof: func(i LockInfo) bool { return true }})
				require.Equal(t, n, lock.number)
				require.NoError(t, lock.Check(t.Context()))
				switch n {
				case 2: // its run is killed, and the next one has its machine
					kill(lock)
					next := acquire(t, s, LockOptions{LocalProof: func(LockInfo) bool { return true }})
					require.Equal(t, n+1, next.number)
					require.NoError(t, next.Release(t.Context()))
					n++
				case 4:
					require.NoError(t, s.ForceUnlock(t.Context(), lock.Info().ID))
					require.ErrorAs(t, lock.Check(t.Context()), new(*LostError))
					require.NoError(t, lock.Release(t.Context()))
				default:
					require.NoError(t, lock.Release(t.Context()))
				}
				requireReleased(t, b)
			}
		})
	}
}

func TestOnlyOneObjectIsLeftOfManyLocks(t *testing.T) {
	b := openBucket(t, "mem://")
	for range 5 {
		require.NoError(t, acquire(t, lockStore(b, "alice"), LockOptions{}).Release(t.Context()))
	}
	require.Len(t, keysOf(t, b, ""), 1)
}

func TestALockIsHeldAndTakenOverWhereNothingCanBeRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &retaining{Bucket: openBucket(t, "mem://")}
		first := acquire(t, lockStore(b, "alice"), LockOptions{})
		time.Sleep(time.Hour)
		require.NoError(t, first.Err(), "its signs of life replace nothing")
		locks, err := lockStore(b, "").Locks(t.Context())
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), locks[0].Renewed, renewEvery)
		kill(first)

		second := acquire(t, lockStore(b, "bob"), LockOptions{Timeout: 2 * Lease})
		require.ErrorContains(t, first.Check(t.Context()), "removed", "its lock is still there, but marked")
		time.Sleep(time.Hour)
		require.NoError(t, second.Err())
		require.NoError(t, first.Release(t.Context()))
		require.NoError(t, second.Check(t.Context()), "releasing is no matter of another's lock")
		require.NoError(t, lockStore(b, "carol").ForceUnlock(t.Context(), second.Info().ID))
		third := acquire(t, lockStore(b, "carol"), LockOptions{})
		<-second.Lost()
		require.NoError(t, third.Release(t.Context()))
		require.Equal(t, []string{testPrefix + lockKey(1), testPrefix + lockKey(2), testPrefix + lockKey(3)}, locksThere(t, b))
		requireReleased(t, b)
	})
}

// Each is enough, and that both fail is told.
func TestALockIsReleasedByItsRemovalOrItsMark(t *testing.T) {
	for name, fails := range map[string][]string{"no mark": {"create"}, "no removal": {"delete"}, "neither": {"create", "delete"}} {
		t.Run(name, func(t *testing.T) {
			b := openBucket(t, "mem://")
			var releasing bool
			tapped := &tap{Bucket: b, before: func(op, _ string) error {
				if releasing && slices.Contains(fails, op) {
					return errInjected
				}
				return nil
			}}
			lock := acquire(t, lockStore(tapped, "alice"), LockOptions{})
			releasing = true
			err := lock.Release(t.Context())
			releasing = false
			if len(fails) == 2 {
				require.ErrorIs(t, err, errInjected)
				_, err = lockStore(b, "bob").Acquire(t.Context(), LockOptions{})
				require.ErrorAs(t, err, new(*LockedError))
				err = lock.Release(t.Context())
			}
			require.NoError(t, err)
			require.NoError(t, acquire(t, lockStore(b, "bob"), LockOptions{}).Release(t.Context()))
		})
	}
}

// A bucket that remembers removed keys, with the locks of a program that began at 1 again each time, and with nothing that
// tells how far they went.
func TestNumbersThatABucketRemembersArePassedOver(t *testing.T) {
	b := &marking{Bucket: openBucket(t, "mem://")}
	for n := int64(1); n <= 100; n++ {
		put(t, b, testPrefix+lockKey(n), "old")
		require.NoError(t, b.Delete(t.Context(), testPrefix+lockKey(n)))
	}
	lock := acquire(t, lockStore(b, "alice"), LockOptions{})
	require.EqualValues(t, 128, lock.number)
	require.NoError(t, lock.Release(t.Context()))
	require.NoError(t, b.Delete(t.Context(), keysOf(t, b, "")[0]), "by hand")
	lock = acquire(t, lockStore(b, "alice"), LockOptions{})
	require.EqualValues(t, 256, lock.number)
	require.NoError(t, lock.Release(t.Context()))

	full := &tap{Bucket: openBucket(t, "mem://"), before: func(op, _ string) error {
		if op == "create" {
			return fs.ErrExist
		}
		return nil
	}}
	_, err := lockStore(full, "alice").Acquire(t.Context(), LockOptions{})
	require.ErrorIs(t, err, errUsed)
}

// A run that listed long ago comes with a number that was given and is over meanwhile, or with one that is below another's too.
func TestARunThatComesWithAnOldNumberTakesANewOne(t *testing.T) {
	for _, meanwhile := range []int64{1, 3} {
		b := openBucket(t, "mem://")
		done := false
		tapped := &tap{Bucket: b, before: func(op, key string) error {
			if op != "create" || done {
				return nil
			}
			done = true
			for range meanwhile {
				require.NoError(t, acquire(t, lockStore(b, "bob"), LockOptions{}).Release(t.Context()))
			}
			return nil
		}}
		lock := acquire(t, lockStore(tapped, "alice"), LockOptions{})
		require.Equal(t, meanwhile+1, lock.number)
		require.NoError(t, lock.Check(t.Context()))
		_, err := lockStore(b, "bob").Acquire(t.Context(), LockOptions{})
		require.ErrorAs(t, err, new(*LockedError))
		require.NoError(t, lock.Release(t.Context()))
	}
}

// An earlier program knows no marks and takes them for signs. It removes those without a lock, begins at 1, and overwrites its one sign.
func TestTheLockOfAnOlderProgramIsALock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBucket(t, "mem://")
		s := lockStore(b, "alice")
		require.NoError(t, acquire(t, s, LockOptions{}).Release(t.Context()))
		content, err := encode(goldenLock())
		require.NoError(t, err)
		put(t, b, testPrefix+lockKey(1), string(content)) // beside the mark of another with its number
		sign := testPrefix + signKey(1, goldenLock().ID)
		put(t, b, sign, "1")

		renewing := make(chan error)
		go func() {
			for n := range 30 {
				time.Sleep(renewEvery)
				put(t, b, sign, fmt.Sprint(n))
			}
			close(renewing)
		}()
		began := time.Now()
		lock, err := s.Acquire(t.Context(), LockOptions{Timeout: time.Hour})
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(began), 30*renewEvery+Lease-pollEvery)
		<-renewing
		require.EqualValues(t, 2, lock.number)
		require.NoError(t, lock.Release(t.Context()))
		require.Len(t, keysOf(t, b, ""), 1)
	})
}

func TestOneRunRemovesALimitedNumberOfOldObjects(t *testing.T) {
	b := openBucket(t, "mem://")
	for n := range int64(2 * mostSwept) {
		put(t, b, testPrefix+releasedKey(n+1, "x"), "{}")
	}
	require.NoError(t, acquire(t, lockStore(b, "alice"), LockOptions{}).Release(t.Context()))
	require.Len(t, keysOf(t, b, ""), mostSwept+1)

	asked := 0
	refusing := &tap{Bucket: b, before: func(op, _ string) error {
		if op == "delete" {
			asked++
			return &bucket.Error{Op: op, Reason: bucket.Denied, Err: errors.New("locked")}
		}
		return nil
	}}
	lock := acquire(t, lockStore(refusing, "alice"), LockOptions{})
	require.Equal(t, 1, asked, "one that is refused tells enough")
	require.NoError(t, lock.Release(t.Context()))
}

func TestLocksThatAreOverAreNotReadAgain(t *testing.T) {
	b := &retaining{Bucket: openBucket(t, "mem://")}
	for range 20 {
		require.NoError(t, acquire(t, lockStore(b, "alice"), LockOptions{}).Release(t.Context()))
	}
	tapped := &tap{Bucket: b}
	lock := acquire(t, lockStore(tapped, "alice"), LockOptions{})
	require.LessOrEqual(t, tapped.ops["open"], 2, "the one before, and this one")
	require.NoError(t, lock.Release(t.Context()))
}

func TestALockThatWasGivenUpEndsNoOther(t *testing.T) {
	b := &retaining{Bucket: openBucket(t, "mem://")}
	lock := acquire(t, lockStore(b, "alice"), LockOptions{})
	put(t, b, testPrefix+lockKey(2), get(t, b, testPrefix+lockKey(1)))
	require.ErrorAs(t, lock.Check(t.Context()), new(*LostError))
	put(t, b, testPrefix+releasedKey(2, lock.Info().ID), "{}")
	require.NoError(t, lock.Check(t.Context()))
	require.NoError(t, lock.Release(t.Context()))
}

func TestMarksAreWrittenAsTheFormatSays(t *testing.T) {
	content, err := encode(released{ID: goldenLock().ID, Released: testTime.Add(time.Minute), By: "alice@mill"})
	require.NoError(t, err)
	requireGolden(t, "lock_released.json", content)
	o := sortLockKeys([]string{
		"locks/00000007.json", "locks/00000007-a-b.00000012.json", "locks/00000007-a-b.json", "locks/00000007-a-b.released.json",
		"locks/123456789.json",
		"locks/7.json", "locks/00000007-a.0.json", "locks/00000007-a.12.json", "locks/00000007.released.json", "locks/00000000.json",
		"locks/00000007-a.00000001.tmp", "locks/9999999999999.json", "locks/-1.json", "locks/00000007", "locks/readme", "locks/00000008-a.x.json",
	})
	require.Len(t, o, 2)
	require.Equal(t, []string{
		"locks/00000007.json", "locks/00000007-a-b.json", "locks/00000007-a-b.00000012.json", "locks/00000007-a-b.released.json",
	}, o[0].keys(), "the mark goes last")
	require.Equal(t, []string{"locks/123456789.json"}, o[1].keys())
}
