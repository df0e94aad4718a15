package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"logferry/internal/state"
	"logferry/internal/verify"
)

// Lock gets the state's lock, after it has checked that every bucket can be used and keeps its promises, and completes what
// a killed run left half done. The context that it returns ends, with the reason as its cause, when the lock is lost.
// unlock gives the lock back; it may be called when ctx has ended. waiting, which may be nil, is told whom it waits for.
//
// With a signing key the error is a *state.ForeignHeadError where the newest commit is not signed by it, and with anchors a
// *verify.HistoryError where the history is another one; nothing is completed then.
func (s *Session) Lock(ctx context.Context, operation string, waiting func(state.LockInfo)) (locked context.Context, unlock func(), err error) {
	locked, unlock, err = s.lockOnly(ctx, operation, waiting)
	if err != nil {
		return nil, nil, err
	}
	if err = s.store.CheckHead(locked, s.state); err == nil {
		err = s.CheckAnchors(locked)
	}
	if err == nil {
		s.warnUnsigned()
		err = s.complete(locked)
	}
	if err != nil {
		unlock()
		return nil, nil, err
	}
	return locked, unlock, nil
}

// CheckAnchors returns a *verify.HistoryError where the history is not the one of Options.Anchors. It needs no lock.
func (s *Session) CheckAnchors(ctx context.Context) error {
	if len(s.opts.Anchors) == 0 {
		return nil
	}
	if err := verify.Against(s.store.History(ctx), s.opts.Anchors); err != nil {
		return fmt.Errorf("compare the state with what was written down: %w", err)
	}
	return nil
}

// warnUnsigned says that a signed history is about to go on without signatures.
func (s *Session) warnUnsigned() {
	if s.state.Signer != "" && s.pipeline.State.SigningKey.IsZero() {
		s.opts.Logger.Warn("the newest commit is signed, and this run has no signing key: what it commits will not be, and a run that has the key refuses to build on it until `logferry state sign`")
	}
}

// lockOnly is Lock for who does not build on the newest commit: it is not looked at, and nothing is completed.
func (s *Session) lockOnly(ctx context.Context, operation string, waiting func(state.LockInfo)) (locked context.Context, unlock func(), err error) {
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
		s.lock = nil
		close(done)
		cancel(nil)
		if err := lock.Release(ctx); err != nil {
			s.opts.Logger.Warn("the lock could not be given back", "error", err)
		}
		release()
	}
	if _, err = s.Load(locked); err != nil {
		unlock()
		return nil, nil, err
	}
	return locked, unlock, nil
}

// errNoSigningKey says that there is nothing to sign with.
var errNoSigningKey = errors.New("the pipeline has no signing key: name one with state.signing_key or state.signing_key_file; `logferry keygen` makes one")

// HeadSignature looks for the newest commit and for the newest that is signed by the pipeline's key. Where there is no state, the error
// is a *NoStateError.
func (s *Session) HeadSignature(ctx context.Context) (*state.HeadSignature, error) {
	if s.pipeline.State.SigningKey.IsZero() {
		return nil, errNoSigningKey
	}
	if _, err := s.Load(ctx); err != nil { // which refuses what belongs to another state
		return nil, err
	}
	found, err := s.store.HeadSignature(ctx)
	if err == nil && found.Head == nil {
		err = s.NoState()
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

// HeadMovedError says that the newest commit is not the one that was shown to whoever was asked.
type HeadMovedError struct{ Serial int64 }

func (e *HeadMovedError) Error() string {
	return fmt.Sprintf("the newest commit is another one by now, %d: nothing was signed", e.Serial)
}

// Hint is what the user can do about it.
func (*HeadMovedError) Hint() string { return "run `logferry state sign` again, and look at that one" }

// SignHead gets the lock and signs the newest commit if it is the one with the hash, see state.Store.SignHead. Where it is another one by
// now, the error is a *HeadMovedError.
func (s *Session) SignHead(ctx context.Context, hash string, waiting func(state.LockInfo)) error {
	if s.pipeline.State.SigningKey.IsZero() {
		return errNoSigningKey
	}
	ctx, unlock, err := s.lockOnly(ctx, "state sign", waiting)
	if err != nil {
		return err
	}
	defer unlock()
	if s.state.Head != hash {
		return &HeadMovedError{s.state.Serial}
	}
	return s.store.SignHead(ctx, s.state, state.Change{Operation: "state sign", Config: s.pipeline.Hash()})
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
