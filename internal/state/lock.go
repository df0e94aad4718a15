package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
)

// Lease is how long a lock must show no sign of life before a waiting run takes it over. A holder that could not renew its
// lock stops a renewal's time earlier.
const Lease = 2 * time.Minute

const (
	renewEvery = 20 * time.Second
	retryEvery = 2 * time.Second // after a renewal that failed
	pollEvery  = time.Second
)

// LockOptions say how to get a lock.
type LockOptions struct {
	Operation string        // what for: "apply"
	Timeout   time.Duration // how long to wait for a lock that is held; 0 refuses at once
	// OnWait is told of each lock that is waited for; nil for nobody.
	OnWait func(LockInfo)
	// Folders are those that this run has locked with LockFile, and keeps locked until after Release. They are noted in
	// the lock.
	Folders []string
	// LocalProof says whether the holder of a lock that was made on this machine can't be alive, since the caller has the
	// file lock that the holder must have had. It is asked only about locks that note one of the Folders; without Folders,
	// about all. nil proves nothing.
	LocalProof func(LockInfo) bool
}

// Acquire gets the state's lock, which one run at a time holds, and renews it until Release, which the caller must call;
// ending ctx does not release it. Where another run holds the lock, and still does after the timeout, the error is a
// *LockedError.
//
// A lock of a dead run is taken over where LocalProof proves that, or after its sign of life has not changed for
// Lease while this run waited, by this machine's clock: clocks of two machines are never compared.
func (s *Store) Acquire(ctx context.Context, o LockOptions) (*Lock, error) {
	began := time.Now()
	watched := watch{}
	var told string
	for {
		lock, err := s.tryLock(ctx, o, watched)
		if err == nil {
			return lock, nil
		}
		var locked *LockedError
		if !errors.As(err, &locked) || time.Since(began) >= o.Timeout {
			return nil, fmt.Errorf("lock the state: %w", err)
		}
		if o.OnWait != nil && locked.Info.ID != told {
			told = locked.Info.ID
			o.OnWait(locked.Info)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("lock the state: %w", errors.Join(ctx.Err(), locked))
		case <-time.After(pollEvery):
		}
	}
}

// errUsed says that a number was another lock's. Nobody sees it but where a bucket refuses every number.
var errUsed = errors.New("the bucket says of every lock that it is there already, and shows none: keep the state elsewhere (state.url)")

// tryLock makes a lock if there is none but stale ones, and keeps it if nobody else made one meanwhile.
func (s *Store) tryLock(ctx context.Context, o LockOptions, watched watch) (*Lock, error) {
	for used := int64(0); ; {
		lock, number, err := s.tryNumber(ctx, o, watched, used)
		if !errors.Is(err, errUsed) || number >= lastNumber {
			return lock, err
		}
		used = number
	}
}

// tryNumber tries to lock with a number above all that were ever seen. The error is errUsed where it turns out that another lock
// had it: the caller tries again with what is listed then.
func (s *Store) tryNumber(ctx context.Context, o LockOptions, watched watch, used int64) (lock *Lock, number int64, err error) {
	found, there, err := s.readLocks(ctx)
	if err != nil {
		return nil, 0, err
	}
	stale := map[int64]string{}
	for i := range found {
		if !watched.stale(&found[i]) && !s.proved(&found[i], o) {
			return nil, 0, &LockedError{Info: found[i].info}
		}
		stale[found[i].number] = found[i].digest
	}
	number = 1 + highest(there)
	if number <= used {
		number = min(2*used, lastNumber) // nothing that is listed tells how many there were
	}
	lock, err = s.claim(ctx, number, o)
	if err != nil {
		return nil, number, err
	}
	if err = s.settle(ctx, lock, stale); err == nil {
		lock.hold(ctx)
		return lock, number, nil
	}
	if removal := lock.remove(ctx); removal != nil {
		return nil, 0, errors.Join(err, removal)
	}
	return nil, number, err
}

// highest is the highest number of which there is anything, 0 for none.
func highest(there []lockObjects) int64 {
	if len(there) == 0 {
		return 0
	}
	return there[len(there)-1].number
}

func (s *Store) proved(f *foundLock, o LockOptions) bool {
	if o.LocalProof == nil || f.info.Machine == "" || f.info.Machine != s.o.Machine {
		return false
	}
	common := func(id string) bool { return slices.Contains(f.info.Files, id) }
	return (len(o.Folders) == 0 || slices.ContainsFunc(fileLockIDs(o.Folders), common)) && o.LocalProof(f.info)
}

// claim creates the lock with the number. The error is errUsed where the bucket refuses that although there is no such object:
// it keeps the number of a lock that was removed.
func (s *Store) claim(ctx context.Context, number int64, o LockOptions) (*Lock, error) {
	began := time.Now()
	info := LockInfo{
		Pipeline: s.pipeline, ID: s.o.NewID(), Operation: o.Operation, User: s.o.User, Host: s.o.Host, PID: os.Getpid(),
		Machine: s.o.Machine, Files: fileLockIDs(o.Folders), Since: s.now(), Program: s.o.Version,
	}
	content, err := encode(info)
	if err != nil {
		return nil, err
	}
	found, err := s.create(ctx, lockKey(number), content, jsonType)
	switch {
	case err == nil:
		return newLock(s, number, info, content, began), nil
	case errors.Is(err, fs.ErrExist) && errors.Is(err, fs.ErrNotExist):
		return nil, errUsed
	case found == nil && !errors.Is(err, fs.ErrExist):
		// It may have been made although the answer says otherwise.
		_ = newLock(s, number, info, content, began).remove(ctx)
		return nil, err
	}
	other := LockInfo{ID: fmt.Sprintf("%08d", number)}
	if known, err := decode[LockInfo](s.prefix+lockKey(number), found); err == nil {
		other = *known
	}
	return nil, &LockedError{Info: other}
}

// settle makes sure that there is no other lock than ours and the stale ones, and then removes those. Two runs that see
// each other here both step back. The error is errUsed where a higher number was given meanwhile, or ours before: whoever has
// listed for long may come with a number that is over, and others would not look at it.
func (s *Store) settle(ctx context.Context, lock *Lock, stale map[int64]string) error {
	found, there, err := s.readLocks(ctx)
	if err != nil {
		return err
	}
	ours := false
	for i := range found {
		if found[i].number == lock.number && found[i].info.ID == lock.info.ID {
			ours = true
		} else if stale[found[i].number] != found[i].digest {
			return &LockedError{Info: found[i].info}
		}
	}
	if usedUp(there, lock) {
		return errUsed
	}
	if !ours {
		return lock.lostError("it was removed", nil)
	}
	for i := range found {
		if found[i].number != lock.number {
			if err := s.retire(ctx, &found[i]); err != nil {
				return err
			}
		}
	}
	s.sweep(ctx, there, lock.number)
	return nil
}

// usedUp says whether a lock that was just made has a number that another had, or one below another's.
func usedUp(there []lockObjects, lock *Lock) bool {
	return slices.ContainsFunc(there, func(o lockObjects) bool {
		marked := slices.ContainsFunc(o.marks, func(m lockName) bool { return m.id != lock.info.ID })
		return o.number > lock.number || o.number == lock.number && marked
	})
}

// watch remembers since when, by this machine's clock, locks have not changed.
type watch map[int64]watched

type watched struct {
	digest string
	since  time.Time
}

// stale says whether the lock has not changed for Lease.
func (w watch) stale(f *foundLock) bool {
	if known, ok := w[f.number]; ok && known.digest == f.digest {
		return time.Since(known.since) >= Lease
	}
	w[f.number] = watched{digest: f.digest, since: time.Now()}
	return false
}
