package extract

import "hash/maphash"

// seenSet remembers strings by 128 bits of hash, the latest ones within a bound: two generations, of which the older is
// dropped when the younger is full. It remembers at least the latest `generation` strings. It is not safe for
// concurrent use, except that `has` may be called by many while nobody adds.
type seenSet struct {
	generation int
	young, old map[hash128]struct{}
}

var seedA, seedB = maphash.MakeSeed(), maphash.MakeSeed()

func newSeenSet(generation int) *seenSet {
	return &seenSet{generation: max(generation, 1), young: map[hash128]struct{}{}}
}

type hash128 [2]uint64

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
	if len(s.young) >= s.generation {
		s.old, s.young = s.young, make(map[hash128]struct{}, s.generation)
	}
	s.young[h] = struct{}{}
	return true
}

func (s *seenSet) has(h hash128) bool {
	if _, ok := s.young[h]; ok {
		return true
	}
	_, ok := s.old[h]
	return ok
}
