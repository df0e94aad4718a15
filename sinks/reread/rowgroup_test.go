package reread_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/require"

	"logferry/internal/table"
	"logferry/sinks/reread"
)

// withPageSize returns a file in the header of one of whose pages another size stands, of as many bytes as the text that is there.
func withPageSize(t *testing.T, content []byte, text, size int) []byte {
	t.Helper()
	for i := range content {
		n, length := binary.Varint(content[i:min(i+binary.MaxVarintLen32, len(content))])
		if length > 3 && i > 0 && content[i-1] == 0x15 && int(n) >= text && int(n) < text+100 {
			other := binary.AppendVarint(nil, int64(size))
			require.Len(t, other, length)
			return append(append(bytes.Clone(content[:i]), other...), content[i+length:]...)
		}
	}
	require.Fail(t, "no such page")
	return nil
}

func TestPagesAskForNoMoreMemoryThanTheirChunkSays(t *testing.T) {
	const length = 1_200_000 // bytes
	schema := base("c", table.String, false)
	content := encode(t, keys[0], schema, []table.Row{{text("a"), {Valid: true}, text(strings.Repeat("x", length))}}, 64<<20)
	read := func(content []byte) (asked uint64, err error) {
		path := save(t, content)
		asked = allocated(func() { _, _, err = reread.File(t.Context(), path, keys[0], ignore) })
		return asked, err
	}
	usual, err := read(content)
	require.NoError(t, err)
	damaged := withPageSize(t, content, length, 120<<20)
	asked, err := read(damaged)
	requireFileError(t, err)
	require.ErrorContains(t, err, "exceeds")
	require.Less(t, asked, usual+2<<20)

	unpacked := func(n int64) func(m *format.FileMetaData) {
		return func(m *format.FileMetaData) { m.RowGroups[0].Columns[2].MetaData.TotalUncompressedSize = n }
	}
	asked, err = read(withFooter(t, damaged, unpacked(1<<40)))
	requireFileError(t, err)
	require.ErrorContains(t, err, "exceeds", "what the footer says is bounded by what can be packed into so few bytes")
	require.Less(t, asked, usual+2<<20)
}

func TestColumnsOfMoreBytesThanTheFileAreTold(t *testing.T) {
	content := encode(t, keys[0], base("c", table.String, false), []table.Row{{text("a"), {Valid: true}, text("b")}}, 64<<20)
	for _, size := range []int64{-1, int64(len(content)), 1 << 40} {
		large := withFooter(t, content, func(m *format.FileMetaData) { m.RowGroups[0].Columns[1].MetaData.TotalCompressedSize = size })
		_, _, err := reread.File(t.Context(), save(t, large), keys[0], ignore)
		require.ErrorContains(t, err, "more bytes than the file")
	}
}
