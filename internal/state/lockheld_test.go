package state

import (
	"context"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

func TestAForcedUnlockIsNoticedByTheHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBucket(t, "mem://")
		lock := acquire(t, lockStore(b, "alice"), LockOptions{Operation: "apply"})
		time.Sleep(30 * time.Second)

		err := lockStore(b, "bob").ForceUnlock(t.Context(), "wrong")
		var none *NoSuchLockError
		require.ErrorAs(t, err, &none)
		require.Contains(t, none.Hint(), lock.Info().ID)
		require.Contains(t, none.Hint(), "alice@mill")
		require.NoError(t, lock.Err())

		require.NoError(t, lockStore(b, "bob").ForceUnlock(t.Context(), lock.Info().ID))
		require.ErrorAs(t, lock.Check(t.Context()), new(*LostError), "whoever asks knows at once")
		next := acquire(t, lockStore(b, "bob"), LockOptions{})
		<-lock.Lost()
		var lost *LostError
		require.ErrorAs(t, lock.Err(), &lost)
		require.ErrorContains(t, lost, "removed")
		require.NotEmpty(t, lost.Hint())
		require.NoError(t, lock.Release(t.Context()))
		require.NoError(t, next.Check(t.Context()), "neither renewing nor releasing touches the lock of another")
		require.NoError(t, next.Release(t.Context()))
		requireReleased(t, b)
		require.ErrorAs(t, lockStore(b, "bob").ForceUnlock(t.Context(), lock.Info().ID), &none)
		require.Contains(t, none.Hint(), "not locked")
	})
}

func TestAHigherNumberEndsALock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBucket(t, "mem://")
		lock := acquire(t, lockStore(b, "alice"), LockOptions{})
		put(t, b, testPrefix+lockKey(2), get(t, b, testPrefix+lockKey(1)))
		<-lock.Lost()
		require.ErrorContains(t, lock.Err(), "taken it over")
		require.NoError(t, lock.Release(t.Context()))
		require.Equal(t, []string{testPrefix + lockKey(2)}, locksThere(t, b))
	})
}

func TestALockThatCannotBeRenewedIsLostBeforeItIsTakenOver(t *testing.T) {
	for _, failure := range []string{"fails", "hangs"} {
		t.Run(failure, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := openBucket(t, "mem://")
				var down atomic.Bool
				tapped := &hanging{Bucket: b, down: &down, hang: failure == "hangs"}
				lock := acquire(t, lockStore(tapped, "alice"), LockOptions{})
				time.Sleep(30 * time.Second)
				down.Store(true)
				time.Sleep(time.Minute)
				require.NoError(t, lock.Err(), "one failure is no loss")
				down.Store(false)
				time.Sleep(10 * time.Minute)
				require.NoError(t, lock.Err(), "and it gets well again")

				down.Store(true)
				began := time.Now()
				lost := make(chan time.Duration, 1)
				go func() {
					<-lock.Lost()
					lost <- time.Since(began)
				}()
				second := acquire(t, lockStore(b, "bob"), LockOptions{Timeout: time.Hour})
				require.ErrorContains(t, lock.Err(), "renewed in time")
				taken, lostAfter := time.Since(began), <-lost
				require.Less(t, lostAfter, taken)
				require.GreaterOrEqual(t, lostAfter, Lease-2*renewEvery)
				require.NoError(t, second.Release(t.Context()))
				down.Store(false)
				require.NoError(t, lock.Release(t.Context()))
			})
		})
	}
}

// hanging is a bucket that creates nothing while it is down: it fails or hangs.
type hanging struct {
	bucket.Bucket
	down *atomic.Bool
	hang bool
}

func (h *hanging) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if !h.down.Load() {
		return h.Bucket.Create(ctx, key, body, size, contentType)
	}
	if h.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return errInjected
}
