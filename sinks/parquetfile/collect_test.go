package parquetfile

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/table"
)

func TestWriterKeepsNothingOfARowThatIsNotCollected(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{{Name: "text", Kind: table.String}, {Name: "n", Kind: table.Int64}}}
	w, err := NewWriter(io.Discard, schema, Options{Memory: func() int64 { return 64 << 20 }})
	require.NoError(t, err)
	require.NoError(t, w.Write(table.Row{{Bytes: []byte("short"), Valid: true}, {}}))
	require.NoError(t, w.Write(table.Row{{Bytes: bytes.Repeat([]byte("x"), directRow+1), Valid: true}, {Int: 1, Valid: true}}))
	for _, c := range w.columns {
		for _, v := range c.values[:cap(c.values)] {
			require.True(t, v.IsNull(), c.name)
		}
	}
	require.NoError(t, w.Close())
}
