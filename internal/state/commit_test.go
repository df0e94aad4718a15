package state

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestOfTwoWritersOfASerialOneWinsAndNothingIsLost(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			const writers, each = 3, 12
			var group sync.WaitGroup
			var mu sync.Mutex
			conflicts := 0
			for w := range writers {
				group.Go(func() {
					o := testOptions()
					o.NewID = nil
					s := New(b, testPrefix, testPipeline, o)
					for n := range each {
						for {
							st, err := s.Load(t.Context())
							if err == nil {
								err = s.Commit(t.Context(), st, testChange(w*each+n, 1))
							}
							if err == nil {
								break
							}
							var conflict *ConflictError
							if !errors.As(err, &conflict) {
								t.Errorf("unexpected: %v", err)
								return
							}
							mu.Lock()
							conflicts++
							mu.Unlock()
						}
					}
				})
			}
			group.Wait()
			st, err := testStore(b).Load(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, writers*each, st.Serial)
			require.Equal(t, writers*each, st.Len())
			requireHistoryTellsState(t, b, st)
			t.Logf("%d conflicts", conflicts)
		})
	}
}

func TestALostRaceNamesTheWinnerAndLeavesTheStateAsItWas(t *testing.T) {
	b := openBucket(t, "mem://")
	commitEach(t, testStore(b), testChanges(15)...)
	o := testOptions()
	o.User, o.NewID = "bob", nil
	first, second := New(b, testPrefix, testPipeline, o), testStore(b)
	ours, err := second.Load(t.Context())
	require.NoError(t, err)
	commitEach(t, first, testChange(20, 1))

	err = second.Commit(t.Context(), ours, testChange(21, 1)) // with a checkpoint
	var conflict *ConflictError
	require.ErrorAs(t, err, &conflict)
	require.EqualValues(t, 16, conflict.Serial)
	require.Equal(t, "bob@mill", conflict.By)
	require.Contains(t, err.Error(), "bob@mill")
	require.NotEmpty(t, conflict.Hint())
	require.EqualValues(t, 15, ours.Serial)
	require.Equal(t, 15, ours.Len())
	require.ErrorAs(t, second.Commit(t.Context(), ours, testChange(21, 1)), &conflict, "again")

	now, err := second.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, 16, now.Len())
	require.NoError(t, second.Commit(t.Context(), now, testChange(21, 1)))
	requireHistoryTellsState(t, b, now)
}

// TestACommitThatFailedAtAnyRequestIsWrittenOnceWhenRepeated fails each request of one commit, before and after it was
// done, and repeats it with the same state, with another change, or in a new run.
func TestACommitThatFailedAtAnyRequestIsWrittenOnceWhenRepeated(t *testing.T) {
	histories := []int{0, 1, 14, 15, 16, 255} // 15 and 255 come before a checkpoint
	if testing.Short() {
		histories = []int{1, 15}
	}
	for _, history := range histories {
		for _, after := range []bool{false, true} {
			for _, repeat := range []string{"same", "other", "new run"} {
				for fail := 1; ; fail++ {
					name := fmt.Sprintf("history %d, failed request %d, done %v, repeat %s", history, fail, after, repeat)
					if !repeatCommit(t, name, history, fail, after, repeat) {
						break
					}
				}
			}
		}
	}
}

// repeatCommit says whether there was a request with the number to fail.
func repeatCommit(t *testing.T, name string, history, fail int, after bool, repeat string) bool {
	t.Helper()
	b := openBucket(t, "mem://")
	commitEach(t, testStore(b), testChanges(history)...)
	count, failed := 0, false
	inject := func(string, string) error {
		if count++; count == fail {
			failed = true
			return errInjected
		}
		return nil
	}
	tapped := &tap{Bucket: b}
	o := testOptions()
	o.NewID = nil
	s := New(tapped, testPrefix, testPipeline, o)
	st, err := s.Load(t.Context())
	require.NoError(t, err, name)
	if after {
		tapped.after = inject
	} else {
		tapped.before = inject
	}
	err = s.Commit(t.Context(), st, testChange(1000, 1))
	tapped.before, tapped.after = nil, nil
	if err != nil {
		require.ErrorIs(t, err, errInjected, name)
		require.EqualValues(t, history, st.Serial, "%s: moved on by an error", name)
	}

	if repeat == "new run" {
		s = New(b, testPrefix, testPipeline, o)
		st, err = s.Load(t.Context())
		require.NoError(t, err, name)
	}
	want := history + 1
	if _, ok := st.Get("", testEntry(1000, 1).Partition); !ok && repeat != "other" {
		require.NoError(t, s.Commit(t.Context(), st, testChange(1000, 1)), name)
	}
	if repeat == "other" {
		require.NoError(t, s.Commit(t.Context(), st, testChange(1001, 1)), name)
		want = int(st.Serial)
		require.LessOrEqual(t, want, history+2, name)
	}
	require.EqualValues(t, want, st.Serial, name)
	loaded, err := New(b, testPrefix, testPipeline, o).Load(t.Context())
	require.NoError(t, err, name)
	requireSame(t, st, loaded)
	require.Equal(t, want, loaded.Len(), name)
	require.Len(t, keysOf(t, b, testPrefix+commitsFolder), want, name)
	requireHistoryTellsState(t, b, loaded)
	return failed
}

func TestACommitWhoseAnswerIsLostTwiceIsKnownToBeOurs(t *testing.T) {
	b := openBucket(t, "mem://")
	tapped := &tap{Bucket: b}
	s := testStore(tapped)
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	tapped.after = func(op, _ string) error {
		if op == "create" {
			return iotest.ErrTimeout
		}
		return nil
	}
	require.NoError(t, s.Commit(t.Context(), st, testChange(1, 1)))
	require.EqualValues(t, 1, st.Serial)

	tapped.after = func(string, string) error { return iotest.ErrTimeout }
	require.ErrorIs(t, s.Commit(t.Context(), st, testChange(2, 1)), iotest.ErrTimeout)
	require.ErrorIs(t, s.Commit(t.Context(), st, testChange(2, 1)), iotest.ErrTimeout)
	require.EqualValues(t, 1, st.Serial)
	tapped.after = nil
	require.NoError(t, s.Commit(t.Context(), st, testChange(2, 1)))
	require.EqualValues(t, 2, st.Serial)
	require.Len(t, keysOf(t, b, testPrefix+commitsFolder), 2)
}

func TestACommitInDoubtIsNotMistakenForAnother(t *testing.T) {
	for _, landed := range []bool{true, false} {
		b := openBucket(t, "mem://")
		tapped := &tap{Bucket: b}
		s := testStore(tapped)
		st := commitEach(t, s, testChange(1, 1))
		broken := func(string, string) error { return errInjected }
		tapped.before, tapped.after = broken, nil
		if landed {
			tapped.before, tapped.after = nil, broken
		}
		require.ErrorIs(t, s.Commit(t.Context(), st, testChange(2, 1)), errInjected)
		require.ErrorIs(t, s.Commit(t.Context(), st, testChange(3, 1)), errInjected, "it can't be found out yet")
		tapped.before, tapped.after = nil, nil
		require.NoError(t, s.Commit(t.Context(), st, testChange(3, 1)))

		_, second := st.Get("", testEntry(2, 1).Partition)
		_, third := st.Get("", testEntry(3, 1).Partition)
		require.Equal(t, landed, second)
		require.True(t, third)
		loaded, err := s.Load(t.Context())
		require.NoError(t, err)
		requireSame(t, st, loaded)
		requireHistoryTellsState(t, b, loaded)
	}
}

func TestACheckpointFromTheBeginningForgetsWhatIsGone(t *testing.T) {
	s := testStore(openBucket(t, "mem://"))
	e := testEntry(3, 7)
	unused := Shape{"source.details": `"none"`}
	change := testChange(3, 7)
	change.Set[0].Shape = unused.Hash()
	change.Shapes[unused.Hash()] = unused
	st := commitEach(t, s, append([]Change{change, {Operation: "state rm", Remove: []EntryKey{e.EntryKey()}}}, testChanges(3)...)...)
	require.Equal(t, 8, st.NextVersion(e.Project, e.Partition))
	require.Len(t, st.Shapes, 2)
	for n := range 11 {
		require.NoError(t, s.Commit(t.Context(), st, testChange(100+n, 1)))
	}
	require.EqualValues(t, 16, st.Serial)
	loaded, err := s.Load(t.Context())
	require.NoError(t, err)
	for _, st := range []*State{st, loaded} {
		require.Equal(t, 1, st.NextVersion(e.Project, e.Partition))
		require.Equal(t, map[string]Shape{testShape.Hash(): testShape}, st.Shapes)
	}
}

func TestTheFirstCommitKeepsTheLineageThatManifestsAlreadyName(t *testing.T) {
	s := testStore(openBucket(t, "mem://"))
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	require.Empty(t, st.Lineage)
	require.Zero(t, st.Serial)
	st.Lineage = s.NewLineage()
	lineage := st.Lineage
	require.NoError(t, s.Commit(t.Context(), st, testChange(1, 1)))
	loaded, err := s.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, lineage, loaded.Lineage)
}

func TestACheckpointWithOtherContentUnderItsNameIsNeverNamed(t *testing.T) {
	b := openBucket(t, "mem://")
	commitEach(t, testStore(b), testChanges(16)...)
	key := keysOf(t, b, testPrefix+checkpointsFolder)[0]
	head := testPrefix + commitKey(16)
	require.NoError(t, b.Delete(t.Context(), head))
	content := get(t, b, key)
	put(t, b, key, content[:len(content)/2])

	s := testStore(b)
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	err = s.Commit(t.Context(), st, testChange(15, 1))
	requireUnusable(t, err, Altered, key)
	require.NoError(t, b.Delete(t.Context(), key), "as it advises")
	require.NoError(t, s.Commit(t.Context(), st, testChange(15, 1)))
	_, err = s.Load(t.Context())
	require.NoError(t, err)
}
