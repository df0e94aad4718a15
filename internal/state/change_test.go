package state

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVersionsCountOnAfterARemoval(t *testing.T) {
	s := testStore(openBucket(t, "mem://"))
	e := testEntry(3, 7)
	st := commitEach(t, s, testChange(3, 7), Change{Operation: "state rm", Remove: []EntryKey{e.EntryKey()}})
	require.Zero(t, st.Len())
	require.Equal(t, 8, st.NextVersion(e.Project, e.Partition))
	loaded, err := s.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, 8, loaded.NextVersion(e.Project, e.Partition))
	_, ok := loaded.Get(e.Project, e.Partition)
	require.False(t, ok)
	require.Equal(t, 1, loaded.NextVersion("", "dt=2020-01-01"))
}

func TestAnEntryMayNameAShapeThatNobodyKnows(t *testing.T) {
	s := testStore(openBucket(t, "mem://"))
	change := testChange(1, 1)
	change.Shapes = nil
	commitEach(t, s, change)
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	e, _ := st.Get("", testEntry(1, 1).Partition)
	require.Equal(t, testShape.Hash(), e.Shape)
	require.Empty(t, st.Shapes)
}

func TestEntriesComeBackSortedByPartitionThenProject(t *testing.T) {
	s := testStore(openBucket(t, "mem://"))
	var set []Entry
	for _, project := range []string{"b", "a"} {
		for _, n := range []int{2, 1} {
			e := testEntry(n, 1)
			e.Project, e.Shape = project, ""
			set = append(set, e)
		}
	}
	st := commitEach(t, s, Change{Operation: "apply", Set: set})
	var names []string
	for _, e := range st.All() {
		names = append(names, e.Name())
	}
	require.Equal(t, []string{
		"a/dt=2023-05-01/hour=01", "b/dt=2023-05-01/hour=01", "a/dt=2023-05-01/hour=02", "b/dt=2023-05-01/hour=02",
	}, names)
}

func TestChangesThatCannotBeReadBackAreRefused(t *testing.T) {
	valid := testEntry(1, 1)
	with := func(change func(e *Entry)) []Entry {
		e := valid
		change(&e)
		return []Entry{e}
	}
	known := map[string]Shape{testShape.Hash(): testShape}
	for name, c := range map[string]Change{
		"twice":             {Shapes: known, Set: []Entry{valid, valid}},
		"set and removed":   {Shapes: known, Set: []Entry{testEntry(0, 2)}, Remove: []EntryKey{valid.EntryKey(), {Partition: testEntry(0, 1).Partition}}},
		"removed unknown":   {Remove: []EntryKey{valid.EntryKey()}},
		"no partition":      {Shapes: known, Set: with(func(e *Entry) { e.Partition = "" })},
		"project of two":    {Shapes: known, Set: with(func(e *Entry) { e.Project = "a/b" })},
		"up and away":       {Shapes: known, Set: with(func(e *Entry) { e.Partition = "../x" })},
		"no version":        {Shapes: known, Set: with(func(e *Entry) { e.Version = 0 })},
		"no manifest":       {Shapes: known, Set: with(func(e *Entry) { e.Manifest = "abc" })},
		"misnamed shape":    {Set: []Entry{valid}, Shapes: map[string]Shape{testShape.Hash(): testShape, "x": {}}},
		"bad UTF-8":         {Operation: "\xff", Shapes: known, Set: []Entry{valid}},
		"removed two times": {Remove: slices.Repeat([]EntryKey{{Partition: testEntry(0, 1).Partition}}, 2)},
	} {
		t.Run(name, func(t *testing.T) {
			b := openBucket(t, "mem://")
			s := testStore(b)
			first := testEntry(0, 1)
			first.Shape = ""
			st := commitEach(t, s, Change{Operation: "apply", Set: []Entry{first}})
			require.Error(t, s.Commit(t.Context(), st, c))
			require.Len(t, keysOf(t, b, ""), 1)
			require.NoError(t, s.Commit(t.Context(), st, testChange(5, 1)), "the state is still good")
		})
	}
	st, err := New(openBucket(t, "mem://"), "", "other", testOptions()).Load(t.Context())
	require.NoError(t, err)
	require.ErrorContains(t, testStore(openBucket(t, "mem://")).Commit(t.Context(), st, testChange(1, 1)), `"other"`)
}
