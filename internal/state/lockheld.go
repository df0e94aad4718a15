package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// Lock is a lock that this run holds. All methods may be called concurrently.
type Lock struct {
	store   *Store
	number  int64
	info    LockInfo
	content []byte    // of the lock object
	alive   time.Time // when the newest request began that showed the lock to be ours
	cancel  context.CancelFunc
	done    chan struct{} // closed when it is no longer renewed
	lost    chan struct{}
	err     *LostError // once lost is closed
}

func newLock(s *Store, number int64, info LockInfo, content []byte, began time.Time) *Lock {
	return &Lock{store: s, number: number, info: info, content: content, alive: began, done: make(chan struct{}), lost: make(chan struct{})}
}

// Info says what others see of the lock.
func (l *Lock) Info() LockInfo { return l.info }

// Lost is closed when another run may have the lock: this one was removed, or could not be renewed in time. The run must
// stop then and write nothing more.
func (l *Lock) Lost() <-chan struct{} { return l.lost }

// Err is nil while the lock is held, and a *LostError once Lost is closed.
func (l *Lock) Err() error {
	select {
	case <-l.lost:
		return l.err
	default:
		return nil
	}
}

// Check asks the bucket whether the lock is still ours: before a step that must not be done by two runs, since a machine that
// slept finds out late. The error is a *LostError where it is not ours, another where that could not be found out.
func (l *Lock) Check(ctx context.Context) error {
	if err := l.Err(); err != nil {
		return err
	}
	return l.check(ctx)
}

// Release stops renewing the lock and removes it, unless it was lost. It does so, within a few seconds, also where ctx has
// ended. Calling it again is harmless.
func (l *Lock) Release(ctx context.Context) error {
	l.cancel()
	<-l.done
	if err := l.remove(ctx); err != nil {
		return fmt.Errorf("release lock: %w", err)
	}
	return nil
}

// remove deletes the sign and the lock, the latter only if it is ours.
func (l *Lock) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if err := l.store.deleteAll(ctx, signKey(l.number, l.info.ID)); err != nil {
		return err
	}
	ours, err := l.ours(ctx)
	if err != nil || !ours {
		return err
	}
	return l.store.deleteAll(ctx, lockKey(l.number))
}

// hold begins to renew the lock.
func (l *Lock) hold(ctx context.Context) {
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(l.done)
		if lost := l.keep(ctx); lost != nil {
			l.err = lost
			close(l.lost)
		}
	}()
}

// keep renews the lock until ctx ends or it is lost.
func (l *Lock) keep(ctx context.Context) *LostError {
	wait := renewEvery
	for renewals := int64(1); ; {
		// Earlier than anybody takes it over, who has seen the newest sign no earlier than it was written.
		end := l.alive.Add(Lease - renewEvery)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(min(wait, time.Until(end))):
		}
		began := time.Now()
		err := l.renew(ctx, end, renewals)
		var lost *LostError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &lost):
			return lost
		case err == nil:
			l.alive, wait = began, renewEvery
			renewals++
		case !time.Now().Before(end):
			return l.lostError("it could not be renewed in time", err)
		default:
			wait = retryEvery
		}
	}
}

// renew writes a new sign of life and checks that the lock is still ours. It gives a request that hangs up in time for
// another one.
func (l *Lock) renew(ctx context.Context, end time.Time, renewals int64) error {
	ctx, cancel := context.WithTimeout(ctx, min(renewEvery, time.Until(end)))
	defer cancel()
	content, err := encode(sign{ID: l.info.ID, Renewed: l.store.now(), Renewals: renewals})
	if err == nil {
		err = l.store.upload(ctx, signKey(l.number, l.info.ID), content)
	}
	if err == nil {
		err = l.check(ctx)
	}
	var lost *LostError
	if errors.As(err, &lost) {
		_ = l.store.deleteAll(ctx, signKey(l.number, l.info.ID)) // or the next holder does
	}
	return err
}

// check finds out whether the lock is ours and nobody is taking it over.
func (l *Lock) check(ctx context.Context) error {
	ours, err := l.ours(ctx)
	if err != nil {
		return err
	}
	if !ours {
		return l.lostError("it was removed", nil)
	}
	keys, err := l.store.list(ctx, locksFolder)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if number, id, ok := parseLockKey(key); ok && id == "" && number > l.number {
			return l.lostError("another run has taken it over", nil)
		}
	}
	return nil
}

// ours says whether the lock object is there as we made it.
func (l *Lock) ours(ctx context.Context) (bool, error) {
	content, err := l.store.read(ctx, lockKey(l.number))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return bytes.Equal(content, l.content), err
}

func (l *Lock) lostError(why string, err error) *LostError {
	return &LostError{Info: l.info, Why: why, Err: err}
}
