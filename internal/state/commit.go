package state

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Commit is one step of a state's history.
type Commit struct {
	Hash    string `json:"-"` // SHA-256, hex, of the object's bytes
	content []byte // the object's bytes, of one that was read

	Pipeline  string    `json:"pipeline"`
	Lineage   string    `json:"lineage"`
	Serial    int64     `json:"serial"`             // 1, 2, …
	Previous  string    `json:"previous,omitempty"` // Hash of the commit before; "" in the first
	ID        string    `json:"id"`                 // unique, so that no two runs write the same bytes
	By        string    `json:"by"`
	At        time.Time `json:"at"`
	Program   string    `json:"program"` // version of the program that wrote it
	Operation string    `json:"operation"`
	Config    string    `json:"config"`           // hash of the configuration
	Signer    string    `json:"signer,omitempty"` // names the key that signs this commit: signing.ID; "" in format 1

	Changes []PartitionChange `json:"changes"`
	Shapes  []ShapeChange     `json:"shapes,omitempty"` // new ones

	// What a load needs besides: the last change of each partition between the newest checkpoint and this commit, and the
	// checkpoints, widest level first.
	Recent       []PartitionChange `json:"recent,omitempty"`
	RecentShapes []ShapeChange     `json:"recent_shapes,omitempty"`
	Checkpoints  []CheckpointRef   `json:"checkpoints,omitempty"`
}

// PartitionChange is what a commit did to one partition: exactly one of Set and Removed is there.
type PartitionChange struct {
	Serial  int64    `json:"serial"` // of the commit
	Set     *Entry   `json:"set,omitempty"`
	Removed *Removal `json:"removed,omitempty"`
}

// Removal names a partition that was removed.
type Removal struct {
	Project   string `json:"project,omitempty"`
	Partition string `json:"partition"`
	Version   int    `json:"version"` // the last one it had
}

// Key names the partition.
func (c *PartitionChange) Key() EntryKey {
	if c.Set != nil {
		return c.Set.EntryKey()
	}
	return EntryKey{Project: c.Removed.Project, Partition: c.Removed.Partition}
}

// ShapeChange is a shape that a commit brought.
type ShapeChange struct {
	Serial int64  `json:"serial"` // of the commit
	Name   string `json:"name"`   // Shape.Hash
	Values Shape  `json:"values"`
}

func (c *Commit) format() int {
	if anyErased(c.Changes) || anyErased(c.Recent) {
		return 3
	}
	if c.Signer != "" {
		return 2
	}
	return firstFormat
}

func (*Commit) newestFormat() int { return 3 }

// maxSerial makes the newest commit the first in byte order.
const maxSerial = 999_999_999_999

// commitKey is the key of a commit below the prefix.
func commitKey(serial int64) string {
	return fmt.Sprintf("%s%012d-%d.json", commitsFolder, maxSerial-serial, serial)
}

// parseCommitKey is the inverse of commitKey.
func parseCommitKey(key string) (serial int64, ok bool) {
	_, text, _ := strings.Cut(strings.TrimSuffix(key, ".json"), "-")
	serial, err := strconv.ParseInt(text, 10, 64)
	return serial, err == nil && serial > 0 && commitKey(serial) == key
}

// decodeCommit reads the commit object with the serial, and checks all that one object can tell.
func (s *Store) decodeCommit(serial int64, content []byte) (*Commit, error) {
	key := s.prefix + commitKey(serial)
	c, err := decode[Commit](key, content)
	if err != nil {
		return nil, err
	}
	c.Hash, c.content = hexSum(content), content
	switch {
	case c.Pipeline != s.pipeline:
		return nil, unusable(key, OtherPipeline, "it belongs to the pipeline %q, not to %q", c.Pipeline, s.pipeline)
	case c.Serial != serial:
		return nil, unusable(key, BrokenChain, "it is commit %d under the name of commit %d", c.Serial, serial)
	case c.Lineage == "":
		return nil, unusable(key, Malformed, "it has no lineage")
	case (c.Previous == "") != (serial == 1) || c.Previous != "" && !isHash(c.Previous):
		return nil, unusable(key, BrokenChain, "commit %d names %q as the hash of the one before", serial, c.Previous)
	}
	if problem := c.inconsistent(); problem != "" {
		return nil, unusable(key, Malformed, "%s", problem)
	}
	return c, nil
}

// inconsistent says which part of the commit can't be: a load depends on them.
func (c *Commit) inconsistent() string {
	spans := spansAt(c.Serial)
	if len(spans) != len(c.Checkpoints) {
		return fmt.Sprintf("it names %d checkpoints where commit %d has %d", len(c.Checkpoints), c.Serial, len(spans))
	}
	for i, ref := range c.Checkpoints {
		if ref.Span != spans[i] {
			return fmt.Sprintf("it names a checkpoint of the commits %d to %d where it must be %d to %d", ref.From+1, ref.Through, spans[i].From+1, spans[i].Through)
		}
	}
	base := floor(c.Serial, 1)
	return oneOf(
		checkChanges(c.Changes, c.Shapes, c.Serial-1, c.Serial),
		checkChanges(c.Recent, c.RecentShapes, base, c.Serial-1),
	)
}

// checkChanges says what is wrong with changes of the commits after from, up to through.
func checkChanges(changes []PartitionChange, shapes []ShapeChange, from, through int64) string {
	for i := range changes {
		c := &changes[i]
		if c.Serial <= from || c.Serial > through {
			return fmt.Sprintf("it has a change of commit %d among those of %d to %d", c.Serial, from+1, through)
		}
		if (c.Set == nil) == (c.Removed == nil) {
			return fmt.Sprintf("a change of commit %d is none", c.Serial)
		}
	}
	for _, shape := range shapes {
		if shape.Serial <= from || shape.Serial > through {
			return fmt.Sprintf("it has a shape of commit %d among those of %d to %d", shape.Serial, from+1, through)
		}
		if shape.Values.Hash() != shape.Name {
			return fmt.Sprintf("the shape %s has other values than its name says", shape.Name)
		}
	}
	return ""
}

func oneOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
