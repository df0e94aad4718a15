package state

import (
	"fmt"
	"strings"
)

// LockedError says that another run holds the lock.
type LockedError struct{ Info LockInfo }

func (e *LockedError) Error() string { return fmt.Sprintf("the state is locked by %s", e.Info) }

// Hint says what the user can do.
func (e *LockedError) Hint() string {
	return fmt.Sprintf("to wait for it, set state.lock_timeout (from %s on, a lock that shows no sign of life is taken over); "+
		"where that run is known to be dead, logferry force-unlock %s", Lease+renewEvery, e.Info.ID)
}

// LostError says that the lock of this run is no longer its own.
type LostError struct {
	Info LockInfo
	Why  string
	Err  error // of the newest renewal that failed, or nil
}

func (e *LostError) Error() string {
	text := fmt.Sprintf("the lock %s of this run was lost: %s", e.Info.ID, e.Why)
	if e.Err != nil {
		text += fmt.Sprintf(" (%v)", e.Err)
	}
	return text
}

// Unwrap returns why the lock could not be renewed.
func (e *LostError) Unwrap() error { return e.Err }

// Hint says what the user can do.
func (e *LostError) Hint() string {
	return "what was committed is whole: run plan and apply again once no other run is at work"
}

// NoSuchLockError says that no lock has the ID.
type NoSuchLockError struct {
	ID    string
	Locks []LockInfo // those that there are
}

func (e *NoSuchLockError) Error() string { return fmt.Sprintf("no lock has the ID %q", e.ID) }

// Hint names the locks that there are.
func (e *NoSuchLockError) Hint() string {
	if len(e.Locks) == 0 {
		return "the state is not locked"
	}
	var there []string
	for _, lock := range e.Locks {
		there = append(there, fmt.Sprintf("%s: %s", lock.ID, lock))
	}
	return "there is " + strings.Join(there, "; ")
}

// FileLockedError says that another process of this machine holds a file lock.
type FileLockedError struct{ Path string }

func (e *FileLockedError) Error() string {
	return fmt.Sprintf("another process of this machine works here: it has locked %s", e.Path)
}

// Hint says what the user can do.
func (e *FileLockedError) Hint() string {
	return "wait until that process has ended; the file needn't be removed, a lock ends with its process"
}
