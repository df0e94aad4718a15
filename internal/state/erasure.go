package state

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"sort"
	"time"
)

// Erasure is what was erased from a partition at one time, without whom.
type Erasure struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`     // user@host
	Reason string    `json:"reason"` // in the words of who asked for it
	// Partition is where it was done, its path, where that was a partition of another size: "" for the one that has this.
	Partition   string `json:"partition,omitempty"`
	Version     int    `json:"version"` // that it made
	Rows        int64  `json:"rows"`
	Quarantined int64  `json:"quarantined,omitzero"` // records in quarantine, those with a row included
	// The digests of the rows before and after: Manifest.IDs and Manifest.Root. There is no root before where there was none.
	IDsBefore  string `json:"ids_before"`
	IDsAfter   string `json:"ids_after"`
	RootBefore string `json:"root_before,omitempty"`
	RootAfter  string `json:"root_after"`
}

// The sizes, in bytes, of what ErasedIDs are made of.
const (
	SaltSize   = 32
	erasedSize = 16
)

// ErasedIDs are the log_ids of erased records, none of which is to be exported again. They are hashes, so that who reads them learns no id.
type ErasedIDs struct {
	Salt []byte `json:"salt"` // SaltSize random bytes
	// IDs are the first 16 bytes of HMAC-SHA-256 of each id under the salt, sorted and one after the other.
	IDs []byte `json:"ids"`
}

func (g *ErasedIDs) hash(id string) [erasedSize]byte {
	mac := hmac.New(sha256.New, g.Salt)
	mac.Write([]byte(id))
	return [erasedSize]byte(mac.Sum(nil))
}

func (g *ErasedIDs) len() int { return len(g.IDs) / erasedSize }

func (g *ErasedIDs) at(i int) []byte { return g.IDs[i*erasedSize : (i+1)*erasedSize] }

func (g *ErasedIDs) has(id string) bool {
	hash := g.hash(id)
	_, found := sort.Find(g.len(), func(i int) int { return bytes.Compare(hash[:], g.at(i)) })
	return found
}

// problem says what is wrong with them, "" for nothing.
func (g *ErasedIDs) problem() string {
	if len(g.Salt) != SaltSize || len(g.IDs) == 0 || len(g.IDs)%erasedSize != 0 {
		return fmt.Sprintf("its erased ids have a salt of %d bytes, and %d bytes of hashes", len(g.Salt), len(g.IDs))
	}
	for i := 1; i < g.len(); i++ {
		if bytes.Compare(g.at(i-1), g.at(i)) >= 0 {
			return "its erased ids are not sorted"
		}
	}
	return ""
}

// with returns the group with more hashes, in memory of its own.
func (g *ErasedIDs) with(more []byte) ErasedIDs {
	all := slices.Collect(slices.Chunk(slices.Concat(g.IDs, more), erasedSize))
	slices.SortFunc(all, bytes.Compare)
	return ErasedIDs{Salt: g.Salt, IDs: slices.Concat(slices.CompactFunc(all, bytes.Equal)...)}
}

// ErasedSet is what several lists of ErasedIDs amount to. A nil one is empty. Has may be called concurrently, but not beside the others.
type ErasedSet struct{ groups []ErasedIDs }

// Has says whether an id is among them. Of 2^64 other ids about one is taken for one of them by mistake, where there are that many.
func (s *ErasedSet) Has(id string) bool {
	return s != nil && slices.ContainsFunc(s.groups, func(g ErasedIDs) bool { return g.has(id) })
}

// Len is how many ids there are.
func (s *ErasedSet) Len() int64 {
	n := int64(0)
	if s != nil {
		for i := range s.groups {
			n += int64(s.groups[i].len())
		}
	}
	return n
}

// Join adds all of a list, which is not changed.
func (s *ErasedSet) Join(list []ErasedIDs) {
	for _, g := range list {
		i := slices.IndexFunc(s.groups, func(had ErasedIDs) bool { return bytes.Equal(had.Salt, g.Salt) })
		if i < 0 {
			s.groups = append(s.groups, g)
			continue
		}
		s.groups[i] = s.groups[i].with(g.IDs)
	}
	slices.SortFunc(s.groups, func(a, b ErasedIDs) int { return bytes.Compare(a.Salt, b.Salt) })
}

// Add adds ids, under a salt that there is or else under the one that is given, of SaltSize random bytes.
func (s *ErasedSet) Add(salt []byte, ids []string) {
	if len(ids) == 0 {
		return
	}
	g := ErasedIDs{Salt: salt}
	if len(s.groups) > 0 {
		g.Salt = s.groups[0].Salt
	}
	var hashes []byte
	for _, id := range ids {
		hash := g.hash(id)
		hashes = append(hashes, hash[:]...)
	}
	s.Join([]ErasedIDs{g.with(hashes)})
}

// List is what a Manifest keeps of the set. It must not be changed.
func (s *ErasedSet) List() []ErasedIDs {
	if s == nil {
		return nil
	}
	return slices.Clone(s.groups)
}

// ErasedSet is the set of the manifest's erased ids; nil where there are none.
func (m *Manifest) ErasedSet() *ErasedSet {
	if len(m.Erased) == 0 {
		return nil
	}
	s := &ErasedSet{}
	s.Join(m.Erased)
	return s
}

// erasedProblem says what is wrong with the erased ids, "" for nothing.
func (m *Manifest) erasedProblem() string {
	for i := range m.Erased {
		if problem := m.Erased[i].problem(); problem != "" {
			return problem
		}
		if i > 0 && bytes.Compare(m.Erased[i-1].Salt, m.Erased[i].Salt) >= 0 {
			return "the salts of its erased ids are not sorted"
		}
	}
	return ""
}

// JoinErasures are the erasures of both lists, each once, by time and partition.
func JoinErasures(a, b []Erasure) []Erasure {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y Erasure) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Partition, y.Partition), cmp.Compare(x.Version, y.Version))
	})
	return slices.CompactFunc(all, func(x, y Erasure) bool {
		same := x.At.Equal(y.At)
		x.At, y.At = time.Time{}, time.Time{}
		return same && x == y
	})
}

// By names who writes, as commits do: user@host.
func (s *Store) By() string { return s.o.User + "@" + s.o.Host }

// anyErased says that a change's entry has a member that older formats don't have.
func anyErased(changes []PartitionChange) bool {
	return slices.ContainsFunc(changes, func(c PartitionChange) bool { return c.Set != nil && c.Set.Erased != 0 })
}
