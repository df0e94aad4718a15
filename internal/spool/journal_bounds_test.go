package spool

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
)

func TestWhatIsAddedIsStoredAfterMillisecondsAndFlushedAfterTwoSeconds(t *testing.T) {
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
		synctest.Wait()
		require.Equal(t, map[string]time.Duration{
			"spool.write.before": blockAge, "spool.write.after": blockAge,
			"spool.sync.before": blockAge + syncAge, "spool.sync.after": blockAge + syncAge,
		}, at)
		calls := store.calls
		time.Sleep(time.Hour)
		synctest.Wait()
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

// TestNothingFollowsAGapInAFullJournal guards marks against telling of pages that were left out: what is buffered counts for more than
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

func BenchmarkJournalRecords(b *testing.B) {
	j := create(b, LocalJournal(b.TempDir()))
	r := rec(1, "log_1", record.Fetched, strings.Repeat(`{"name":"a value of some length","n":12345}`, 300))
	b.SetBytes(int64(r.Size()))
	b.ReportAllocs()
	for b.Loop() {
		if err := j.AddRecord(&r); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, j.Close())
}
