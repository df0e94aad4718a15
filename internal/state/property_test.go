package state

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEachLoadGivesWhatWasCommitted(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			// A checkpoint of the second level comes with the 256th commit.
			lengths := []int{20, 20, 20, 50, 50, 300}
			if name == "folder" {
				lengths = []int{5, 10, 20}
			}
			rapid.Check(t, func(rt *rapid.T) {
				steps := rapid.IntRange(0, rapid.SampledFrom(lengths).Draw(rt, "at most")).Draw(rt, "commits")
				every := rapid.IntRange(1, 1+steps/20).Draw(rt, "load every")
				tapped := &tap{Bucket: open(t)}
				m := newModel()
				st, err := testStore(tapped).Load(t.Context())
				require.NoError(rt, err)
				for n := range steps {
					change := m.draw(rt, st)
					require.NoError(rt, testStore(tapped).Commit(t.Context(), st, change))
					m.apply(change)
					if n%every == 0 || n >= steps-3 {
						m.compare(t, rt, tapped, st)
					}
				}
			})
		})
	}
}

// model is what a state must hold, kept in the plainest way.
type model struct {
	entries map[EntryKey]Entry
	version map[EntryKey]int
}

func newModel() *model {
	return &model{entries: map[EntryKey]Entry{}, version: map[EntryKey]int{}}
}

// draw makes a change: new, replaced and removed partitions of two projects, of several shapes.
func (m *model) draw(rt *rapid.T, st *State) Change {
	shape := Shape{"n": fmt.Sprint(rapid.IntRange(1, 5).Draw(rt, "shape"))}
	c := Change{Operation: "apply", Shapes: map[string]Shape{shape.Hash(): shape}}
	removed := map[EntryKey]bool{}
	there := slices.SortedFunc(maps.Keys(m.entries), func(a, b EntryKey) int {
		return slices.Compare([]string{a.Project, a.Partition}, []string{b.Project, b.Partition})
	})
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(rt, "removals") {
		if len(there) == 0 {
			break
		}
		key := rapid.SampledFrom(there).Draw(rt, "removed")
		if !removed[key] {
			removed[key] = true
			c.Remove = append(c.Remove, key)
		}
	}
	set := map[EntryKey]bool{}
	for range rapid.SampledFrom([]int{0, 1, 1, 1, 3}).Draw(rt, "set") {
		e := testEntry(rapid.IntRange(0, 60).Draw(rt, "partition"), 1)
		e.Project = rapid.SampledFrom([]string{"", "acme"}).Draw(rt, "project")
		if e.Shape = shape.Hash(); removed[e.EntryKey()] || set[e.EntryKey()] {
			continue
		}
		set[e.EntryKey()] = true
		e.Version = st.NextVersion(e.Project, e.Partition)
		e.Rows = rapid.Int64Range(0, 1<<40).Draw(rt, "rows")
		c.Set = append(c.Set, e)
	}
	return c
}

func (m *model) apply(c Change) {
	for _, e := range c.Set {
		m.entries[e.EntryKey()] = e
		m.version[e.EntryKey()] = e.Version
	}
	for _, key := range c.Remove {
		delete(m.entries, key)
	}
}

// compare loads the state anew and holds it against the model, and against the state that moved on in memory.
func (m *model) compare(t *testing.T, rt *rapid.T, tapped *tap, st *State) {
	tapped.reset()
	loaded, err := testStore(tapped).Load(t.Context())
	require.NoError(rt, err)
	require.LessOrEqual(rt, tapped.total(), 3+len(spansAt(loaded.Serial)))
	requireSame(rt, st, loaded)
	require.Equal(rt, len(m.entries), loaded.Len())
	for key, want := range m.entries {
		got, ok := loaded.Get(key.Project, key.Partition)
		require.True(rt, ok, key)
		require.Equal(rt, want, got)
		require.Contains(rt, loaded.Shapes, got.Shape)
		require.Equal(rt, m.version[key]+1, loaded.NextVersion(key.Project, key.Partition))
	}
	for _, e := range loaded.All() {
		require.Contains(rt, m.entries, e.EntryKey())
	}
}

func TestSpansAdjoinAndAreFew(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		serial := rapid.Int64Range(0, maxSerial).Draw(rt, "serial")
		spans := spansAt(serial)
		end, level := int64(0), 99
		for _, s := range spans {
			require.Equal(rt, end, s.From)
			require.Greater(rt, s.Through, s.From)
			require.Less(rt, s.Level, level)
			end, level = s.Through, s.Level
		}
		require.Equal(rt, serial-serial%16, end)
		require.LessOrEqual(rt, len(spans), 9, "the digits of the serial in base 16, less one")
		if written, ok := due(serial); ok {
			require.Equal(rt, serial, written.Through)
			before := spansAt(serial - 1)
			for _, s := range spans[:len(spans)-1] {
				require.Contains(rt, before, s, "all but the one that is due were there")
			}
		}
	})
}
