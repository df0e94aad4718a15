package spool

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"logferry/internal/record"
)

const (
	chunkSize = 1 << 20
	// A record above this size gets a chunk of its own, so that it does not leave half a chunk unused.
	loneSize = chunkSize / 8
)

// buffer holds stored records in large chunks without pointers, so that its size is known to the byte and the garbage
// collector has nothing to follow.
type buffer struct {
	chunks  [][]byte
	current int // the chunk that is being filled; -1 before the first
	refs    []ref
	bytes   int64 // capacity of chunks
}

// spare holds emptied chunks of chunkSize for the next buffer, of this spool or another.
var spare = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// ref places one stored record in a buffer's chunks.
type ref struct {
	micros           int64
	chunk, off, size uint32
}

const refSize = 24

func newBuffer() *buffer { return &buffer{current: -1} }

func (b *buffer) add(r *record.Record) {
	need := storedSize(r)
	at := b.current
	switch {
	case need > loneSize:
		at = b.grow(make([]byte, 0, need))
	case at < 0 || cap(b.chunks[at])-len(b.chunks[at]) < need:
		at = b.grow(spare.Get().(*[chunkSize]byte)[:0])
		b.current = at
	}
	off := len(b.chunks[at])
	b.chunks[at] = appendRecord(b.chunks[at], r)
	b.refs = append(b.refs, ref{
		micros: r.Micros, chunk: uint32(at), off: uint32(off), size: uint32(len(b.chunks[at]) - off),
	})
}

func (b *buffer) grow(chunk []byte) int {
	b.chunks = append(b.chunks, chunk)
	b.bytes += int64(cap(chunk))
	return len(b.chunks) - 1
}

// size is the memory in use, in bytes.
func (b *buffer) size() int64 { return b.bytes + int64(len(b.refs))*refSize }

func (b *buffer) at(r ref) stored { return stored(b.chunks[r.chunk][r.off : r.off+r.size]) }

// sort orders the records by key and keeps one of each, the one with the best outcome.
func (b *buffer) sort() {
	slices.SortFunc(b.refs, func(x, y ref) int {
		if c := cmp.Compare(x.micros, y.micros); c != 0 {
			return c
		}
		sx, sy := b.at(x), b.at(y)
		if c := bytes.Compare(sx.id(), sy.id()); c != 0 {
			return c
		}
		return cmp.Compare(sy.rank(), sx.rank())
	})
	b.refs = slices.CompactFunc(b.refs, func(x, y ref) bool {
		return x.micros == y.micros && bytes.Equal(b.at(x).id(), b.at(y).id())
	})
}

// reset empties the buffer and gives its ordinary chunks back.
func (b *buffer) reset() {
	for i, c := range b.chunks {
		if cap(c) == chunkSize {
			spare.Put((*[chunkSize]byte)(c[:chunkSize]))
		}
		b.chunks[i] = nil
	}
	*b = buffer{current: -1, refs: b.refs[:0], chunks: b.chunks[:0]}
}
