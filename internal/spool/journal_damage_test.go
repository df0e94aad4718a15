package spool

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

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
	step := 1
	if testing.Short() {
		step = 97
	}
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		store.limit = 250
		j := create(t, store)
		want := written(t, j, 0, 12)
		require.NoError(t, j.Close())
		require.Greater(t, len(store.files), 2)
		for n, data := range store.files {
			for bit := 0; bit < 8*len(data); bit += step {
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
