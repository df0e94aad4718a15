package reread

import (
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// mostUnpacked is how many bytes one byte of a chunk can stand for: a block of zstd, which no other compression in use beats, has 128 KiB
// and takes 4 bytes at least.
const mostUnpacked = 128 << 10 / 4

// rowGroup is a row group whose pages ask for no more memory than there can be in them. The library makes room for what the header of a
// page says, within bounds that are the same for all pages: 64 MiB, and 256 MiB decompressed, for each column that is open.
type rowGroup struct {
	*file.RowGroupReader
	properties *parquet.ReaderProperties // the file's: a column takes over what it finds there
}

// newRowGroup refuses a row group with more bytes than its file.
func newRowGroup(group *file.RowGroupReader, properties *parquet.ReaderProperties, size int64) (*rowGroup, error) {
	for i := range group.NumColumns() {
		chunk, err := group.MetaData().ColumnChunk(i)
		if err != nil {
			return nil, err
		}
		packed := chunk.TotalCompressedSize()
		if packed < 0 || packed > size {
			return nil, fmt.Errorf("its columns have more bytes than the file")
		}
		size -= packed
	}
	return &rowGroup{group, properties}, nil
}

// Column bounds the pages of the column by what the footer says the chunk has.
func (g *rowGroup) Column(i int) (file.ColumnChunkReader, error) {
	chunk, err := g.MetaData().ColumnChunk(i)
	if err != nil {
		return nil, err
	}
	packed, unpacked := chunk.TotalCompressedSize(), chunk.TotalUncompressedSize()
	g.properties.MaxCompressedPageSize = max(min(packed, parquet.DefaultMaxCompressedPageSize), 1)
	g.properties.MaxUncompressedPageSize = max(min(unpacked, packed*mostUnpacked, parquet.DefaultMaxUncompressedPageSize), 1)
	return g.RowGroupReader.Column(i)
}
