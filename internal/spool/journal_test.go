package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
)

// shelf is a JournalStore in memory whose nth call fails.
type shelf struct {
	limit  int64
	failAt int // counted over all calls, from 1; 0 for none

	mu    sync.Mutex
	calls int
	files map[int][]byte
	block []int // where writes ended, in bytes of the segment
}

var errShelf = errors.New("no space left")

func newShelf() *shelf { return &shelf{files: map[int][]byte{}} }

func (s *shelf) call() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls++; s.calls == s.failAt {
		return errShelf
	}
	return nil
}

func (s *shelf) Segments(context.Context) ([]int, error) {
	return slices.Sorted(maps.Keys(s.files)), s.call()
}

func (s *shelf) Open(_ context.Context, n int) (io.ReadCloser, error) {
	data, ok := s.files[n]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(io.MultiReader(bytes.NewReader(data[:len(data)/2]), failing(s.call), bytes.NewReader(data[len(data)/2:]))), s.call()
}

// failing is a reader of nothing that may fail.
type failing func() error

func (f failing) Read([]byte) (int, error) {
	if err := f(); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

func (s *shelf) Create(_ context.Context, n int) (Segment, error) {
	if _, ok := s.files[n]; ok {
		return nil, fs.ErrExist
	}
	s.files[n] = nil
	return &shelved{shelf: s, n: n}, s.call()
}

func (s *shelf) Remove(_ context.Context, n int) error {
	delete(s.files, n)
	return s.call()
}

func (s *shelf) Limits() (int64, time.Duration) { return s.limit, 0 }

type shelved struct {
	shelf *shelf
	n     int
}

func (s *shelved) Write(b []byte) (int, error) {
	if err := s.shelf.call(); err != nil {
		s.shelf.files[s.n] = append(s.shelf.files[s.n], b[:len(b)/2]...)
		return len(b) / 2, err
	}
	s.shelf.files[s.n] = append(s.shelf.files[s.n], b...)
	s.shelf.block = append(s.shelf.block, len(s.shelf.files[s.n]))
	return len(b), nil
}

func (s *shelved) Sync() error  { return s.shelf.call() }
func (s *shelved) Close() error { return s.shelf.call() }

func (s *shelf) clone() *shelf {
	out := newShelf()
	for n, data := range s.files {
		out.files[n] = bytes.Clone(data)
	}
	return out
}

var header = []byte("of a partition")

// began is when the tests' journals were begun.
var began = time.Date(2026, 4, 17, 1, 2, 3, 4000, time.UTC)

// written writes n frames of all kinds, each a block of its own, and returns them as texts. To be called in a bubble.
func written(t testing.TB, j *Journal, from, n int) []string {
	t.Helper()
	var lines []string
	for i := from; i < from+n; i++ {
		require.NoError(t, addNth(j, i))
		writeOut()
		lines = append(lines, nthLine(i))
	}
	return lines
}

// writeOut waits until what was added is in the store.
func writeOut() { time.Sleep(2 * blockAge) }

func nthEntries(i int) []record.Entry {
	var entries []record.Entry
	for k := range i % 5 {
		r := rec(int64(i*10+k), fmt.Sprintf("log_%d_%d", i, k), record.Skipped, "")
		entries = append(entries, r.Entry)
	}
	return entries
}

func addNth(j *Journal, i int) error {
	switch i % 4 {
	case 0:
		return j.AddPage(nthEntries(i/4), fmt.Appendf(nil, "mark %d", i))
	case 1:
		return j.AddMarks(fmt.Appendf(nil, "marks %d", i))
	case 2:
		r := rec(int64(i), fmt.Sprint("log_", i), record.Fetched, strings.Repeat("detail ", i))
		return j.AddRecord(&r)
	default:
		return j.AddBad(fmt.Appendf(nil, "bad %d", i))
	}
}

func nthLine(i int) string {
	switch i % 4 {
	case 0:
		return fmt.Sprintf("page %v mark %d", nthEntries(i/4), i)
	case 1:
		return fmt.Sprintf("marks %d", i)
	case 2:
		return fmt.Sprintf("record %v", rec(int64(i), fmt.Sprint("log_", i), record.Fetched, strings.Repeat("detail ", i)))
	default:
		return fmt.Sprintf("bad %d", i)
	}
}

// line is a frame as a text.
func line(f Frame) (string, error) {
	switch f.Kind {
	case FramePage:
		var entries []record.Entry
		mark, err := f.Page(func(e record.Entry) error {
			entries = append(entries, e)
			return nil
		})
		return fmt.Sprintf("page %v %s", entries, mark), err
	case FrameRecord:
		var r record.Record
		err := f.Record(&r)
		return fmt.Sprintf("record %v", r), err
	default:
		return string(f.Text()), nil
	}
}

// readAll reads a journal twice, the second time from what the first one found.
func readAll(t testing.TB, store JournalStore) ([]string, *Replay) {
	t.Helper()
	var lines, again []string
	replay, err := ReadJournal(context.Background(), store, header, func(f Frame) error {
		text, err := line(f)
		lines = append(lines, text)
		return err
	})
	if errors.Is(err, ErrNoJournal) {
		return nil, nil
	}
	require.NoError(t, err)
	for f, err := range replay.Frames(context.Background()) {
		require.NoError(t, err)
		text, err := line(f)
		require.NoError(t, err)
		again = append(again, text)
	}
	require.Equal(t, lines, again)
	return lines, replay
}

func create(t testing.TB, store JournalStore) *Journal {
	t.Helper()
	j, err := CreateJournal(context.Background(), store, header, began, JournalOptions{})
	require.NoError(t, err)
	return j
}

func TestAJournalGivesBackWhatItWasToldRunAfterRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, limit := range []int64{0, 1, 300} {
			store := newShelf()
			store.limit = limit
			j := create(t, store)
			var want []string
			for run := range 4 {
				want = append(want, written(t, j, run*9, 9)...)
				require.NoError(t, j.Close())
				require.NoError(t, j.Close())
				got, replay := readAll(t, store)
				require.Equal(t, want, got)
				require.False(t, replay.Damaged())
				require.Equal(t, began, replay.Began())
				var err error
				j, err = replay.Append(t.Context(), JournalOptions{})
				require.NoError(t, err)
			}
			require.NoError(t, j.Remove(t.Context()))
			require.Empty(t, store.files)
			require.ErrorIs(t, j.AddBad(nil), errJournalClosed)
		}
	})
}

func TestAJournalCutAtAnyByteGoesOnBehindItsLastWholeBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		j := create(t, store)
		want := written(t, j, 0, 12)
		require.NoError(t, j.Close())
		for at := range len(store.files[1]) + 1 {
			cut := store.clone()
			cut.files[1] = cut.files[1][:at]
			got, replay := readAll(t, cut)
			whole := 0
			for _, end := range store.block {
				if at >= end {
					whole++
				}
			}
			require.Equal(t, want[:whole], append([]string{}, got...), "cut at %d", at)
			if whole == 0 && replay == nil {
				continue
			}
			require.False(t, replay.Damaged(), "what a kill leaves is no damage")
			j, err := replay.Append(t.Context(), JournalOptions{})
			require.NoError(t, err)
			more := written(t, j, 100, 3)
			require.NoError(t, j.Close())
			got, _ = readAll(t, cut)
			require.Equal(t, slices.Concat(want[:whole], more), got, "continued after a cut at %d", at)
		}
	})
}

func TestAFlippedBitEndsAJournalThereAndNeverGivesAWrongFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		store.limit = 250
		j := create(t, store)
		want := written(t, j, 0, 12)
		require.NoError(t, j.Close())
		require.Greater(t, len(store.files), 2)
		for n, data := range store.files {
			for bit := range 8 * len(data) {
				hit := store.clone()
				hit.files[n][bit/8] ^= 1 << (bit % 8)
				got, replay := readAll(t, hit)
				require.Less(t, len(got), len(want))
				require.Equal(t, want[:len(got)], append([]string{}, got...), "bit %d of segment %d", bit, n)
				if replay == nil || bit%97 != 0 {
					continue
				}
				j, err := replay.Append(t.Context(), JournalOptions{})
				require.NoError(t, err)
				more := written(t, j, 100, 3)
				require.NoError(t, j.Close())
				got, again := readAll(t, hit)
				require.Equal(t, slices.Concat(want[:len(got)-3], more), got, "continued after damage")
				require.False(t, again.Damaged(), "what was refetched is damaged no more")
			}
		}
	})
}

func TestDamageIsToldFromWhatAKillLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		j := create(t, store)
		written(t, j, 0, 12)
		require.NoError(t, j.Close())
		store.files[1][store.block[3]+blockHeader] ^= 1
		got, replay := readAll(t, store)
		require.Len(t, got, 4)
		require.True(t, replay.Damaged())
	})
}

func TestSegmentsBehindDamageAreNeverReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		store.limit = 1
		j := create(t, store)
		want := written(t, j, 0, 8)
		require.NoError(t, j.Close())
		store.files[3][len(store.files[3])-1] ^= 1
		got, replay := readAll(t, store)
		require.Equal(t, want[:2], got)
		require.True(t, replay.Damaged())
		j, err := replay.Append(t.Context(), JournalOptions{})
		require.NoError(t, err)
		more := written(t, j, 50, 1)
		require.NoError(t, j.Close())
		got, _ = readAll(t, store)
		require.Equal(t, append(want[:2:2], more...), got)
		require.Equal(t, []int{1, 2, 3, 9}, slices.Sorted(maps.Keys(store.files)), "the surplus is removed")
	})
}

func TestAJournalOfAnotherHeaderIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		j := create(t, store)
		written(t, j, 0, 3)
		require.NoError(t, j.Close())
		_, err := ReadJournal(t.Context(), store, []byte("of another"), func(Frame) error { return errShelf })
		require.ErrorIs(t, err, ErrNoJournal)
		j = create(t, store)
		require.NoError(t, j.Close())
		got, replay := readAll(t, store)
		require.Empty(t, got)
		require.Nil(t, replay, "what was there is removed")
	})
}

func TestSegmentsOfAnotherJournalAreNotMixedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, other := newShelf(), newShelf()
		one.limit, other.limit = 1, 1
		for _, store := range []*shelf{one, other} {
			j := create(t, store)
			written(t, j, 0, 3)
			require.NoError(t, j.Close())
		}
		require.Equal(t, len(one.files[1]), len(other.files[1]))
		one.files[2] = other.files[2]
		got, _ := readAll(t, one)
		require.Len(t, got, 1)
	})
}

func TestAStoreThatFailsAtAnyCallIsAnErrorOrLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for failAt := 1; ; failAt++ {
			store := newShelf()
			store.limit, store.failAt = 300, failAt
			lines, err := writeAndRead(store)
			if failAt > store.calls {
				require.NoError(t, err)
				require.Len(t, lines, 20)
				return
			}
			var journal *JournalError
			require.ErrorAs(t, err, &journal, "call %d", failAt)
			require.ErrorIs(t, err, errShelf)
			require.NotEmpty(t, journal.Hint())
			store.failAt = 0
			after, _ := readAll(t, store)
			for i, l := range after {
				require.Equal(t, nthLine(i), l, "after a failure at call %d", failAt)
			}
		}
	})
}

// writeAndRead writes twenty frames in two runs and reads them.
func writeAndRead(store *shelf) (lines []string, err error) {
	ctx := context.Background()
	j, err := CreateJournal(ctx, store, header, began, JournalOptions{})
	for run := range 2 {
		if err != nil {
			return nil, err
		}
		for i := run * 10; i < run*10+10 && err == nil; i++ {
			err = addNth(j, i)
			writeOut()
		}
		if err = errors.Join(err, j.Close()); err != nil {
			return nil, err
		}
		lines = nil
		var replay *Replay
		replay, err = ReadJournal(ctx, store, header, func(f Frame) error {
			text, err := line(f)
			lines = append(lines, text)
			return err
		})
		if err == nil && run == 0 {
			j, err = replay.Append(ctx, JournalOptions{})
		}
	}
	return lines, err
}

func TestWhatIsAddedIsStoredAfterATenthOfASecondAndFlushedAfterTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		var mu sync.Mutex
		at := map[string]time.Duration{}
		start := time.Now()
		hook := func(point string) {
			mu.Lock()
			defer mu.Unlock()
			if _, ok := at[point]; !ok {
				at[point] = time.Since(start)
			}
		}
		j, err := CreateJournal(t.Context(), store, header, began, JournalOptions{Hook: hook})
		require.NoError(t, err)
		require.NoError(t, addNth(j, 2))
		time.Sleep(5 * time.Second)
		require.Equal(t, map[string]time.Duration{
			"spool.write.before": blockAge, "spool.write.after": blockAge,
			"spool.sync.before": blockAge + syncAge, "spool.sync.after": blockAge + syncAge,
		}, at)
		calls := store.calls
		time.Sleep(time.Hour)
		require.Equal(t, calls, store.calls, "nothing to do")
		require.NoError(t, j.Close())
	})
}

func TestAFullBlockIsStoredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		j := create(t, store)
		require.NoError(t, j.AddBad(make([]byte, blockSize)))
		synctest.Wait()
		require.Len(t, store.block, 1)
		require.NoError(t, j.Close())
	})
}

func TestAJournalThatIsFullLeavesRecordsOutAndSaysSoOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		said := 0
		o := JournalOptions{MaxBytes: 50_000, Full: func() { said++ }}
		j, err := CreateJournal(t.Context(), store, header, began, o)
		require.NoError(t, err)
		random := rand.New(rand.NewPCG(1, 1))
		noise := func(n int) []byte {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(random.Uint32())
			}
			return b
		}
		for i := range 400 {
			r := rec(int64(i), fmt.Sprint("log_", i), record.Fetched, string(noise(1000)))
			require.NoError(t, j.AddRecord(&r))
			writeOut()
			require.NoError(t, j.AddMarks(noise(100)))
			writeOut()
		}
		require.NoError(t, j.Close())
		require.Equal(t, 1, said)
		var records, marks int
		last := FrameRecord
		replay, err := ReadJournal(t.Context(), store, header, func(f Frame) error {
			if last = f.Kind; f.Kind == FrameRecord {
				records++
			} else {
				marks++
			}
			return nil
		})
		require.NoError(t, err)
		require.InDelta(t, 43, records, 8)
		require.Greater(t, marks, records, "marks go on")
		require.Less(t, marks, 400, "until the bound is met")
		require.Equal(t, FrameMarks, last)
		require.LessOrEqual(t, len(store.files[1]), 50_000+200)

		j, err = replay.Append(t.Context(), o)
		require.NoError(t, err)
		require.NoError(t, j.AddMarks(noise(100)))
		require.NoError(t, j.Close())
		require.Equal(t, 2, said, "what earlier runs wrote counts")
	})
}

// TestNothingFollowsAGap guards marks against telling of pages that were left out: what is buffered counts for more than
// what it is stored as, so that a full journal may seem to have room again.
func TestNothingFollowsAGapInAFullJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		j, err := CreateJournal(t.Context(), store, header, began, JournalOptions{MaxBytes: 20_000})
		require.NoError(t, err)
		require.NoError(t, j.AddMarks(bytes.Repeat([]byte("a"), 30_000)))
		require.NoError(t, j.AddPage(nthEntries(4), []byte("left out")))
		writeOut()
		require.NoError(t, j.AddMarks([]byte("behind the gap")))
		require.NoError(t, j.Close())
		got, _ := readAll(t, store)
		require.Len(t, got, 1)
	})
}

func TestAddBlocksWhileTheStoreIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		gate := make(chan struct{})
		hook := func(point string) {
			if point == "spool.write.before" {
				<-gate
			}
		}
		j, err := CreateJournal(t.Context(), store, header, began, JournalOptions{Hook: hook})
		require.NoError(t, err)
		added := make(chan int, 100)
		go func() {
			for i := range 20 {
				_ = j.AddBad(make([]byte, blockSize))
				added <- i
			}
			close(added)
		}()
		synctest.Wait()
		require.LessOrEqual(t, len(added), 6, "as much as is written, and as much as may wait")
		close(gate)
		synctest.Wait()
		require.Len(t, added, 20)
		require.NoError(t, j.Close())
	})
}

func TestAJournalTakesFramesFromManyAtOnce(t *testing.T) {
	store := newShelf()
	j := create(t, store)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 200 {
				_ = addNth(j, g*200+i)
			}
		})
	}
	all.Wait()
	require.NoError(t, j.Close())
	got, _ := readAll(t, store)
	var want []string
	for i := range 1600 {
		want = append(want, nthLine(i))
	}
	require.ElementsMatch(t, want, got)
}

func TestIDSetHasWhatWasAdded(t *testing.T) {
	s := NewIDSet()
	require.False(t, s.Has(""))
	for i := range 5000 {
		s.Add(fmt.Sprint("log_", i%2500))
	}
	s.Seal()
	require.Equal(t, 2500, s.Len())
	for i := range 5000 {
		require.Equal(t, i < 2500, s.Has(fmt.Sprint("log_", i)))
	}
}
