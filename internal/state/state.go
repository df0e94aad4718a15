package state

import (
	"cmp"
	"slices"
)

// State is the loaded state of one pipeline. It may be read concurrently, but not while Store.Commit changes it.
type State struct {
	Pipeline string
	Lineage  string // names the chain of commits from its first on; "" before it has one
	Serial   int64  // of the newest commit, 0 before the first
	Head     string // SHA-256, hex, of the newest commit's bytes, "" before the first
	Signer   string // the key that the commit that was loaded says it is signed by, "" for none
	Shapes   map[string]Shape

	slots        map[EntryKey]slot
	checkpoints  []*checkpoint // of the head, widest level first
	refs         []CheckpointRef
	recent       []PartitionChange // since the newest checkpoint, the head's included
	recentShapes []ShapeChange
	doubt        *prepared
	signed       int64 // serial of the newest commit that is known to have its signature
}

// slot is the last change of a partition.
type slot struct {
	entry   *Entry // nil where it was removed
	version int
}

func newState(pipeline string) *State {
	return &State{Pipeline: pipeline, Shapes: map[string]Shape{}, slots: map[EntryKey]slot{}}
}

// Get returns the entry of a partition, and whether there is one. Its Files must not be changed.
func (s *State) Get(project, partition string) (Entry, bool) {
	found := s.slots[EntryKey{Project: project, Partition: partition}]
	if found.entry == nil {
		return Entry{}, false
	}
	return *found.entry, true
}

// All returns the entries sorted by partition, then project. Their Files must not be changed.
func (s *State) All() []Entry {
	all := make([]Entry, 0, len(s.slots))
	for _, slot := range s.slots {
		if slot.entry != nil {
			all = append(all, *slot.entry)
		}
	}
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Project, b.Project))
	})
	return all
}

// Len is how many partitions there are.
func (s *State) Len() int {
	n := 0
	for _, slot := range s.slots {
		if slot.entry != nil {
			n++
		}
	}
	return n
}

// NextVersion is the version that a partition's next manifest has: 1, or one more than the last one known. Where a
// partition was removed long ago its versions are forgotten and begin at 1 again.
func (s *State) NextVersion(project, partition string) int {
	return s.slots[EntryKey{Project: project, Partition: partition}].version + 1
}

// apply moves the state on by the commit that follows its newest one.
func (s *State) apply(p *prepared) {
	c := p.commit
	s.Lineage, s.Serial, s.Head, s.refs = c.Lineage, c.Serial, c.Hash, c.Checkpoints
	if p.checkpoint == nil {
		s.recent = newest(s.recent, c.Changes)
		s.recentShapes = slices.Concat(s.recentShapes, c.Shapes)
		s.put(c.Changes, c.Shapes)
		return
	}
	s.checkpoints = append(s.wider(p.checkpoint.Span), p.checkpoint)
	s.recent, s.recentShapes = nil, nil
	if p.checkpoint.From == 0 {
		// It has everything but what is forgotten with it.
		s.slots, s.Shapes = map[EntryKey]slot{}, map[string]Shape{}
		s.put(p.checkpoint.Changes, p.checkpoint.Shapes)
		return
	}
	s.put(c.Changes, c.Shapes)
}

// wider are the checkpoints that stay when the one of the span is written. The slice is a new one.
func (s *State) wider(written Span) []*checkpoint {
	var stay []*checkpoint
	for _, c := range s.checkpoints {
		if c.Level > written.Level {
			stay = append(stay, c)
		}
	}
	return stay
}

func (s *State) put(changes []PartitionChange, shapes []ShapeChange) {
	for i := range changes {
		c := &changes[i]
		if c.Set != nil {
			s.slots[c.Key()] = slot{entry: c.Set, version: c.Set.Version}
		} else {
			s.slots[c.Key()] = slot{version: c.Removed.Version}
		}
	}
	for _, shape := range shapes {
		s.Shapes[shape.Name] = shape.Values
	}
}

// newest returns both lists in a new one, without the changes in older of partitions that are in newer.
func newest(older, newer []PartitionChange) []PartitionChange {
	changed := make(map[EntryKey]bool, len(newer))
	for i := range newer {
		changed[newer[i].Key()] = true
	}
	kept := make([]PartitionChange, 0, len(older)+len(newer))
	for i := range older {
		if !changed[older[i].Key()] {
			kept = append(kept, older[i])
		}
	}
	return append(kept, newer...)
}
