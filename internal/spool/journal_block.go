package spool

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/s2"
)

// A block of a journal:
//
//	stored   4 bytes  length of the payload, little endian
//	raw      4 bytes  its length decompressed
//	crc      4 bytes  CRC-32C of the eight bytes before and the payload, continued from that of the block before
//	payload  S2 block (github.com/klauspost/compress/s2) of whole frames
//
// The first block of a segment continues nothing, and names the last checksum of the segment before. So whole blocks that are
// missing, repeated or exchanged are found as those that are damaged. In segments of version 1 no block continues another.
const blockHeader = 12

// errTorn says that bytes end within a block, as a kill leaves them.
var errTorn = errors.New("block is torn")

// appendBlock returns the block's checksum too. before is that of the block before it.
func appendBlock(dst, frames []byte, before uint32) ([]byte, uint32) {
	at := len(dst)
	dst = append(dst, make([]byte, blockHeader+s2.MaxEncodedLen(len(frames)))...)
	payload := s2.Encode(dst[at+blockHeader:], frames)
	h := dst[at:]
	binary.LittleEndian.PutUint32(h, uint32(len(payload)))
	binary.LittleEndian.PutUint32(h[4:], uint32(len(frames)))
	sum := blockSum(before, h[:8], payload)
	binary.LittleEndian.PutUint32(h[8:], sum)
	return dst[:at+blockHeader+len(payload)], sum
}

func blockSum(before uint32, lengths, payload []byte) uint32 {
	return crc32.Update(crc32.Update(before, castagnoli, lengths), castagnoli, payload)
}

// blockReader reads blocks one after the other. What it returns is valid until the next call.
type blockReader struct {
	in      *bufio.Reader
	read    int64  // bytes of the blocks read
	sum     uint32 // of the last of them
	loose   bool   // blocks don't continue one another: version 1
	payload bytes.Buffer
	frames  []byte
}

func newBlockReader(in io.Reader) *blockReader {
	return &blockReader{in: bufio.NewReaderSize(in, blockSize)}
}

// next returns the next block's frames: io.EOF where there is none, errTorn where it is cut off, errCorrupt where it is
// not what was written, and the reader's error where it can't be read.
func (r *blockReader) next() ([]byte, error) {
	var h [blockHeader]byte
	if n, err := io.ReadFull(r.in, h[:]); err != nil {
		if n > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errTorn
		}
		return nil, err
	}
	size := int64(binary.LittleEndian.Uint32(h[:]))
	r.payload.Reset()
	if r.payload.Cap() > keepScratch {
		r.payload, r.frames = bytes.Buffer{}, nil
	}
	// Read as far as there is something, so that a damaged length asks for no memory.
	if n, err := io.CopyN(&r.payload, r.in, size); err != nil {
		if n < size && errors.Is(err, io.EOF) {
			return nil, errTorn
		}
		return nil, err
	}
	before := r.sum
	if r.loose {
		before = 0
	}
	sum := blockSum(before, h[:8], r.payload.Bytes())
	if sum != binary.LittleEndian.Uint32(h[8:]) {
		return nil, errCorrupt
	}
	frames, err := s2.Decode(r.frames[:cap(r.frames)], r.payload.Bytes())
	if err != nil || len(frames) != int(binary.LittleEndian.Uint32(h[4:])) {
		return nil, errCorrupt
	}
	r.frames = frames
	r.read += blockHeader + size
	r.sum = sum
	return frames, nil
}
