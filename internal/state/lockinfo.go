package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LockInfo says who holds a lock. Times are those of the holder's clock.
type LockInfo struct {
	Pipeline  string    `json:"pipeline"`
	ID        string    `json:"id"` // for ForceUnlock; the number of the lock where it can't be read
	Operation string    `json:"operation"`
	User      string    `json:"user"`
	Host      string    `json:"host"`
	PID       int       `json:"pid"`
	Machine   string    `json:"machine,omitempty"` // a hash that no other machine has; "" where that isn't known
	Files     []string  `json:"files,omitempty"`   // IDs of the file locks that the holder has beside it
	Since     time.Time `json:"since"`
	Program   string    `json:"program"` // version

	Renewed  time.Time `json:"-"` // when its holder last said that it is alive; zero when not yet
	Renewals int64     `json:"-"` // how often
}

func (i LockInfo) String() string {
	if i.Host == "" {
		return fmt.Sprintf("lock %s, which can't be read", i.ID)
	}
	text := fmt.Sprintf("%s@%s (process %d) since %s, for %s", i.User, i.Host, i.PID, i.Since.Format(time.RFC3339), i.Operation)
	if !i.Renewed.IsZero() {
		text += ", last renewed " + i.Renewed.Format(time.RFC3339)
	}
	return text
}

// sign is the holder's sign of life: an object of its own beside the lock, so that renewing can never overwrite a lock,
// be it that of another holder.
type sign struct {
	ID       string    `json:"id"`
	Renewed  time.Time `json:"renewed"`
	Renewals int64     `json:"renewals"`
}

// foundLock is a lock as it was read.
type foundLock struct {
	number int64
	digest string // of lock and signs: changes when its holder renews it
	info   LockInfo
}

func lockKey(number int64) string { return fmt.Sprintf("%s%08d.json", locksFolder, number) }

func signKey(number int64, id string) string {
	return fmt.Sprintf("%s%08d-%s.json", locksFolder, number, id)
}

func (f *foundLock) signKey() string { return signKey(f.number, f.info.ID) }

// parseLockKey returns the number of a lock, and the ID where the key is that of a sign.
func parseLockKey(key string) (number int64, id string, ok bool) {
	digits, id, isSign := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(key, locksFolder), ".json"), "-")
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || number < 1 {
		return 0, "", false
	}
	if isSign {
		return number, id, signKey(number, id) == key
	}
	return number, "", lockKey(number) == key
}

// Locks returns the locks that there are, by number: none or one, and more only while one is taken over.
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

// readLocks reads all locks, in order, and the keys of signs that belong to none of them.
func (s *Store) readLocks(ctx context.Context) (found []foundLock, strays []string, err error) {
	keys, err := s.list(ctx, locksFolder)
	if err != nil {
		return nil, nil, err
	}
	numbers, signs := sortLockKeys(keys)
	for _, number := range numbers {
		lock, err := s.readLock(ctx, number, signs[number])
		if errors.Is(err, fs.ErrNotExist) {
			continue // released in between
		}
		if err != nil {
			return nil, nil, err
		}
		found = append(found, *lock)
		signs[number] = slices.DeleteFunc(signs[number], func(key string) bool { return key == lock.signKey() })
	}
	for _, left := range signs {
		strays = append(strays, left...)
	}
	return found, strays, nil
}

// sortLockKeys returns the numbers of the locks, ascending, and the keys of the signs by number.
func sortLockKeys(keys []string) (numbers []int64, signs map[int64][]string) {
	signs = map[int64][]string{}
	slices.Sort(keys)
	for _, key := range keys {
		number, id, ok := parseLockKey(key)
		switch {
		case !ok:
		case id == "":
			numbers = append(numbers, number)
		default:
			signs[number] = append(signs[number], key)
		}
	}
	slices.Sort(numbers)
	return numbers, signs
}

// readLock reads a lock and its signs. One that can't be decoded counts as held, by a holder that may live.
func (s *Store) readLock(ctx context.Context, number int64, signs []string) (*foundLock, error) {
	content, err := s.read(ctx, lockKey(number))
	if err != nil {
		return nil, err
	}
	lock := &foundLock{number: number, digest: hexSum(content), info: LockInfo{ID: fmt.Sprintf("%08d", number)}}
	if info, err := decode[LockInfo](s.prefix+lockKey(number), content); err == nil && info.ID != "" {
		lock.info = *info
	}
	for _, key := range signs {
		life, err := s.read(ctx, key)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		lock.digest += hexSum(life)
		if sign, err := decode[sign](s.prefix+key, life); err == nil && sign.ID == lock.info.ID {
			lock.info.Renewed, lock.info.Renewals = sign.Renewed, sign.Renewals
		}
	}
	return lock, nil
}
