package spool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
)

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
