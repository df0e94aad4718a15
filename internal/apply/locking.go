package apply

import (
	"context"
	"errors"
	"time"

	"logferry/internal/state"
)

// Lock gets the state's lock, after it has checked that every bucket can be used and keeps its promises, and completes what
// a killed run left half done. The context that it returns ends, with the reason as its cause, when the lock is lost.
// unlock gives the lock back; it may be called when ctx has ended. waiting, which may be nil, is told whom it waits for.
func (s *Session) Lock(ctx context.Context, operation string, waiting func(state.LockInfo)) (locked context.Context, unlock func(), err error) {
	if _, err := s.Load(ctx); err != nil { // before anything is written to a sink that is somebody else's
		return nil, nil, err
	}
	if err := s.check(ctx); err != nil {
		return nil, nil, err
	}
	if err := s.store.Probe(ctx); err != nil {
		return nil, nil, err
	}
	began := time.Now()
	release, folders, err := s.waitForFiles(ctx, waiting)
	if err != nil {
		return nil, nil, err
	}
	lock, err := s.store.Acquire(ctx, state.LockOptions{
		Operation: operation, Timeout: max(s.pipeline.State.LockTimeout-time.Since(began), 0), OnWait: waiting, Folders: folders,
		// Its holder had a lock file that we have now: it is dead.
		LocalProof: func(state.LockInfo) bool { return true },
	})
	if err != nil {
		release()
		return nil, nil, err
	}
	s.lock = lock
	locked, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		select {
		case <-lock.Lost():
			cancel(lock.Err())
		case <-done:
		}
	}()
	unlock = func() {
		s.signLast(ctx)
		s.lock = nil
		close(done)
		cancel(nil)
		if err := lock.Release(ctx); err != nil {
			s.opts.Logger.Warn("the lock could not be given back", "error", err)
		}
		release()
	}
	if _, err = s.Load(locked); err == nil {
		err = s.signHead(locked)
	}
	if err == nil {
		err = s.complete(locked)
	}
	if err != nil {
		unlock()
		return nil, nil, err
	}
	return locked, unlock, nil
}

// signHead signs the newest commit where a run was killed before it could. Whose it is can't be told from here, so it is said.
func (s *Session) signHead(ctx context.Context) error {
	signed, err := s.store.SignHead(ctx, s.state)
	if signed {
		s.opts.Logger.Warn("the newest commit had no signature and was signed now: an earlier run was killed before it could, or had no key",
			"serial", s.state.Serial, "head", s.state.Head)
	}
	return err
}

// signTime is how long the last signature of a run may take when it was interrupted.
const signTime = 10 * time.Second

// signLast signs the newest commit where that failed after it was written.
func (s *Session) signLast(ctx context.Context) {
	if s.state == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signTime)
	defer cancel()
	if _, err := s.store.SignHead(ctx, s.state); err != nil {
		s.opts.Logger.Warn("the newest commit is not signed; the next run tries again", "error", err)
	}
}

// fileRetry is how often a file lock is tried that another process holds.
const fileRetry = 250 * time.Millisecond

// waitForFiles is lockFiles, tried for as long as the configuration says.
func (s *Session) waitForFiles(ctx context.Context, waiting func(state.LockInfo)) (release func(), folders []string, err error) {
	end := time.Now().Add(s.pipeline.State.LockTimeout)
	for told := false; ; {
		release, folders, err = s.lockFiles()
		var held *state.FileLockedError
		if err == nil || !errors.As(err, &held) {
			return release, folders, err
		}
		err = s.heldBy(ctx, err)
		if !time.Now().Before(end) {
			return nil, nil, err
		}
		var locked *state.LockedError
		if errors.As(err, &locked) && !told && waiting != nil {
			told = true
			waiting(locked.Info)
		}
		select {
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		case <-time.After(fileRetry):
		}
	}
}

// lockFiles locks the folders of this machine that two runs of one state would share: that of the state, where it is
// local, and that of the spool.
func (s *Session) lockFiles() (release func(), folders []string, err error) {
	spool, err := s.spoolFolder()
	if err != nil {
		return nil, nil, err
	}
	var held []func()
	release = func() {
		for _, r := range held {
			r()
		}
	}
	folders = []string{spool}
	if s.place.folder != "" {
		folders = []string{s.place.folder, spool}
	}
	for _, f := range folders {
		r, err := state.LockFile(f)
		if err != nil {
			release()
			return nil, nil, err
		}
		held = append(held, r)
	}
	return release, folders, nil
}

// heldBy tells, where a file lock is held, by which run.
func (s *Session) heldBy(ctx context.Context, err error) error {
	var file *state.FileLockedError
	if !errors.As(err, &file) {
		return err
	}
	locks, _ := s.store.Locks(ctx)
	if len(locks) > 0 {
		return &state.LockedError{Info: locks[0]}
	}
	return err
}

// ForceUnlock removes the lock with an ID, whoever holds it.
func (s *Session) ForceUnlock(ctx context.Context, id string) error {
	return s.store.ForceUnlock(ctx, id)
}
