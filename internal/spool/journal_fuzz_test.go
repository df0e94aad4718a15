package spool

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
)

// place is where a frame of a journal ends.
type place struct{ segment, end int }

func (p place) before(segment, offset int) bool {
	return p.segment < segment || p.segment == segment && p.end <= offset
}

// frameBytes is frame i as it stands in a block.
func frameBytes(i int) []byte {
	switch i % 4 {
	case 0:
		return appendFrame(nil, FramePage, func(dst []byte) []byte { return appendPage(dst, nthEntries(i/4), fmt.Appendf(nil, "mark %d", i)) })
	case 1:
		return appendFrame(nil, FrameMarks, func(dst []byte) []byte { return fmt.Appendf(dst, "marks %d", i) })
	case 2:
		r := rec(int64(i), fmt.Sprint("log_", i), record.Fetched, strings.Repeat("detail ", i))
		return appendFrame(nil, FrameRecord, func(dst []byte) []byte { return appendRecord(dst, &r) })
	}
	return appendFrame(nil, FrameBad, func(dst []byte) []byte { return fmt.Appendf(dst, "bad %d", i) })
}

// written20 is a journal of twenty frames in four segments of blocks of one frame and of two, and where each frame ends.
func written20(t testing.TB) (store *shelf, want []string, places []place) {
	t.Helper()
	store = newShelf()
	head := segmentHead{Version: segmentVersion, Journal: "j", Began: began.UnixMicro(), Header: header}
	for n := 1; n <= 4; n++ {
		data, sum, err := appendHead(nil, head)
		require.NoError(t, err)
		for i := n*5 - 5; i < n*5; i++ {
			frames := frameBytes(i)
			want = append(want, nthLine(i))
			if i%5 == 2 {
				i++
				frames = append(frames, frameBytes(i)...)
				want = append(want, nthLine(i))
			}
			data, sum = appendBlock(data, frames, sum)
			for len(places) < len(want) {
				places = append(places, place{n, len(data)})
			}
		}
		store.files[n] = data
		head = head.next(n+1, part{n, int64(len(data)), sum})
	}
	got, _ := readAll(t, store)
	require.Equal(t, want, got)
	return store, want, places
}

// border is where the block that an offset is in begins, as far as the blocks are whole.
func border(data []byte, offset int) int {
	at := 0
	for at+blockHeader <= len(data) {
		end := at + blockHeader + int(binary.LittleEndian.Uint32(data[at:]))
		if end > min(offset, len(data)) {
			break
		}
		at = end
	}
	return at
}

// damage changes a journal as four bytes say, and returns the first byte that is not what it was.
func (s *shelf) damage(op, which, at, with byte) (segment, offset int) {
	n := int(which)%len(s.files) + 1
	data := bytes.Clone(s.files[n])
	o := 0
	if len(data) > 0 {
		o = (int(at) + int(op>>4)<<8) % len(data)
	}
	other := int(with)%len(s.files) + 1
	switch op % 8 {
	case 0, 1: // bits are flipped
		if len(data) == 0 {
			return len(s.files) + 1, 0
		}
		data[o] ^= with
	case 2: // the end is lost
		data = data[:o]
	case 3: // or something follows
		o = len(data)
		data = append(data, bytes.Repeat([]byte{at}, int(with)+1)...)
	case 4, 5: // a stretch is missing, or repeated
		end := min(o+int(with)+1, len(data))
		if op&0x80 != 0 { // whole blocks
			o, end = border(data, o), border(data, end)
		}
		if op%8 == 4 {
			data = slices.Delete(data, o, end)
		} else {
			data = slices.Insert(data, o, data[o:end]...)
		}
	case 6: // a segment is lost
		delete(s.files, n)
		return n, 0
	case 7: // or another stands in its place
		data = bytes.Clone(s.files[other])
		o = 0
	}
	s.files[n] = data
	return n, o
}

// FuzzDamagedJournal damages a journal anywhere, several times: what is before the damage is read, nothing is read that was not
// written, and the journal goes on from there.
func FuzzDamagedJournal(f *testing.F) {
	store, want, places := written20(f)
	for op := range byte(8) {
		f.Add([]byte{op, 0, 0, 1}, []byte("more"))
		f.Add([]byte{op, 1, 200, 7, op, 2, 9, 255}, []byte{})
		f.Add([]byte{op | 0x10, 2, 77, 128}, []byte{0})
		f.Add([]byte{op | 0x80, 1, 150, 60}, []byte{0})
		f.Add([]byte{op | 0x80, 1, 150, 60, 4 | 0x80, 1, 170, 60}, []byte{0})
	}
	f.Fuzz(func(t *testing.T, program, more []byte) {
		if len(program) > 40 {
			return
		}
		hit := store.clone()
		first := place{len(hit.files) + 1, 0}
		for ; len(program) >= 4 && len(hit.files) > 0; program = program[4:] {
			if hit.files[int(program[1])%len(hit.files)+1] == nil {
				break // a segment was lost
			}
			segment, offset := hit.damage(program[0], program[1], program[2], program[3])
			if segment < first.segment || segment == first.segment && offset < first.end {
				first = place{segment, offset}
			}
		}
		got, replay := readAll(t, hit)
		require.LessOrEqual(t, len(got), len(want))
		require.Equal(t, want[:len(got)], append([]string{}, got...))
		for i, p := range places {
			require.True(t, i < len(got) || !p.before(first.segment, first.end), "frame %d stands before the damage at %v", i, first)
		}
		if replay == nil {
			return
		}
		j, err := replay.Append(t.Context(), JournalOptions{})
		require.NoError(t, err)
		require.NoError(t, j.AddMarks(more))
		require.NoError(t, j.Close())
		again, _ := readAll(t, hit)
		require.Equal(t, append(slices.Clone(got), string(more)), again)
	})
}

// FuzzSegment reads any bytes as a segment, and as a block whose checksum is right: no frame of it breaks a reader, and a record
// that is read is one that would be written so.
func FuzzSegment(f *testing.F) {
	store, _, _ := written20(f)
	for _, data := range store.files {
		f.Add(data)
		blocks := newBlockReader(bytes.NewReader(data))
		for frames, err := blocks.next(); err == nil; frames, err = blocks.next() {
			f.Add(bytes.Clone(frames))
		}
	}
	for _, text := range []string{"", "\x01\x00\x00\x00\x00", "\x01\xff\xff\xff\xff", "\x01\x02\x00\x00\x00\x00\x00", "\x03\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff", "\x09\x00\x00\x00\x00"} {
		f.Add([]byte(text))
	}
	head, sum, err := appendHead(nil, segmentHead{Version: segmentVersion, Journal: "j", Number: 1, Header: header})
	require.NoError(f, err)
	block := func(before, frames []byte, sum uint32) []byte {
		data, _ := appendBlock(bytes.Clone(before), frames, sum)
		return data
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, data := range [][]byte{content, append(bytes.Clone(head), content...), block(head, content, sum), block(nil, content, 0)} {
			shelf := newShelf()
			shelf.files[1] = data
			visited := 0
			replay, err := ReadJournal(context.Background(), shelf, header, func(f Frame) error { visit(t, f); visited++; return nil })
			require.True(t, err == nil || errors.Is(err, ErrNoJournal), "%v", err)
			if err != nil {
				continue
			}
			for _, err := range replay.Frames(context.Background()) {
				require.NoError(t, err)
				visited--
			}
			require.Zero(t, visited, "both readings are the same")
		}
		blocks := blockReader{in: bufio.NewReader(bytes.NewReader(content))}
		for frames, err := blocks.next(); err == nil; frames, err = blocks.next() {
			_ = checkFrames(frames)
		}
	})
}

func visit(t *testing.T, f Frame) {
	switch f.Kind {
	case FramePage:
		var entries []record.Entry
		mark, err := f.Page(func(e record.Entry) error { entries = append(entries, e); return nil })
		if err != nil {
			require.ErrorIs(t, err, errCorrupt)
			return
		}
		var back []record.Entry
		again, err := Frame{FramePage, appendPage(nil, entries, mark)}.Page(func(e record.Entry) error { back = append(back, e); return nil })
		require.NoError(t, err)
		require.Equal(t, string(mark), string(again))
		require.Equal(t, entries, back)
	case FrameRecord:
		var r, back record.Record
		if err := f.Record(&r); err != nil {
			require.ErrorIs(t, err, errCorrupt)
			return
		}
		require.NoError(t, Frame{FrameRecord, appendRecord(nil, &r)}.Record(&back))
		require.Equal(t, r, back)
		id, err := f.RecordID()
		require.NoError(t, err)
		require.Equal(t, r.ID, id)
	default:
		_ = f.Text()
	}
}
