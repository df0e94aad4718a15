package parquetfile

import (
	"bytes"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"logferry/internal/table"
)

// column collects a column's values until they are handed on.
type column struct {
	name     string
	kind     table.Kind
	required bool
	writer   *parquet.ColumnWriter
	values   []parquet.Value
	nulls    int // behind values, not yet among them: most columns are null for long
}

// noValues is a batch of nulls. The zero value has the definition level of a null; which column a value is of doesn't count
// where it is given to that column's writer.
var noValues [batchRows]parquet.Value

// add collects a value. Its bytes are copied unless the row is handed on at once.
func (w *Writer) add(c *column, v *table.Value, direct bool) {
	if c.nulls > 0 {
		c.values = append(c.values, noValues[:c.nulls]...)
		c.nulls = 0
	}
	var value parquet.Value
	switch c.kind {
	case table.String, table.JSON:
		text := v.Bytes
		if direct {
			text = validText(text)
		} else {
			start := len(w.text)
			w.text = append(w.text, text...)
			text = w.text[start:]
			w.split = w.split || len(text) > 0 && !utf8.RuneStart(text[0])
		}
		value = parquet.ByteArrayValue(text)
	case table.Float64:
		value = parquet.DoubleValue(math.Float64frombits(uint64(v.Int)))
	case table.Bool:
		value = parquet.BooleanValue(v.Int != 0)
	default:
		value = parquet.Int64Value(v.Int)
	}
	if !c.required {
		value.SetDefinitionLevel(1)
	}
	c.values = append(c.values, value)
}

// handOn gives the collected values to the column's writer.
func (c *column) handOn() error {
	if len(c.values) > 0 {
		if _, err := c.writer.WriteRowValues(c.values); err != nil {
			return fmt.Errorf("column %q: %w", c.name, err)
		}
	}
	if c.nulls > 0 {
		if _, err := c.writer.WriteRowValues(noValues[:c.nulls]); err != nil {
			return fmt.Errorf("column %q: %w", c.name, err)
		}
	}
	c.values, c.nulls = c.values[:0], 0
	return nil
}

// handOn gives the collected rows to the columns' writers, and ends pages and groups that are full.
func (w *Writer) handOn() error {
	if w.rows == 0 {
		return nil
	}
	w.validate()
	for i := range w.columns {
		if err := w.columns[i].handOn(); err != nil {
			return err
		}
	}
	w.rowsInPage += w.rows
	w.rowsInGroup += w.rows
	w.rows = 0
	w.text, w.split = w.text[:0], false
	if w.full() || w.held() > w.memory()/2 {
		return w.endGroup()
	}
	if w.rowsInPage >= rowsPerPage {
		return w.endPages()
	}
	return nil
}

// full says whether the row group is as large as it may become, whatever memory there is.
func (w *Writer) full() bool {
	return w.rowsInGroup >= mostRows || w.rowsInGroup >= leastRows && w.rawInGroup >= fullBytes
}

// forget drops what handed on values point to: the texts of a direct row are the caller's.
func (w *Writer) forget() {
	for i := range w.columns {
		values := w.columns[i].values
		clear(values[:cap(values)])
	}
}

// validText returns text with U+FFFD for what is no UTF-8. One bad byte would make the whole file unreadable for engines
// that check.
func validText(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	return bytes.ToValidUTF8(text, []byte(string(utf8.RuneError)))
}

// validate repairs the collected texts. They are checked in one go: where all of them together are valid and none begins
// in the middle of a character, each is.
func (w *Writer) validate() {
	if !w.split && utf8.Valid(w.text) {
		return
	}
	for i := range w.columns {
		c := &w.columns[i]
		if !isText(c.kind) {
			continue
		}
		for k, v := range c.values {
			if !v.IsNull() {
				repaired := parquet.ByteArrayValue(validText(v.ByteArray()))
				repaired.SetDefinitionLevel(v.DefinitionLevel())
				c.values[k] = repaired
			}
		}
	}
}
