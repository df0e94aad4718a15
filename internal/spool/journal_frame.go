package spool

import (
	"encoding/binary"

	"logferry/internal/record"
)

// FrameKind says what a frame of a journal holds.
type FrameKind byte

// The kinds of frames. Their numbers are stored.
const (
	FramePage   FrameKind = 1 + iota // entries of a list page, and a mark
	FrameMarks                       // marks
	FrameRecord                      // a record with its outcome
	FrameBad                         // a line about a record that can't be had
)

// Frame is one thing that a journal was told. It is valid until the next one is asked for.
type Frame struct {
	Kind FrameKind
	body []byte
}

// A frame in a block is its kind (1 byte), its body's length (4 bytes, little endian) and the body.
const frameHead = 5

func appendFrame(dst []byte, kind FrameKind, body func(dst []byte) []byte) []byte {
	at := len(dst)
	dst = append(dst, byte(kind), 0, 0, 0, 0)
	dst = body(dst)
	binary.LittleEndian.PutUint32(dst[at+1:], uint32(len(dst)-at-frameHead))
	return dst
}

// cutFrame takes the first frame off a block.
func cutFrame(frames []byte) (f Frame, rest []byte, err error) {
	if len(frames) < frameHead {
		return Frame{}, nil, errCorrupt
	}
	size := uint64(binary.LittleEndian.Uint32(frames[1:]))
	body := frames[frameHead:]
	if size > uint64(len(body)) {
		return Frame{}, nil, errCorrupt
	}
	return Frame{Kind: FrameKind(frames[0]), body: body[:size:size]}, body[size:], nil
}

// checkFrames says whether a block consists of whole frames.
func checkFrames(frames []byte) (err error) {
	for len(frames) > 0 && err == nil {
		_, frames, err = cutFrame(frames)
	}
	return err
}

// entryOverhead is more than what an entry takes in a page beside its texts.
const entryOverhead = 64

// appendPage appends a page's body: the mark, then each entry as a record without detail, all behind their lengths as
// varints.
func appendPage(dst []byte, entries []record.Entry, mark []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(mark)))
	dst = append(dst, mark...)
	for i := range entries {
		r := record.Record{Entry: entries[i], Outcome: record.Skipped}
		dst = binary.AppendUvarint(dst, uint64(storedSize(&r)))
		dst = appendRecord(dst, &r)
	}
	return dst
}

// Page returns the mark of a FramePage and calls entry with each of its entries. Both alias the frame.
func (f Frame) Page(entry func(record.Entry) error) (mark []byte, err error) {
	mark, rest, err := cutField(f.body, 0)
	for err == nil && len(rest) > 0 {
		var field []byte
		if field, rest, err = cutField(rest, 0); err != nil {
			return nil, err
		}
		var r record.Record
		if err = stored(field).decode(&r); err == nil {
			err = entry(r.Entry)
		}
	}
	return mark, err
}

// Text returns the marks of a FrameMarks, or the line of a FrameBad.
func (f Frame) Text() []byte { return f.body }

// Record fills r with the record of a FrameRecord, which it then aliases.
func (f Frame) Record(r *record.Record) error { return stored(f.body).decode(r) }

// RecordID returns the id of a FrameRecord's record, without reading the rest.
func (f Frame) RecordID() (string, error) {
	var r record.Record
	err := f.Record(&r)
	return r.ID, err
}
