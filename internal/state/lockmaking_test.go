package state

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

// TestALockWhoseMakingFailsIsLeftByNobody fails each request of Acquire, before and after it was done.
func TestALockWhoseMakingFailsIsLeftByNobody(t *testing.T) {
	for _, after := range []bool{false, true} {
		for fail := 1; ; fail++ {
			b := openBucket(t, "mem://")
			dead := acquire(t, lockStore(b, "alice"), LockOptions{})
			kill(dead)
			count := 0
			inject := func(string, string) error {
				if count++; count == fail {
					return errInjected
				}
				return nil
			}
			tapped := &tap{Bucket: b, before: inject}
			if after {
				tapped.before, tapped.after = nil, inject
			}
			o := LockOptions{LocalProof: func(LockInfo) bool { return true }}
			lock, err := lockStore(tapped, "alice").Acquire(t.Context(), o)
			tapped.before, tapped.after = nil, nil
			if err == nil {
				require.NoError(t, lock.Check(t.Context()))
				require.NoError(t, lock.Release(t.Context()))
			} else {
				require.ErrorIs(t, err, errInjected)
				locks, err := lockStore(b, "").Locks(t.Context())
				require.NoError(t, err)
				for _, lock := range locks {
					require.Equal(t, dead.Info().ID, lock.ID, "request %d", fail)
				}
			}
			if count < fail {
				break
			}
		}
	}
}

// TestALockIsGivenUpWhereAnythingChangedWhileItWasMade changes the locks between the two looks at them.
func TestALockIsGivenUpWhereAnythingChangedWhileItWasMade(t *testing.T) {
	proof := LockOptions{LocalProof: func(LockInfo) bool { return true }}
	tests := map[string]struct {
		dead   bool // there is a lock that counts as stale
		meddle func(t *testing.T, b bucket.Bucket, key string)
		left   []string
	}{
		"another lock": {false, func(t *testing.T, b bucket.Bucket, key string) {
			put(t, b, testPrefix+lockKey(2), get(t, b, key))
		}, []string{lockKey(2)}},
		"a sign of life": {true, func(t *testing.T, b bucket.Bucket, _ string) {
			locks, err := lockStore(b, "").Locks(t.Context())
			require.NoError(t, err)
			put(t, b, testPrefix+signKey(1, locks[0].ID), "alive")
		}, []string{lockKey(1), "sign"}},
		"ours was removed": {false, func(t *testing.T, b bucket.Bucket, key string) {
			require.NoError(t, b.Delete(t.Context(), key))
		}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := openBucket(t, "mem://")
			if test.dead {
				kill(acquire(t, lockStore(b, "alice"), LockOptions{}))
			}
			tapped := &tap{Bucket: b, after: func(op, key string) error {
				if op == "create" {
					test.meddle(t, b, key)
				}
				return nil
			}}
			_, err := lockStore(tapped, "alice").Acquire(t.Context(), proof)
			require.Error(t, err)
			left := slices.DeleteFunc(keysOf(t, b, ""), func(key string) bool { return strings.HasSuffix(key, ".released.json") })
			require.Len(t, left, len(test.left), "ours is gone, those of others are not")
			if len(test.left) > 0 {
				require.Contains(t, left, testPrefix+test.left[0])
			}
		})
	}
}

func TestALockThatWasMadeUnseenIsRemovedAgain(t *testing.T) {
	b := openBucket(t, "mem://")
	reads := 0
	tapped := &tap{Bucket: b, after: func(op, _ string) error {
		if op == "open" {
			reads++
		}
		if op == "create" || op == "open" && reads == 1 {
			return errInjected // made, and it can't be read back at first
		}
		return nil
	}}
	_, err := lockStore(tapped, "alice").Acquire(t.Context(), LockOptions{})
	require.ErrorIs(t, err, errInjected)
	requireReleased(t, b)
}

func TestSignsWithoutALockAreRemovedByTheNextHolder(t *testing.T) {
	b := openBucket(t, "mem://")
	put(t, b, testPrefix+signKey(7, "gone"), "{}")
	put(t, b, testPrefix+locksFolder+"readme", "not ours")
	lock := acquire(t, lockStore(b, "alice"), LockOptions{})
	require.ElementsMatch(t, []string{testPrefix + lockKey(8), testPrefix + locksFolder + "readme"}, keysOf(t, b, ""))
	require.NoError(t, lock.Release(t.Context()))
}
