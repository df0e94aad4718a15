package spool

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// blocksOf cuts a segment into its blocks.
func blocksOf(data []byte) (blocks [][]byte) {
	for len(data) > 0 {
		n := blockHeader + int(binary.LittleEndian.Uint32(data))
		blocks, data = append(blocks, data[:n]), data[n:]
	}
	return blocks
}

// rearranged calls check for every way to leave out, repeat or exchange one block behind the first, and says how many of the blocks
// before that count.
func rearranged(blocks [][]byte, check func(what string, whole int, data []byte)) {
	for i := 1; i < len(blocks); i++ {
		check("left out", i, bytes.Join(slices.Delete(slices.Clone(blocks), i, i+1), nil))
		check("repeated", i+1, bytes.Join(slices.Insert(slices.Clone(blocks), i, blocks[i]), nil))
		for k := i + 1; k < len(blocks); k++ {
			swapped := slices.Clone(blocks)
			swapped[i], swapped[k] = swapped[k], swapped[i]
			check("exchanged", i, bytes.Join(swapped, nil))
		}
	}
}

func TestWholeBlocksThatAreLeftOutRepeatedOrExchangedEndAJournalThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		j := create(t, store)
		want := written(t, j, 0, 8)
		require.NoError(t, j.Close())
		blocks := blocksOf(store.files[1])
		require.Len(t, blocks, 9)
		rearranged(blocks, func(what string, whole int, data []byte) {
			hit := store.clone()
			hit.files[1] = data
			got, replay := readAll(t, hit)
			require.Equal(t, want[:whole-1], append([]string{}, got...), what)
			require.Equal(t, len(data) > len(bytes.Join(blocks[:whole], nil)), replay.Damaged(), what)
			j, err := replay.Append(t.Context(), JournalOptions{})
			require.NoError(t, err)
			more := written(t, j, 100, 2)
			require.NoError(t, j.Close())
			got, _ = readAll(t, hit)
			require.Equal(t, slices.Concat(want[:whole-1], more), got, "continued")
		})
	})
}

func TestASegmentFollowsTheBlocksOfTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket := &objects{data: map[string][]byte{}, from: time.Now()}
		store := ObjectJournal(bucket, "spool/")
		j := create(t, store)
		want := written(t, j, 0, 5)
		writeOut()
		time.Sleep(2 * objectAge)
		synctest.Wait()
		want = append(want, written(t, j, 5, 2)...)
		require.NoError(t, j.Close())
		require.Len(t, bucket.data, 2)
		first := bucket.data["spool/00000001.journal"]
		blocks := blocksOf(first)
		require.Len(t, blocks, 6)
		bucket.data["spool/00000001.journal"] = bytes.Join(append(blocks[:4:4], blocks[5]), nil)
		got, replay := readAll(t, store)
		require.Equal(t, want[:3], got)
		require.True(t, replay.Damaged())
		bucket.data["spool/00000001.journal"] = first
		got, _ = readAll(t, store)
		require.Equal(t, want, got)

		// The last block anew, with a checksum that is right: it is another segment than the one that is continued.
		var before uint32
		for _, b := range blocks[:5] {
			before = binary.LittleEndian.Uint32(b[8:])
		}
		frame := appendFrame(nil, FramePage, func(dst []byte) []byte { return appendPage(dst, nthEntries(1), []byte("mark 5")) })
		other, _ := appendBlock(bytes.Join(blocks[:5], nil), frame, before)
		require.Len(t, other, len(first))
		bucket.data["spool/00000001.journal"] = other
		got, replay = readAll(t, store)
		require.Len(t, got, 5)
		require.True(t, replay.Damaged(), "what follows is not read")
	})
}

// loose makes a segment of version 1 of blocks of frames.
func loose(t *testing.T, head segmentHead, frames ...[]byte) (data []byte, p part) {
	head.Version, head.AfterSum = looseVersion, 0
	data, sum, err := appendHead(nil, head)
	require.NoError(t, err)
	for _, f := range frames {
		data, sum = appendBlock(data, f, 0)
	}
	return data, part{number: head.Number, size: int64(len(data)), sum: sum}
}

func TestSegmentsOfVersionOneAreReadAndContinued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		head := segmentHead{Journal: "j", Began: began.UnixMicro(), Number: 1, Header: header}
		var p part
		store.files[1], p = loose(t, head, frameBytes(0), frameBytes(1), frameBytes(2))
		store.files[2], p = loose(t, head.next(2, p), frameBytes(3), frameBytes(4))
		want := []string{nthLine(0), nthLine(1), nthLine(2), nthLine(3), nthLine(4)}
		got, replay := readAll(t, store)
		require.Equal(t, want, got)
		require.False(t, replay.Damaged())
		j, err := replay.Append(t.Context(), JournalOptions{})
		require.NoError(t, err)
		want = append(want, written(t, j, 5, 3)...)
		require.NoError(t, j.Close())
		got, replay = readAll(t, store)
		require.Equal(t, want, got)
		require.False(t, replay.Damaged())
		require.Equal(t, []part{p}, replay.parts[1:2])
	})
}

func TestSegmentsOfALaterVersionAreNone(t *testing.T) {
	store := newShelf()
	data, _, err := appendHead(nil, segmentHead{Version: segmentVersion + 1, Journal: "j", Header: header})
	require.NoError(t, err)
	store.files[1] = data
	_, replay := readAll(t, store)
	require.Nil(t, replay)
}

func TestABlockThatHoldsNoFramesDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		j := create(t, store)
		want := written(t, j, 0, 2)
		require.NoError(t, j.Close())
		blocks := blocksOf(store.files[1])
		store.files[1], _ = appendBlock(store.files[1], []byte("none"), binary.LittleEndian.Uint32(blocks[2][8:]))
		got, replay := readAll(t, store)
		require.Equal(t, want, got)
		require.True(t, replay.Damaged())
	})
}
