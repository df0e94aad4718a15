package reread_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/require"

	"logferry/internal/table"
	"logferry/sinks/parquetfile"
	"logferry/sinks/reread"
)

// withFooter returns a Parquet file with another footer.
func withFooter(t *testing.T, content []byte, change func(*format.FileMetaData)) []byte {
	t.Helper()
	file, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	change(file.Metadata())
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), file.Metadata())
	require.NoError(t, err)
	end := len(content) - 8
	start := end - int(binary.LittleEndian.Uint32(content[end:]))
	changed := append(bytes.Clone(content[:start]), footer...)
	return append(binary.LittleEndian.AppendUint32(changed, uint32(len(footer))), "PAR1"...)
}

func TestParquetThatContradictsItselfIsTold(t *testing.T) {
	keysOnly := &table.Schema{Columns: base("c", table.String, false).Columns[:2]}
	rows := make([]table.Row, 3000)
	for i := range rows {
		rows[i] = table.Row{text("a"), {Int: int64(i), Valid: true}}
	}
	plain := encode(t, keys[0], keysOnly, rows, 64<<20)
	rest := encode(t, keys[0], base("c", table.String, false), []table.Row{{text("a"), {Valid: true}, {}}, {text("b"), {Valid: true}, {}}}, 64<<20)
	for name, test := range map[string]struct {
		content []byte
		change  func(*format.FileMetaData)
		want    string
	}{
		"footer":          {plain, func(m *format.FileMetaData) { m.NumRows++ }, "the footer says 3001 rows"},
		"fewer in group":  {plain, func(m *format.FileMetaData) { m.RowGroups[0].NumRows, m.NumRows = 2999, 2999 }, "more values"},
		"far fewer":       {plain, func(m *format.FileMetaData) { m.RowGroups[0].NumRows, m.NumRows = 1024, 1024 }, "more values"},
		"more in group":   {plain, func(m *format.FileMetaData) { m.RowGroups[0].NumRows, m.NumRows = 3001, 3001 }, "unexpected EOF"},
		"fewer in column": {rest, func(m *format.FileMetaData) { m.RowGroups[0].NumRows, m.NumRows = 3, 3 }, "it has 2 values, its row group 3 rows"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := reread.File(t.Context(), save(t, withFooter(t, test.content, test.change)), keys[0], ignore)
			require.ErrorContains(t, err, test.want)
		})
	}
	_, found, err := reread.File(t.Context(), save(t, withFooter(t, plain, func(*format.FileMetaData) {})), keys[0], ignore)
	require.NoError(t, err, "the footer alone does no harm")
	require.EqualValues(t, len(rows), found)
}

func TestTextsThatAreNoUTF8AreTold(t *testing.T) {
	schema := base("c", table.JSON, false)
	var out bytes.Buffer
	w, err := parquetfile.NewWriter(&out, schema, parquetfile.Options{Compression: "none", Memory: func() int64 { return 1 << 20 }})
	require.NoError(t, err)
	require.NoError(t, w.Write(table.Row{text("identity"), {Valid: true}, text(`"nothing"`)}))
	require.NoError(t, w.Close())
	for _, value := range []string{"identity", "nothing"} {
		at := bytes.Index(out.Bytes(), []byte(value))
		require.Positive(t, at)
		content := bytes.Clone(out.Bytes())
		content[at] = 0xff
		_, _, err := reread.File(t.Context(), save(t, content), keys[0], ignore)
		require.ErrorContains(t, err, "UTF-8")
	}
}

func TestLinesThatAreNoRowsAreTold(t *testing.T) {
	const good = `{"log_id":"a","timestamp":"2026-04-17T00:00:00.000000Z","c":1}` + "\n"
	for content, want := range map[string]string{
		good[:len(good)-1]:                               "line 1: it has no end",
		good + good[:20]:                                 "line 2: it has no end",
		good + "\n":                                      "line 2: it is no JSON object",
		good + "[]\n":                                    "line 2: it is no JSON object",
		good + `{"log_id":"a"` + "\n":                    "line 2",
		good + good[:len(good)-1] + "{}\n":               "line 2: something follows",
		good + `{"log_id":"a","c":1}` + "\n":             "line 2: it has the columns",
		"{\"log_id\":\"\xff\"}\n":                        "line 1: it is no UTF-8",
		`{"log_id":1,"timestamp":"x"}` + "\n":            `column "log_id"`,
		`{"log_id":"a","timestamp":"2026-04-17"}` + "\n": "line 1",
		`{"log_id":"a","timestamp":"2026-04-17T00:00:00Z","status":"b","c":{]}}` + "\n": "line 1",
	} {
		_, _, err := reread.File(t.Context(), save(t, []byte(content)), keys[1], ignore)
		require.ErrorContains(t, err, want, content)
	}
	columns, rows, err := reread.File(t.Context(), save(t, []byte(good+good)), keys[1], ignore)
	require.NoError(t, err)
	require.EqualValues(t, 2, rows)
	require.Equal(t, []reread.Column{{Name: "log_id", Type: "string", Required: true}, {Name: "timestamp", Type: "string", Required: true}, {Name: "c", Type: "number", Required: true}}, columns)
}
