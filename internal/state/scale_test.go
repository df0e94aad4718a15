package state

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

// hours are a year of hourly partitions, three years threeYears.
const (
	hours      = 8760
	threeYears = 26_280
)

// longState commits n partitions one by one, through a bucket that counts, and calls each after every commit.
func longState(t testing.TB, n int, each func(serial int64, p *tap)) (bucket.Bucket, *State) {
	t.Helper()
	b := openBucket(t, "mem://")
	tapped := &tap{Bucket: b}
	s := testStore(tapped)
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	for i := range n {
		tapped.reset()
		require.NoError(t, s.Commit(t.Context(), st, testChange(i, 1)))
		each(st.Serial, tapped)
	}
	return b, st
}

// TestAYearOfHoursStaysCheap: what a commit writes, and what a load reads, does not grow with the history.
//
// LOGFERRY_THREE_YEARS=1 makes it three years.
func TestAYearOfHoursStaysCheap(t *testing.T) {
	if testing.Short() {
		t.Skip("a long history")
	}
	const some = 1024 // commits that are compared
	hours := hours
	if os.Getenv("LOGFERRY_THREE_YEARS") != "" {
		hours = threeYears
	}
	var early, late, checkpoints int64
	b, st := longState(t, hours, func(serial int64, p *tap) {
		want := map[string]int{"create": 1, "open": 1} // what was written is read back
		if serial%16 == 0 {
			want["create"], want["open"] = 2, 2
			checkpoints++
		}
		require.Equal(t, want, p.ops, "commit %d", serial)
		switch {
		case serial > some && serial <= 2*some:
			early += p.bytes
		case serial > int64(hours-some):
			late += p.bytes
		}
	})
	t.Logf("bytes a commit, checkpoints included: %d from the 1,024th commit on, %d at the end", early/some, late/some)
	require.Less(t, late/some, int64(12_000))
	require.InDelta(t, 1, float64(late)/float64(early), 0.35, "what a commit writes must not grow with the history")

	tapped := &tap{Bucket: b}
	began := time.Now()
	loaded, err := testStore(tapped).Load(t.Context())
	t.Logf("load of %d partitions: %v, %v", loaded.Len(), time.Since(began), tapped.ops)
	require.NoError(t, err)
	require.LessOrEqual(t, tapped.total(), 7)
	require.Equal(t, hours, loaded.Len())
	requireSame(t, st, loaded)

	tapped.reset()
	require.NoError(t, testStore(tapped).Commit(t.Context(), loaded, testChange(hours, 1)))
	require.Equal(t, 2, tapped.total())
	requireHistoryTellsState(t, b, loaded)
}

// requireHistoryTellsState replays all commits.
func requireHistoryTellsState(t *testing.T, b bucket.Bucket, st *State) {
	t.Helper()
	want := map[EntryKey]string{}
	seen := map[EntryKey]bool{}
	serial := st.Serial
	for c, err := range testStore(b).History(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, serial, c.Serial)
		serial--
		for i := range c.Changes {
			key := c.Changes[i].Key()
			if !seen[key] && c.Changes[i].Set != nil {
				want[key] = c.Changes[i].Set.Manifest
			}
			seen[key] = true
		}
	}
	require.Zero(t, serial, "the history ends with the first commit")
	got := map[EntryKey]string{}
	for _, e := range st.All() {
		got[e.EntryKey()] = e.Manifest
	}
	require.Equal(t, want, got)
}

func BenchmarkLoad(b *testing.B) {
	bucket, _ := longState(b, threeYears, func(int64, *tap) {})
	s := testStore(bucket)
	for b.Loop() {
		if _, err := s.Load(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

func TestFilesOfFoldersProgramsDoNotHideTheHead(t *testing.T) {
	b := openBucket(t, "mem://")
	commitEach(t, testStore(b), testChanges(2)...)
	put(t, b, testPrefix+"commits/.DS_Store", "x")
	st, err := testStore(b).Load(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, st.Serial)

	put(t, b, testPrefix+"commits/999-notes.txt", strings.Repeat("x", 10))
	_, err = testStore(b).Load(t.Context())
	requireUnusable(t, err, Malformed, testPrefix+"commits/999-notes.txt")
}
