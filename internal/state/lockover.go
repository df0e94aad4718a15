package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// mostSwept is how many objects of locks that are over one run removes, while it has the lock: there are many where a bucket kept
// them for a time.
const mostSwept = 1000

// end ends a lock: it marks it as over, and removes it. Either is enough, since there are buckets that remove nothing, and the
// mark keeps the number from being given again, since there are buckets that create no key twice.
func (s *Store) end(ctx context.Context, number int64, id string) error {
	content, err := encode(released{ID: id, Released: s.now(), By: s.o.User + "@" + s.o.Host})
	if err == nil {
		_, err = s.create(ctx, releasedKey(number, id), content, jsonType)
	}
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if removal := s.deleteAll(ctx, lockKey(number)); removal != nil && err != nil {
		return errors.Join(removal, err)
	}
	return nil
}

// retire ends the lock of another run. Its signs stay, and the mark.
func (s *Store) retire(ctx context.Context, f *foundLock) error {
	if err := s.end(ctx, f.number, f.info.ID); err != nil {
		return err
	}
	f.there.marks = append(f.there.marks, lockName{key: releasedKey(f.number, f.info.ID), id: f.info.ID})
	return nil
}

// sweep removes what is there of numbers below ours, oldest first, as far as the bucket lets it: nothing depends on it. The
// highest number stays known, since the lock is ours.
func (s *Store) sweep(ctx context.Context, there []lockObjects, ours int64) {
	ctx, cancel := context.WithTimeout(ctx, cleanupTime) // the lock isn't renewed yet
	defer cancel()
	left := mostSwept
	for i := range there {
		for _, key := range there[i].keys() {
			if left--; left < 0 || there[i].number >= ours || s.deleteAll(ctx, key) != nil {
				return
			}
		}
	}
}

func (s *Store) deleteAll(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := s.bucket.Delete(ctx, s.prefix+key); err != nil {
			return err
		}
	}
	return nil
}

// ForceUnlock ends the lock with the ID, whoever holds it. Its holder, if it lives, notices when it renews the lock
// and stops. Where no lock has the ID, the error is a *NoSuchLockError.
func (s *Store) ForceUnlock(ctx context.Context, id string) error {
	found, _, err := s.readLocks(ctx)
	if err != nil {
		return fmt.Errorf("read locks: %w", err)
	}
	missing := &NoSuchLockError{ID: id}
	for i := range found {
		if found[i].info.ID != id {
			missing.Locks = append(missing.Locks, found[i].info)
			continue
		}
		if err := s.retire(ctx, &found[i]); err != nil {
			return fmt.Errorf("remove lock: %w", err)
		}
		for _, sign := range found[i].there.signs {
			_ = s.deleteAll(ctx, sign.key) // or the next holder does
		}
		return nil
	}
	return missing
}
