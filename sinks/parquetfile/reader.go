package parquetfile

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"

	"logferry/internal/table"
)

// Reader reads a finished file's rows. Of each column it holds one page, one dictionary and a copy of the page while it
// is decompressed, however large the row groups are. It is not for concurrent use.
type Reader struct {
	groups  []parquet.RowGroup // that are still to come
	columns []*columnReader
	row     table.Row
	left    int64 // rows of the current group
}

// NewReader reads the footer of a file of size bytes. The rows are of schema, whose columns are found by their names: one
// that the file hasn't got is null in every row, one that only the file has is left out, and one of another type in the
// file is an error. r stays the caller's and must stay open.
func NewReader(r io.ReaderAt, size int64, schema *table.Schema) (reader *Reader, err error) {
	file, err := open(r, size)
	if err != nil {
		return nil, fmt.Errorf("read footer: %w", err)
	}
	defer recoverFrom(&err)
	reader = &Reader{groups: file.RowGroups(), row: make(table.Row, len(schema.Columns))}
	for _, c := range schema.Columns {
		column, err := newColumnReader(file.Schema(), c)
		if err != nil {
			return nil, err
		}
		reader.columns = append(reader.columns, column)
	}
	return reader, nil
}

// Next returns the next row, which is valid until the next call, and io.EOF after the last one.
func (r *Reader) Next() (table.Row, error) {
	for r.left == 0 {
		if len(r.groups) == 0 {
			return nil, io.EOF
		}
		if err := r.begin(r.groups[0]); err != nil {
			return nil, err
		}
		r.groups = r.groups[1:]
	}
	for i, c := range r.columns {
		if c.pos == len(c.values) {
			if err := c.fill(); err != nil {
				return nil, fmt.Errorf("column %q: %w", c.name, err)
			}
		}
		r.row[i] = c.next()
	}
	r.left--
	return r.row, nil
}

func (r *Reader) begin(group parquet.RowGroup) (err error) {
	defer recoverFrom(&err)
	chunks := group.ColumnChunks()
	for _, c := range r.columns {
		if err := c.close(); err != nil {
			return err
		}
		if c.index >= 0 {
			c.pages = chunks[c.index].Pages()
		}
	}
	r.left = group.NumRows()
	return nil
}

// Close releases what is held. It doesn't close the file.
func (r *Reader) Close() error {
	var first error
	for _, c := range r.columns {
		if err := c.close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// columnReader reads one column, chunk after chunk.
type columnReader struct {
	name  string
	kind  table.Kind
	index int // in the file; -1 if the file hasn't got the column

	pages  parquet.Pages // of the chunk
	page   parquet.Page
	reader parquet.ValueReader // of the page

	buffer []parquet.Value
	values []parquet.Value // in buffer; their bytes are the page's or the dictionary's
	pos    int
}

func newColumnReader(file *parquet.Schema, c table.Column) (*columnReader, error) {
	reader := &columnReader{name: c.Name, kind: c.Kind, index: -1, buffer: make([]parquet.Value, batchRows)}
	leaf, found := file.Lookup(c.Name)
	if !found {
		return reader, nil
	}
	want, err := nodeOf(c)
	if err != nil {
		return nil, err
	}
	if has := typeName(leaf.Node); has != typeName(want) || leaf.Node.Repeated() {
		return nil, fmt.Errorf("column %q is of type %s in the file, which is no %v", c.Name, has, c.Kind)
	}
	reader.index = leaf.ColumnIndex
	return reader, nil
}

// typeName names a column's type. A plain INT64 that was written comes back with a logical type that says the same.
func typeName(node parquet.Node) string {
	name := node.Type().String()
	if name == parquet.Int(64).Type().String() {
		name = parquet.Int64Type.String()
	}
	return name
}

// fill reads the next values, of the next page if the last one is through.
func (c *columnReader) fill() (err error) {
	defer recoverFrom(&err)
	c.pos = 0
	if c.index < 0 {
		c.values = c.buffer
		return nil
	}
	c.values = nil
	for {
		if c.reader != nil {
			n, err := c.reader.ReadValues(c.buffer)
			if n > 0 {
				c.values = c.buffer[:n]
				return nil
			}
			if err == nil {
				err = io.ErrNoProgress
			}
			if !errors.Is(err, io.EOF) {
				return fmt.Errorf("read values: %w", err)
			}
			parquet.Release(c.page)
			c.page, c.reader = nil, nil
		}
		if c.page, err = c.pages.ReadPage(); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("read page: %w", err)
		}
		c.reader = c.page.Values()
	}
}

// next translates a value.
func (c *columnReader) next() table.Value {
	v := &c.values[c.pos]
	c.pos++
	if v.IsNull() {
		return table.Value{}
	}
	switch c.kind {
	case table.String, table.JSON:
		return table.Value{Bytes: v.ByteArray(), Valid: true}
	case table.Float64:
		return table.Value{Int: int64(math.Float64bits(v.Double())), Valid: true}
	case table.Bool:
		if v.Boolean() {
			return table.Value{Int: 1, Valid: true}
		}
		return table.Value{Valid: true}
	default:
		return table.Value{Int: v.Int64(), Valid: true}
	}
}

// close releases the chunk's pages.
func (c *columnReader) close() error {
	pages, page := c.pages, c.page
	c.pages, c.page, c.reader, c.values, c.pos = nil, nil, nil, nil, 0
	if page != nil {
		parquet.Release(page)
	}
	if pages == nil {
		return nil
	}
	return pages.Close()
}

// recoverFrom turns a panic of the library on a damaged file into an error.
func recoverFrom(err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("the file is damaged: %v", cause)
	}
}
