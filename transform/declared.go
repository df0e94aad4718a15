package transform

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/theory/jsonpath"

	"logferry/internal/record"
	"logferry/internal/record/span"
	"logferry/internal/table"
)

// Column is a column taken out of the record by a JSONPath query (RFC 9535). `$` is the record: its detail, completed by
// what only the list entry has.
//
// A singular query ($.a.b[0]) gives the value of its node. Any other may select several nodes; they count in the order of
// the text. A column of type json then holds the array of all of them, every other type the first. No node, null, and a
// value that the type can't hold exactly give null; float64 takes the nearest value, timestamp cuts off what is finer than
// a µs.
//
// A query that may select several nodes gives null, too, in a record of more than 256 levels of objects and arrays in one another, and
// where it would take more than 32 steps for each value in the record and 65,536 more, or give an array of more than 32 times the
// record and 65,536 bytes: queries with descendant segments (`..`) over deep records. The other columns hold all of it nevertheless.
type Column struct {
	Name string
	Path string
	Type table.Kind // String, Int64, Float64, Bool, Timestamp or JSON
}

// ColumnError says what is wrong with a declared column.
type ColumnError struct {
	Index int    // the column's place in Options.Columns
	Name  string // its name
	Field string // which part is wrong: `name`, `path` or `type`
	Err   error
}

func (e *ColumnError) Error() string {
	return fmt.Sprintf("column %q (number %d): %s: %v", e.Name, e.Index+1, e.Field, e.Err)
}

// Unwrap returns the cause.
func (e *ColumnError) Unwrap() error { return e.Err }

// declared is a compiled Column. It is not changed and may be shared.
type declared struct {
	kind  table.Kind
	steps []step         // for a singular query
	query *jsonpath.Path // for any other
}

func compile(columns []Column) ([]declared, error) {
	var compiled []declared
	var wrong []error
	parser := newParser()
	for i, c := range columns {
		fail := func(field string, err error) {
			wrong = append(wrong, &ColumnError{Index: i, Name: c.Name, Field: field, Err: err})
		}
		if err := checkName(c.Name, columns[:i]); err != nil {
			fail("name", err)
		}
		switch c.Type {
		case table.String, table.JSON, table.Int64, table.Float64, table.Bool, table.Timestamp:
		default:
			fail("type", fmt.Errorf("%v is no type of a declared column: use string, int64, float64, bool, timestamp or json", c.Type))
		}
		path, err := parser.Parse(c.Path)
		if err != nil {
			fail("path", fmt.Errorf("%q is no JSONPath (RFC 9535): %w", c.Path, err))
			continue
		}
		d := declared{kind: c.Type}
		if d.steps, err = singular(path); err != nil {
			d.query = path
		}
		compiled = append(compiled, d)
	}
	return compiled, errors.Join(wrong...)
}

// checkName compares names without regard to case, as many query engines do.
func checkName(name string, before []Column) error {
	if name == "" || !utf8.ValidString(name) {
		return errors.New("it has to be valid text and not empty")
	}
	taken := append([]string{projectColumn.Name, rawColumn.Name}, partitionNames...)
	for i := range builtin {
		taken = append(taken, builtin[i].Name)
	}
	for _, t := range taken {
		if strings.EqualFold(t, name) {
			return fmt.Errorf("%q is taken by logferry itself: choose another name", t)
		}
	}
	for _, c := range before {
		if strings.EqualFold(c.Name, name) {
			return fmt.Errorf("%q is declared twice (names that differ in case only are the same to many query engines)", c.Name)
		}
	}
	return nil
}

// declaredColumns fills the declared columns.
func (f *Flattener) declaredColumns() {
	var doc document
	for i := range f.declared {
		d := &f.declared[i]
		value := []byte(nil)
		if d.query == nil {
			value = f.walk(d.steps)
		} else {
			if doc.text == nil {
				doc = newDocument(f.merged())
			}
			value = f.choose(d.kind, doc.find(d.query), stepsPerNode*len(doc.text)+leastSteps)
		}
		f.row[f.first+i] = f.convert(d.kind, value)
	}
}

// choose makes one value of the nodes that a query selected, of about so many bytes at most.
func (f *Flattener) choose(kind table.Kind, nodes [][]byte, most int) []byte {
	switch {
	case len(nodes) == 0:
		return nil
	case kind != table.JSON:
		return nodes[0]
	}
	size := 0
	for _, node := range nodes {
		size += len(node) + 1
	}
	if size > most {
		return nil
	}
	f.scratch = slices.Grow(f.scratch, size+1)
	start := len(f.scratch)
	f.scratch = append(f.scratch, '[')
	for i, node := range nodes {
		if i > 0 {
			f.scratch = append(f.scratch, ',')
		}
		f.scratch = append(f.scratch, node...)
	}
	f.scratch = append(f.scratch, ']')
	return f.scratch[start:len(f.scratch):len(f.scratch)]
}

// convert returns null for what the kind can't hold.
func (f *Flattener) convert(kind table.Kind, value []byte) table.Value {
	if span.IsNull(value) {
		return table.Value{}
	}
	switch kind {
	case table.String:
		text, ok := span.Text(value, &f.scratch)
		return table.Value{Bytes: text, Valid: ok}
	case table.JSON:
		if !f.clean && !utf8.Valid(value) {
			value = bytes.ToValidUTF8(value, []byte("\uFFFD"))
		}
		return table.Value{Bytes: value, Valid: true}
	case table.Bool:
		yes := int64(0)
		if value[0] == 't' {
			yes = 1
		}
		return table.Value{Int: yes, Valid: yes == 1 || value[0] == 'f'}
	case table.Int64:
		return valid(integer(value))
	case table.Float64:
		return valid(float(value))
	case table.Timestamp:
		micros, _, err := record.ParseTimestamp(value)
		return valid(micros, err == nil)
	}
	return table.Value{}
}

// valid returns null instead of a zero that means nothing.
func valid(n int64, ok bool) table.Value {
	if !ok {
		return table.Value{}
	}
	return table.Value{Int: n, Valid: true}
}

// integer reads a number whose value is a whole one, in whatever way it is written.
func integer(value []byte) (int64, bool) {
	if !span.IsNumber(value) {
		return 0, false
	}
	n, rest, ok := span.Scaled(value, 0)
	return n, ok && rest == span.Exact
}

// float returns the bits of the float64 nearest to a number.
func float(value []byte) (bits int64, ok bool) {
	if !span.IsNumber(value) {
		return 0, false
	}
	x, err := strconv.ParseFloat(string(value), 64)
	return int64(math.Float64bits(x)), err == nil
}
