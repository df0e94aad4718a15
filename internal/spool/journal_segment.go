package spool

import (
	"context"
	"encoding/json"
	"io"
	"time"
)

// JournalStore keeps the segments of one journal, by number. It is used by one journal at a time; the owner sees to it that
// no other process uses it.
type JournalStore interface {
	// Segments returns the numbers that there are, ascending.
	Segments(ctx context.Context) ([]int, error)
	// Open reads a segment. The caller closes it.
	Open(ctx context.Context, n int) (io.ReadCloser, error)
	// Create begins a segment. The number is a new one.
	Create(ctx context.Context, n int) (Segment, error)
	// Remove deletes a segment. That there is none is no error.
	Remove(ctx context.Context, n int) error
	// Limits says when a segment is to be closed and another begun: at how many bytes, and how long after the first byte
	// that is not flushed. 0 is never.
	Limits() (bytes int64, age time.Duration)
}

// Segment is a part of a journal while it is written. What was written is lasting after Sync or Close.
type Segment interface {
	io.Writer
	Sync() error
	Close() error
}

// A segment begins with a block that holds a segmentHead as JSON.

const (
	segmentVersion = 2
	looseVersion   = 1 // whose blocks don't continue one another: of a run of an earlier program that was killed
)

// segmentHead says what a segment is.
type segmentHead struct {
	Version int    `json:"version"`
	Journal string `json:"journal"` // the same in all segments of a journal, and in no other
	Began   int64  `json:"began"`   // the journal, in µs since the epoch
	Number  int    `json:"-"`       // by which the store knows it
	// After is the segment that this one continues, AfterBytes how much of it counts, and AfterSum the checksum of the last block
	// of that. 0 in the first segment; AfterSum in those of version 1 too.
	After      int    `json:"after,omitzero"`
	AfterBytes int64  `json:"after_bytes,omitzero"`
	AfterSum   uint32 `json:"after_sum,omitzero"`
	Header     []byte `json:"header,omitempty"` // of the journal; in the first segment
}

// part is a segment, how many of its bytes count, and the checksum of the last block of them.
type part struct {
	number int
	size   int64
	sum    uint32
}

// next returns the head of a segment that continues part p.
func (h segmentHead) next(number int, p part) segmentHead {
	h.Version, h.Number, h.After, h.AfterBytes, h.AfterSum, h.Header = segmentVersion, number, p.number, p.size, p.sum, nil
	return h
}

// follows says whether a segment continues the journal of h at part p.
func (h *segmentHead) follows(first *segmentHead, p part) bool {
	return h.Journal == first.Journal && h.After == p.number && h.AfterBytes == p.size && (h.AfterSum == p.sum || h.Version == looseVersion)
}

// appendHead returns the block's checksum too.
func appendHead(dst []byte, h segmentHead) ([]byte, uint32, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, 0, err
	}
	dst, sum := appendBlock(dst, text, 0)
	return dst, sum, nil
}

// readHead reads the first block of a segment.
func readHead(r *blockReader) (segmentHead, error) {
	text, err := r.next()
	if err != nil {
		return segmentHead{}, err
	}
	var h segmentHead
	if json.Unmarshal(text, &h) != nil || h.Version < looseVersion || h.Version > segmentVersion {
		return segmentHead{}, errCorrupt
	}
	r.loose = h.Version == looseVersion
	return h, nil
}
