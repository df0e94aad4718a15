package spool

import (
	"hash/maphash"
	"slices"
)

// IDSet is a set of ids in eight bytes each: their hashes, sorted. Among a million ids, one in 18 million million others is
// taken for one of them by mistake. Add is for one goroutine; after Seal, Has may be called by many.
type IDSet struct {
	seed   maphash.Seed
	hashes []uint64
}

// NewIDSet returns an empty set.
func NewIDSet() *IDSet { return &IDSet{seed: maphash.MakeSeed()} }

// Add adds an id. Seal has to follow before Has.
func (s *IDSet) Add(id string) { s.hashes = append(s.hashes, maphash.String(s.seed, id)) }

// Seal ends a series of Add.
func (s *IDSet) Seal() {
	slices.Sort(s.hashes)
	s.hashes = slices.Clip(slices.Compact(s.hashes))
}

// Has says whether an id is in the set.
func (s *IDSet) Has(id string) bool {
	_, ok := slices.BinarySearch(s.hashes, maphash.String(s.seed, id))
	return ok
}

// Len is how many ids the set has.
func (s *IDSet) Len() int { return len(s.hashes) }
