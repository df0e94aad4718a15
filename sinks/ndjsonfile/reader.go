package ndjsonfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"logferry/internal/table"
)

// keptLine is the largest line whose buffer is kept for the next one, bytes.
const keptLine = 1 << 20

// Reader reads a finished file's rows. It holds one line, of whatever length, and the texts in it that have escapes. It
// is not for concurrent use.
type Reader struct {
	in      *bufio.Reader
	source  io.Closer
	columns []table.Column
	byName  map[string]int // by the quoted name, as it is in the file
	row     table.Row

	n       int64 // lines read
	line    []byte
	texts   []byte // unquoted
	json    jsontext.Decoder
	content bytes.Buffer
}

// NewReader begins to read a file that has the compression zstd, gzip or none (also ""). The rows are of schema, whose
// columns are found by their names: one that a line hasn't got is null, one that only the line has is left out, and a
// value that its column's kind can't have is an error. in stays the caller's.
func NewReader(in io.Reader, schema *table.Schema, compression string) (*Reader, error) {
	r := &Reader{columns: schema.Columns, byName: make(map[string]int, len(schema.Columns)), row: make(table.Row, len(schema.Columns))}
	for i, c := range schema.Columns {
		quoted, err := jsontext.AppendQuote(nil, c.Name)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", c.Name, err)
		}
		r.byName[string(quoted)] = i
	}
	text, err := decompress(in, compression)
	if err != nil {
		return nil, err
	}
	r.source, r.in = text, bufio.NewReaderSize(text, 64<<10)
	return r, nil
}

// Next returns the next row, which is valid until the next call, and io.EOF after the last one.
func (r *Reader) Next() (table.Row, error) {
	if err := r.readLine(); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("read line %d: %w", r.n+1, err)
	}
	r.n++
	if err := r.parse(); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // the line's end is not the file's
		}
		return nil, fmt.Errorf("line %d: %w", r.n, err)
	}
	return r.row, nil
}

// Close releases what the decompressor holds.
func (r *Reader) Close() error { return r.source.Close() }

// readLine reads a line without its line break.
func (r *Reader) readLine() error {
	if cap(r.line) > keptLine {
		r.line = nil
	}
	r.line = r.line[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.line = append(r.line, part...)
		switch {
		case err == nil:
			r.line = r.line[:len(r.line)-1]
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(r.line) > 0:
			return io.ErrUnexpectedEOF
		default:
			return err
		}
	}
}

// parse fills the row from the line. What stands between a name's colon and the comma that follows the value is the
// value: the writer puts nothing of its own there, so that spaces around a JSON text are part of it.
func (r *Reader) parse() error {
	clear(r.row)
	if cap(r.texts) > keptLine {
		r.texts = nil
	}
	r.texts = r.texts[:0]
	r.content = *bytes.NewBuffer(r.line)
	r.json.Reset(&r.content, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if token, err := r.json.ReadToken(); err != nil || token.Kind() != '{' {
		return errors.Join(errors.New("not a JSON object"), err)
	}
	for r.json.PeekKind() == '"' {
		if err := r.member(); err != nil {
			return err
		}
	}
	if _, err := r.json.ReadToken(); err != nil {
		return err
	}
	if end := r.json.InputOffset(); end != int64(len(r.line)) {
		return fmt.Errorf("something follows the object at byte %d", end)
	}
	return nil
}

func (r *Reader) member() error {
	name, err := r.json.ReadValue()
	if err != nil {
		return err
	}
	column, found := r.column(name)
	start := r.json.InputOffset()
	if err := r.json.SkipValue(); err != nil {
		return err
	}
	if !found {
		return nil
	}
	end := r.json.InputOffset()
	after := bytes.IndexAny(r.line[end:], ",}")
	if after < 0 {
		return io.ErrUnexpectedEOF
	}
	start += int64(bytes.IndexByte(r.line[start:], ':')) + 1
	if r.row[column], err = r.value(r.columns[column].Kind, r.line[start:end+int64(after)]); err != nil {
		return fmt.Errorf("column %q: %w", r.columns[column].Name, err)
	}
	return nil
}

// column finds a column by its quoted name.
func (r *Reader) column(name jsontext.Value) (index int, found bool) {
	if index, found = r.byName[string(name)]; found || bytes.IndexByte(name, '\\') < 0 {
		return index, found
	}
	// Another version of the JSON library may have escaped something else.
	text, err := jsontext.AppendUnquote(nil, name)
	if err != nil {
		return 0, false
	}
	for i, c := range r.columns {
		if c.Name == string(text) {
			return i, true
		}
	}
	return 0, false
}
