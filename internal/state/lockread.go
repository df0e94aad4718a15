package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
)

// foundLock is a lock as it was read.
type foundLock struct {
	number int64
	digest string // of lock and signs: changes when its holder renews it
	info   LockInfo
	there  *lockObjects
}

// Locks returns the locks that are held, by number: none or one, and more only while one is taken over.
func (s *Store) Locks(ctx context.Context) ([]LockInfo, error) {
	found, _, err := s.readLocks(ctx)
	if err != nil {
		return nil, fmt.Errorf("read locks: %w", err)
	}
	infos := make([]LockInfo, len(found))
	for i := range found {
		infos[i] = found[i].info
	}
	return infos, nil
}

// readLocks reads the locks that are not released, in order, and lists what there is of any.
func (s *Store) readLocks(ctx context.Context) (found []foundLock, there []lockObjects, err error) {
	there, err = s.listLocks(ctx)
	if err != nil {
		return nil, nil, err
	}
	for i := range there {
		o := &there[i]
		// Where nothing can be removed there may be many that are over, so that only the highest is read although it is marked: an
		// earlier program begins at 1 again, and its lock may meet the mark of another one.
		if !o.lock || len(o.marks) > 0 && i < len(there)-1 {
			continue
		}
		lock, err := s.readLock(ctx, o)
		switch {
		case errors.Is(err, fs.ErrNotExist): // released in between
		case err != nil:
			return nil, nil, err
		case !o.released(lock.info.ID):
			found = append(found, *lock)
		}
	}
	return found, there, nil
}

// readLock reads a lock and its signs. One that can't be decoded counts as held, by a holder that may live.
func (s *Store) readLock(ctx context.Context, o *lockObjects) (*foundLock, error) {
	content, err := s.read(ctx, lockKey(o.number))
	if err != nil {
		return nil, err
	}
	lock := &foundLock{number: o.number, there: o, info: LockInfo{ID: fmt.Sprintf("%08d", o.number)}}
	if info, err := decode[LockInfo](s.prefix+lockKey(o.number), content); err == nil && info.ID != "" {
		lock.info = *info
	}
	digest := sha256.New()
	digest.Write(content)
	for i, name := range o.signs {
		_, _ = fmt.Fprintln(digest, name.key)
		if name.renewal > 0 && i < len(o.signs)-1 {
			continue // never overwritten: its key tells all
		}
		life, err := s.read(ctx, name.key)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		digest.Write(life)
		if sign, err := decode[sign](s.prefix+name.key, life); err == nil && sign.ID == lock.info.ID {
			lock.info.Renewed, lock.info.Renewals = sign.Renewed, sign.Renewals
		}
	}
	lock.digest = hex.EncodeToString(digest.Sum(nil))
	return lock, nil
}
