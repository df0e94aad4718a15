package state

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// lastNumber is the highest number that a lock can have: keys with higher ones are not ours.
const lastNumber = 999_999_999_999

func lockKey(number int64) string { return fmt.Sprintf("%s%08d.json", locksFolder, number) }

// signKey is that of the one sign of life that a holder overwrites. Earlier programs do so; it is read still.
func signKey(number int64, id string) string {
	return fmt.Sprintf("%s%08d-%s.json", locksFolder, number, id)
}

// renewalKey is that of one sign of life.
func renewalKey(number int64, id string, renewal int64) string {
	return fmt.Sprintf("%s%08d-%s.%08d.json", locksFolder, number, id, renewal)
}

// releasedKey is that of the mark that a lock is over. A program that doesn't know it takes it for somebody's sign of life.
func releasedKey(number int64, id string) string {
	return fmt.Sprintf("%s%08d-%s.released.json", locksFolder, number, id)
}

// lockName is what the key of a sign or a mark says.
type lockName struct {
	key     string
	id      string // of the lock
	renewal int64  // 0 for a sign that is overwritten
}

// lockObjects are the objects of one number.
type lockObjects struct {
	number int64
	lock   bool       // the lock itself is there
	signs  []lockName // the newest comes last
	marks  []lockName
}

func (o *lockObjects) released(id string) bool {
	return slices.ContainsFunc(o.marks, func(m lockName) bool { return m.id == id })
}

// keys are all of them, in the order in which they can be removed: a lock is never there without the mark that it is over.
func (o *lockObjects) keys() []string {
	var keys []string
	if o.lock {
		keys = append(keys, lockKey(o.number))
	}
	for _, n := range slices.Concat(o.signs, o.marks) {
		keys = append(keys, n.key)
	}
	return keys
}

// add takes in a key of the number. One that isn't ours is left out.
func (o *lockObjects) add(key string) bool {
	_, rest, more := strings.Cut(strings.TrimSuffix(key, ".json"), "-")
	if !more {
		o.lock = o.lock || key == lockKey(o.number)
		return key == lockKey(o.number)
	}
	id, what, more := strings.Cut(rest, ".")
	renewal, err := strconv.ParseInt(what, 10, 64)
	switch {
	case !more && key == signKey(o.number, id):
		o.signs = append(o.signs, lockName{key: key, id: id})
	case key == releasedKey(o.number, id):
		o.marks = append(o.marks, lockName{key: key, id: id})
	case err == nil && renewal > 0 && key == renewalKey(o.number, id, renewal):
		o.signs = append(o.signs, lockName{key: key, id: id, renewal: renewal})
	default:
		return false
	}
	return true
}

// listLocks returns what there is of locks, ascending by number. Other keys are left out.
func (s *Store) listLocks(ctx context.Context) ([]lockObjects, error) {
	keys, err := s.list(ctx, locksFolder)
	if err != nil {
		return nil, err
	}
	return sortLockKeys(keys), nil
}

func sortLockKeys(keys []string) []lockObjects {
	byNumber := map[int64]*lockObjects{}
	for _, key := range keys {
		digits := strings.TrimPrefix(key, locksFolder)
		if end := strings.IndexAny(digits, "-."); end >= 0 {
			digits = digits[:end]
		}
		number, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || number < 1 || number > lastNumber {
			continue
		}
		known := byNumber[number]
		if known == nil {
			known = &lockObjects{number: number}
		}
		if known.add(key) {
			byNumber[number] = known
		}
	}
	sorted := make([]lockObjects, 0, len(byNumber))
	for _, o := range byNumber {
		slices.SortFunc(o.signs, func(a, b lockName) int { return cmp.Or(cmp.Compare(a.renewal, b.renewal), cmp.Compare(a.key, b.key)) })
		sorted = append(sorted, *o)
	}
	slices.SortFunc(sorted, func(a, b lockObjects) int { return cmp.Compare(a.number, b.number) })
	return sorted
}
