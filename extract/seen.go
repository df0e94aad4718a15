package extract

import (
	"hash/maphash"
	"math"
)

// seenSet remembers strings by 128 bits of hash, the latest ones within a bound: two generations, of which the older is
// dropped when the younger is full. It remembers at least the latest `generation` strings. It is not safe for
// concurrent use, except that `has` may be called by many while nobody adds.
type seenSet struct {
	generation int
	young, old hashTable
}

var seedA, seedB = maphash.MakeSeed(), maphash.MakeSeed()

func newSeenSet(generation int) *seenSet { return &seenSet{generation: max(generation, 1)} }

type hash128 [2]uint64

// noHash is greater than all hashes.
var noHash = hash128{math.MaxUint64, math.MaxUint64}

// min compares the first halves only.
func (h hash128) min(other hash128) hash128 {
	if other[0] < h[0] {
		return other
	}
	return h
}

func hashText(s string) hash128 {
	return hash128{maphash.String(seedA, s), maphash.String(seedB, s)}
}

func hashBytes(b []byte) hash128 {
	return hash128{maphash.Bytes(seedA, b), maphash.Bytes(seedB, b)}
}

// add returns whether the hash is new.
func (s *seenSet) add(h hash128) bool {
	if s.has(h) {
		return false
	}
	if s.young.count >= s.generation {
		s.old, s.young = s.young, hashTable{}
	}
	s.young.add(h)
	return true
}

func (s *seenSet) has(h hash128) bool { return s.young.has(h) || s.old.has(h) }

// hashTable is a set of hashes with open addressing. A built-in map of them took a tenth of a list-only walk's CPU.
type hashTable struct {
	slots []hash128 // a power of two, at most half of it taken; the zero hash is an empty slot
	count int
}

// place returns the slot that holds the hash or would.
func (t *hashTable) place(h hash128) *hash128 {
	mask := uint64(len(t.slots) - 1)
	for i := h[0] & mask; ; i = (i + 1) & mask {
		if slot := &t.slots[i]; *slot == h || *slot == (hash128{}) {
			return slot
		}
	}
}

func (t *hashTable) has(h hash128) bool { return t.count > 0 && *t.place(h) == h }

func (t *hashTable) add(h hash128) {
	if 2*t.count >= len(t.slots) {
		old := t.slots
		t.slots = make([]hash128, max(64, 2*len(old)))
		for _, o := range old {
			if o != (hash128{}) {
				*t.place(o) = o
			}
		}
	}
	*t.place(h) = h
	t.count++
}
