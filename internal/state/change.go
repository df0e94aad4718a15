package state

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
)

// Change is what one commit does.
type Change struct {
	Operation string     // what for: "apply", "destroy", "state rm"
	Config    string     // hash of the configuration that it was done under
	Set       []Entry    // partitions that are new or replaced
	Remove    []EntryKey // partitions that are no longer there
	// Shapes are, by Shape.Hash, those that Set names; known ones may be among them. A shape that is never given, as where
	// a note of a killed run is committed after the configuration was changed, stays unknown.
	Shapes map[string]Shape
}

// normal returns the change with entries as a load gives them back.
func (c Change) normal() Change {
	set := make([]Entry, len(c.Set))
	for i := range c.Set {
		set[i] = c.Set[i].normal()
	}
	c.Set = set
	return c
}

func (c Change) digest() (string, error) {
	text, err := json.Marshal(c, json.Deterministic(true))
	if err != nil {
		return "", fmt.Errorf("encode change: %w", err)
	}
	return hexSum(text), nil
}

// check says what a caller did wrong.
func (c Change) check(st *State) error {
	seen := map[EntryKey]bool{}
	for i := range c.Set {
		e := &c.Set[i]
		switch {
		case !e.EntryKey().valid():
			return fmt.Errorf("the entry %q has no valid name", e.Name())
		case seen[e.EntryKey()]:
			return fmt.Errorf("the entry %s is changed twice", e.Name())
		case e.Version < 1 || !isHash(e.Manifest):
			return fmt.Errorf("the entry %s has no version or no manifest", e.Name())
		}
		seen[e.EntryKey()] = true
	}
	for _, key := range c.Remove {
		if _, ok := st.Get(key.Project, key.Partition); !ok || seen[key] {
			return fmt.Errorf("%s can't be removed: it is not there or changed twice", key)
		}
		seen[key] = true
	}
	for name, shape := range c.Shapes {
		if shape.Hash() != name {
			return fmt.Errorf("the shape %s is not named by its hash", name)
		}
	}
	return nil
}

// newShapes are those of the change that the state does not know, sorted by name.
func (c Change) newShapes(st *State, serial int64) []ShapeChange {
	var shapes []ShapeChange
	for _, name := range slices.Sorted(maps.Keys(c.Shapes)) {
		if _, known := st.Shapes[name]; !known {
			shapes = append(shapes, ShapeChange{Serial: serial, Name: name, Values: maps.Clone(c.Shapes[name])})
		}
	}
	return shapes
}
