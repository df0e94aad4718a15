package table

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"strings"
)

// Canonical writes rows of a schema in a form that is the same whatever file a row was read from, for hashing. Of each value
// that is not null, in the byte order of the columns' names, it writes the name, a zero byte, the letter of its kind and
//
//	s  string     the text's length in 4 bytes, the text
//	j  JSON       the same, of the text with a space for each CR and LF and without spaces and tabs around it
//	i  int64      8 bytes
//	t  timestamp  µs since 1970-01-01T00:00:00Z, 8 bytes
//	d  decimal    the value times 10^9, 8 bytes
//	f  float64    IEEE 754, 8 bytes
//	b  bool       0 or 1 in 8 bytes
//
// Numbers have their most significant byte first; negative ones are two's complements. JSON that is empty or null, and floats
// that are no numbers, count as null: NDJSON has no other form for them. A Canonical is not for concurrent use.
type Canonical struct {
	columns []canonicalColumn
	buffer  []byte // of what is between long texts
}

type canonicalColumn struct {
	index int
	kind  Kind
	head  []byte // the name, zero, the letter
}

const letters = "?sjifbtd" // by Kind

// NewCanonical makes a Canonical of rows of the schema.
func NewCanonical(s *Schema) *Canonical {
	c := &Canonical{}
	for i, column := range s.Columns {
		c.columns = append(c.columns, canonicalColumn{index: i, kind: column.Kind, head: append([]byte(column.Name), 0, letters[column.Kind])})
	}
	slices.SortFunc(c.columns, func(a, b canonicalColumn) int {
		return strings.Compare(s.Columns[a.index].Name, s.Columns[b.index].Name)
	})
	return c
}

// longText is from how many bytes on a text is handed on without a copy, so that the buffer stays small.
const longText = 2 << 10

// Write writes the row to w, which must not keep what it is given.
func (c *Canonical) Write(w io.Writer, row Row) error {
	out := c.buffer[:0]
	for i := range c.columns {
		column := &c.columns[i]
		v := &row[column.index]
		if !v.Valid {
			continue
		}
		text := v.Bytes
		switch column.kind {
		case String:
		case JSON:
			if text = plainJSON(text); len(text) == 0 || string(text) == "null" {
				continue
			}
		case Float64:
			if notFinite(v.Int) {
				continue
			}
			fallthrough
		default:
			out = binary.BigEndian.AppendUint64(append(out, column.head...), uint64(v.Int))
			continue
		}
		out = binary.BigEndian.AppendUint32(append(out, column.head...), uint32(len(text)))
		if len(text) < longText {
			out = append(out, text...)
			continue
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		out = out[:0]
	}
	c.buffer = out
	_, err := w.Write(out)
	return err
}

// plainJSON returns a JSON text in its canonical form: itself, where it has that.
func plainJSON(text []byte) []byte {
	if n := len(text); n > 0 && (text[0] <= ' ' || text[n-1] <= ' ') {
		text = bytes.Trim(text, " \t\r\n")
	}
	if bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	// Line breaks stand between tokens only: in strings they are escaped.
	text = bytes.ReplaceAll(text, []byte{'\n'}, []byte{' '})
	return bytes.ReplaceAll(text, []byte{'\r'}, []byte{' '})
}

func notFinite(bits int64) bool {
	f := math.Float64frombits(uint64(bits))
	return math.IsNaN(f) || math.IsInf(f, 0)
}
