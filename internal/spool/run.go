package spool

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/klauspost/compress/s2"
)

// A run is a file of stored records in key order, each key once. It is a sequence of frames:
//
//	kind     1 byte   block or large
//	stored   4 bytes  length of what follows the header, little endian
//	raw      4 bytes  its length decompressed
//	crc      4 bytes  CRC-32C of the stored bytes
//	payload  S2 block (github.com/klauspost/compress/s2)
//
// A block holds records one after the other: a varint of twice the length, then the record. A record above
// largeRecord stands in a frame of its own before the block; in the block, the varint is odd and covers timestamp, rank and id
// of the record and the large frame's offset (8 bytes). So a merge of many runs holds one small block of each,
// whatever the size of the payloads.
const (
	frameBlock  = 1
	frameLarge  = 2
	frameHeader = 13

	blockSize   = 64 << 10
	largeRecord = 32 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type run struct {
	file  *os.File
	size  int64
	count int64 // records: a reader that ends with fewer met damage
}

// createRun makes an empty run in dir. Where the system allows it the file has no name, so that a killed process
// leaves nothing behind.
func createRun(dir string) (*run, error) {
	f, err := os.CreateTemp(dir, "run-*")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name()) // refused on Windows, where close removes it
	return &run{file: f}, nil
}

func (r *run) close() error {
	err := r.file.Close()
	if rm := os.Remove(r.file.Name()); rm != nil && !errors.Is(rm, os.ErrNotExist) && err == nil {
		err = rm
	}
	return err
}

// runWriter writes the frames of one run.
type runWriter struct {
	run   *run
	out   *bufio.Writer
	block []byte
	comp  []byte
}

func newRunWriter(r *run) *runWriter {
	return &runWriter{run: r, out: bufio.NewWriterSize(r.file, 256<<10)}
}

func (w *runWriter) add(s stored) error {
	w.run.count++
	if len(s) <= largeRecord {
		w.block = binary.AppendUvarint(w.block, uint64(len(s))<<1)
		w.block = append(w.block, s...)
	} else {
		at := w.run.size
		if err := w.frame(frameLarge, s); err != nil {
			return err
		}
		key := keyLen(s)
		w.block = binary.AppendUvarint(w.block, uint64(key+8)<<1|1)
		w.block = append(w.block, s[:key]...)
		w.block = binary.LittleEndian.AppendUint64(w.block, uint64(at))
	}
	if len(w.block) >= blockSize {
		return w.flushBlock()
	}
	return nil
}

func keyLen(s stored) int {
	n, w := binary.Uvarint(s[9:])
	return 9 + w + int(n)
}

func (w *runWriter) flushBlock() error {
	if len(w.block) == 0 {
		return nil
	}
	err := w.frame(frameBlock, w.block)
	w.block = w.block[:0]
	return err
}

func (w *runWriter) frame(kind byte, raw []byte) error {
	w.comp = s2.Encode(w.comp[:cap(w.comp)], raw)
	var h [frameHeader]byte
	h[0] = kind
	binary.LittleEndian.PutUint32(h[1:], uint32(len(w.comp)))
	binary.LittleEndian.PutUint32(h[5:], uint32(len(raw)))
	binary.LittleEndian.PutUint32(h[9:], crc32.Checksum(w.comp, castagnoli))
	if _, err := w.out.Write(h[:]); err != nil {
		return err
	}
	if _, err := w.out.Write(w.comp); err != nil {
		return err
	}
	w.run.size += int64(frameHeader + len(w.comp))
	return nil
}

func (w *runWriter) finish() error {
	if err := w.flushBlock(); err != nil {
		return err
	}
	return w.out.Flush()
}

// scratch holds a frame as it is stored, and a large record. A giant record's memory is not kept.
type scratch struct{ comp, large []byte }

const keepScratch = 1 << 20

func (s *scratch) trim() {
	if cap(s.comp) > keepScratch {
		s.comp = nil
	}
	if cap(s.large) > keepScratch {
		s.large = nil
	}
}

// runReader reads a run's records in order. What it returns is valid until its next call.
type runReader struct {
	run   *run
	off   int64
	seen  int64  // records returned
	rest  []byte // of the current block
	block []byte
	// scratch is shared by the readers of a merge: only the record that is emitted needs the large buffers.
	scratch *scratch

	key    stored // timestamp, rank and id of the current record; the whole record unless it is large
	isLong bool
	longAt int64
}

// next moves to the next record. It returns io.EOF after the last.
func (r *runReader) next() error {
	for len(r.rest) == 0 {
		if err := r.readBlock(); err != nil {
			return err
		}
	}
	n, w := binary.Uvarint(r.rest)
	size := n >> 1
	if w <= 0 || size < 11 || size > uint64(len(r.rest)-w) {
		return errCorrupt
	}
	body := r.rest[w : w+int(size)]
	r.rest = r.rest[w+int(size):]
	r.isLong = n&1 == 1
	if r.isLong {
		r.longAt = int64(binary.LittleEndian.Uint64(body[size-8:]))
		body = body[:size-8]
	}
	r.key = stored(body)
	r.seen++
	return nil
}

// record returns the whole current record.
func (r *runReader) record() (stored, error) {
	if !r.isLong {
		return r.key, nil
	}
	r.scratch.trim()
	kind, err := r.frame(r.longAt, &r.scratch.large)
	if err != nil {
		return nil, err
	}
	if kind != frameLarge {
		return nil, errCorrupt
	}
	return stored(r.scratch.large), nil
}

func (r *runReader) readBlock() error {
	for r.off < r.run.size {
		kind, size, err := r.header(r.off)
		if err != nil {
			return err
		}
		at := r.off
		r.off += frameHeader + int64(size)
		if kind == frameLarge {
			continue
		}
		if kind != frameBlock {
			return errCorrupt
		}
		if _, err := r.frame(at, &r.block); err != nil {
			return err
		}
		r.rest = r.block
		return nil
	}
	if r.seen != r.run.count {
		return errCorrupt
	}
	return io.EOF
}

func (r *runReader) header(at int64) (kind byte, size uint32, err error) {
	var h [frameHeader]byte
	if _, err := r.run.file.ReadAt(h[:], at); err != nil {
		return 0, 0, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	return h[0], binary.LittleEndian.Uint32(h[1:]), nil
}

// frame reads the frame at an offset and decompresses it into *dst.
func (r *runReader) frame(at int64, dst *[]byte) (kind byte, err error) {
	var h [frameHeader]byte
	if _, err := r.run.file.ReadAt(h[:], at); err != nil {
		return 0, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	size := binary.LittleEndian.Uint32(h[1:])
	if at+frameHeader+int64(size) > r.run.size {
		return 0, errCorrupt
	}
	r.scratch.comp = grow(r.scratch.comp, int(size))
	comp := r.scratch.comp
	if _, err := r.run.file.ReadAt(comp, at+frameHeader); err != nil {
		return 0, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	if crc32.Checksum(comp, castagnoli) != binary.LittleEndian.Uint32(h[9:]) {
		return 0, errCorrupt
	}
	raw, err := s2.Decode((*dst)[:cap(*dst)], comp)
	if err != nil || len(raw) != int(binary.LittleEndian.Uint32(h[5:])) {
		return 0, errCorrupt
	}
	*dst = raw
	return h[0], nil
}

func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}
