package state

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// golden3 are the objects of the formats that know erasures: of manifests and commits the third, of checkpoints the second.
const golden3 = "testdata/v3"

func testSalt(c string) []byte { return []byte(strings.Repeat(c, SaltSize)) }

func goldenManifest3() *Manifest {
	m := goldenManifest2()
	set := &ErasedSet{}
	set.Add(testSalt("b"), []string{"log_y", "log_x"})
	set.Join([]ErasedIDs{(&ErasedIDs{Salt: testSalt("a")}).with(bytes.Repeat([]byte{7}, erasedSize))})
	m.Action, m.Reason, m.Erased = "erase", "request 4711", set.List()
	m.Erasures = []Erasure{
		{
			At: testTime.Add(-time.Hour), By: "bob@mill", Reason: "request 4242", Partition: "dt=2023-05-01", Version: 3, Rows: 1,
			IDsBefore: hexSum([]byte("before")), IDsAfter: hexSum([]byte("after")), RootAfter: hexSum([]byte("root")),
		},
		{
			At: testTime, By: "alice@mill", Reason: "request 4711", Version: 2, Rows: 2, Quarantined: 1,
			IDsBefore: hexSum([]byte("after")), IDsAfter: m.IDs, RootBefore: hexSum([]byte("root before")), RootAfter: m.Root,
		},
	}
	return m
}

func erasedChange(n int, erased int64) Change {
	c := testChange(n, 2)
	c.Operation, c.Set[0].Erased = "erase", erased
	return c
}

func TestTodaysCodeWritesFormat3(t *testing.T) {
	b := openBucket(t, "mem://")
	s := testStore(b)
	st := commitEach(t, s, testChange(0, 1), erasedChange(0, 2))
	requireGoldenIn(t, golden3, "commit.json", []byte(get(t, b, testPrefix+commitKey(2))))
	content, err := s.encodeManifest(goldenManifest3())
	require.NoError(t, err)
	requireGoldenIn(t, golden3, "manifest.json", content)
	span, ok := due(16)
	require.True(t, ok)
	plain, err := encode(newCheckpoint(st, s.newCommit(st, testChange(1, 1).normal()), span))
	require.NoError(t, err)
	requireGoldenIn(t, golden3, "checkpoint.json", plain)
}

func TestFormat3IsReadForEver(t *testing.T) {
	content := map[string][]byte{}
	for _, name := range []string{"commit.json", "manifest.json", "checkpoint.json"} {
		text, err := os.ReadFile(filepath.Join(golden3, name))
		require.NoError(t, err)
		content[name] = text
	}
	c, err := decode[Commit]("key", content["commit.json"])
	require.NoError(t, err)
	require.EqualValues(t, 2, c.Changes[0].Set.Erased)
	p, err := decode[checkpoint]("key", content["checkpoint.json"])
	require.NoError(t, err)
	require.EqualValues(t, 2, p.Changes[0].Set.Erased)
	m, err := decodeManifest("key", content["manifest.json"])
	require.NoError(t, err)
	require.Equal(t, goldenManifest3(), m)
	require.True(t, m.ErasedSet().Has("log_x"))
	require.EqualValues(t, 3, m.Entry(hexSum(nil), time.Time{}).Erased)
}

// TestOnlyWhatKnowsErasuresHasTheirFormat: a state that nothing was erased from is read by earlier programs, and one that something was
// erased from by none, as they would bring it back.
func TestOnlyWhatKnowsErasuresHasTheirFormat(t *testing.T) {
	b := openBucket(t, "mem://")
	s := testStore(b)
	changes := append(testChanges(13), erasedChange(3, 1))
	for n := 20; len(changes) < 17; n++ {
		changes = append(changes, testChange(n, 1))
	}
	commitEach(t, s, changes...)
	format := func(serial int64) string { return get(t, b, testPrefix+commitKey(serial))[:len(`{"format":1,`)] }
	require.Equal(t, `{"format":1,`, format(13))
	require.Equal(t, `{"format":3,`, format(14))
	require.Equal(t, `{"format":3,`, format(15), "it repeats what was changed before it")
	require.Equal(t, `{"format":1,`, format(17), "its checkpoint has it")
	st, err := testStore(b).Load(t.Context())
	require.NoError(t, err)
	plain, err := encode(st.checkpoints[0])
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(plain, []byte(`{"format":2,`)))
	e := testEntry(3, 2)
	found, _ := st.Get("", e.Partition)
	require.EqualValues(t, 1, found.Erased)

	commitEach(t, s, testChange(3, 3), Change{Operation: "destroy", Config: "c0ffee", Remove: []EntryKey{{Partition: e.Partition}}})
	require.Equal(t, `{"format":1,`, format(19))
}

func TestErasedIDsThatAreNoneAreRefused(t *testing.T) {
	whole := goldenManifest3()
	for name, spoil := range map[string]func(m *Manifest){
		"a short salt":       func(m *Manifest) { m.Erased[0].Salt = m.Erased[0].Salt[1:] },
		"half a hash":        func(m *Manifest) { m.Erased[1].IDs = m.Erased[1].IDs[1:] },
		"none":               func(m *Manifest) { m.Erased[1].IDs = nil },
		"not sorted":         func(m *Manifest) { m.Erased[1].IDs = slices.Concat(m.Erased[1].IDs[16:], m.Erased[1].IDs[:16]) },
		"salts not sorted":   func(m *Manifest) { slices.Reverse(m.Erased) },
		"twice the same one": func(m *Manifest) { m.Erased[1].IDs = bytes.Repeat(m.Erased[1].IDs[:16], 2) },
	} {
		m := *whole
		m.Erased = slices.Clone(whole.Erased)
		spoil(&m)
		content, err := encode(&m)
		require.NoError(t, err)
		_, err = decodeManifest("key", content)
		var broken *UnusableError
		require.ErrorAs(t, err, &broken, name)
		require.Equal(t, Malformed, broken.Kind)
	}
}

func TestAnErasedSetHasWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOf(rapid.StringMatching(`log_[a-d]{0,3}`))
		set, had := &ErasedSet{}, map[string]bool{}
		for range rapid.IntRange(0, 4).Draw(t, "steps") {
			part, more := &ErasedSet{}, ids.Draw(t, "ids")
			part.Add(testSalt(rapid.StringMatching("[ab]").Draw(t, "salt")), more)
			before := fmt.Sprint(part.List())
			set.Join(part.List())
			require.Equal(t, before, fmt.Sprint(part.List()), "what is joined is not changed")
			for _, id := range more {
				had[id] = true
			}
		}
		for id := range had {
			require.True(t, set.Has(id))
		}
		require.GreaterOrEqual(t, set.Len(), int64(len(had)))
		require.LessOrEqual(t, len(set.List()), 2, "one list a salt")
		require.False(t, set.Has("log_z"))
		require.Empty(t, (&Manifest{Erased: set.List()}).erasedProblem())
	})
	var none *ErasedSet
	require.False(t, none.Has("log_x"))
	require.Zero(t, none.Len())
	require.Nil(t, none.List())
}

func TestErasuresAreJoinedOnce(t *testing.T) {
	a, b := goldenManifest3().Erasures[0], goldenManifest3().Erasures[1]
	require.Equal(t, []Erasure{a, b}, JoinErasures([]Erasure{b, a}, []Erasure{a}))
}
