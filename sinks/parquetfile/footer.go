package parquetfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// A Parquet file ends in the footer's length, in 4 bytes, and the four bytes with which it begins too.
const (
	magic    = "PAR1"
	fileTail = 4 + len(magic)
)

var errNoParquet = errors.New("it is no whole Parquet file")

// open reads a file's footer. The library would make room for the length that a damaged file says its footer has, up to 4 GiB.
func open(r io.ReaderAt, size int64) (file *parquet.File, err error) {
	defer recoverFrom(&err)
	var tail [fileTail]byte
	if size < int64(len(magic)+fileTail) {
		return nil, errNoParquet
	}
	if _, err := r.ReadAt(tail[:], size-int64(fileTail)); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read its end: %w", err)
	}
	footer := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[4:]) != magic || footer > size-int64(len(magic)+fileTail) {
		return nil, errNoParquet
	}
	return parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
}
