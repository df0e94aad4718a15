package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// Lock is a lock that this run holds. All methods may be called concurrently.
type Lock struct {
	store   *Store
	number  int64
	info    LockInfo
	content []byte    // of the lock object
	alive   time.Time // when the newest request began that showed the lock to be ours
	tries   int64     // to renew it
	signs   []string  // keys of signs that may be there, the newest last
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

// remove ends the lock if it is ours, and removes its signs, or leaves them to the next holder. It isn't renewed.
func (l *Lock) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	ours, err := l.ours(ctx)
	if err == nil && ours {
		err = l.store.end(ctx, l.number, l.info.ID)
	}
	_ = l.store.deleteAll(ctx, l.signs...)
	return err
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
	for {
		// Earlier than anybody takes it over, who has seen the newest sign no earlier than it was written.
		end := l.alive.Add(Lease - renewEvery)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(min(wait, time.Until(end))):
		}
		began := time.Now()
		err := l.renew(ctx, end)
		var lost *LostError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &lost):
			return lost
		case err == nil:
			l.alive, wait = began, renewEvery
		case !time.Now().Before(end):
			return l.lostError("it could not be renewed in time", err)
		default:
			wait = retryEvery
		}
	}
}

// renew writes a new sign of life and checks that the lock is still ours. It gives a request that hangs up in time for
// another one. Each try has a key of its own: what became of the one before need not be known.
func (l *Lock) renew(ctx context.Context, end time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, min(renewEvery, time.Until(end)))
	defer cancel()
	l.tries++
	content, err := encode(sign{ID: l.info.ID, Renewed: l.store.now(), Renewals: l.tries})
	if err != nil {
		return err
	}
	key := renewalKey(l.number, l.info.ID, l.tries)
	l.signs = append(l.signs, key)
	if _, err = l.store.create(ctx, key, content, jsonType); err == nil {
		err = l.check(ctx)
	}
	var lost *LostError
	switch {
	case errors.As(err, &lost):
		_ = l.store.deleteAll(ctx, l.signs...) // or the next holder does
	case err == nil:
		l.dropSigns(ctx)
	}
	return err
}

// dropSigns removes the signs before the newest two, as far as the bucket lets it: whoever has listed one can still read it.
func (l *Lock) dropSigns(ctx context.Context) {
	for len(l.signs) > 2 && l.store.deleteAll(ctx, l.signs[0]) == nil {
		l.signs = l.signs[1:]
	}
}

// check finds out whether the lock is ours and nobody is taking it over.
func (l *Lock) check(ctx context.Context) error {
	ours, err := l.ours(ctx)
	if err != nil {
		return err
	}
	there, err := l.store.listLocks(ctx)
	if err != nil {
		return err
	}
	if !ours || slices.ContainsFunc(there, func(o lockObjects) bool { return o.number == l.number && o.released(l.info.ID) }) {
		return l.lostError("it was removed", nil)
	}
	if slices.ContainsFunc(there, func(o lockObjects) bool { return o.number > l.number && o.lock && len(o.marks) == 0 }) {
		return l.lostError("another run has taken it over", nil)
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
