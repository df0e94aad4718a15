// Package transform turns one log record, as it was received, into one row.
//
// Payloads are carried as text: no JSON is decoded and encoded again, so key order and the digits of numbers survive. What
// does not fit its column leaves the column null and stays readable in `metadata`, `metrics`, `data` or `extra`.
package transform

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"logferry/internal/record"
	"logferry/internal/record/span"
	"logferry/internal/table"
)

// Options says which columns a Flattener makes beside the built-in ones.
type Options struct {
	Columns []Column
	Raw     bool // a column `raw` with the exact JSON of the detail, or of the list entry where there is no detail
	Project bool // a column `project`
}

// Flattener makes rows. It is not for concurrent use: Clone it for another goroutine.
type Flattener struct {
	schema   *table.Schema
	project  int // the columns' positions; -1 where there is none
	raw      int
	declared []declared
	first    int // the position of the first declared column

	row     table.Row
	scratch []byte // holds what the row can't alias from the record; reused for every row

	rec, entry fields
	text       []byte   // the JSON that rec was read from
	clean      bool     // all of the record's text is valid UTF-8
	added      []member // taken from the list entry: not part of text
	replaced   []member // the list entry's, which the detail has otherwise
	extra      []member
	left       []member // what is left of the object at hand
	invalid    []member // columns that hold U+FFFD for bytes that are no UTF-8, with the exact bytes
}

// New returns a Flattener. The error joins one *ColumnError for each declared column that is wrong.
func New(o Options) (*Flattener, error) {
	columns := append([]table.Column(nil), builtin[:]...)
	f := &Flattener{project: -1, raw: -1}
	if o.Project {
		f.project = len(columns)
		columns = append(columns, projectColumn)
	}
	if o.Raw {
		f.raw = len(columns)
		columns = append(columns, rawColumn)
	}
	f.first = len(columns)
	var err error
	if f.declared, err = compile(o.Columns); err != nil {
		return nil, err
	}
	for _, c := range o.Columns {
		columns = append(columns, table.Column{Name: c.Name, Kind: c.Type})
	}
	f.schema = &table.Schema{Columns: columns}
	f.row = make(table.Row, len(columns))
	return f, nil
}

// Schema returns the columns of the rows. It may be shared and must not be changed.
func (f *Flattener) Schema() *table.Schema { return f.schema }

// Clone returns a Flattener that makes the same rows and may be used beside f.
func (f *Flattener) Clone() *Flattener {
	return &Flattener{schema: f.schema, project: f.project, raw: f.raw, declared: f.declared, first: f.first, row: make(table.Row, len(f.row))}
}

// ErrNoObject says that a list entry or a detail is JSON, but no object.
var ErrNoObject = errors.New("no JSON object")

// Flatten returns the row of a record of the named project. The record's texts must be valid JSON, as record.ParsePage and
// record.CheckDetail have made sure of: they are not checked again. The row, and the bytes in it, are valid until the next call;
// they alias rec, which must not change as long. The error says that the entry or the detail is no JSON object, or that the
// record's id is no valid text.
func (f *Flattener) Flatten(rec *record.Record, project string) (table.Row, error) {
	f.reset()
	if rec.ID == "" || !utf8.ValidString(rec.ID) {
		return nil, fmt.Errorf("flatten log record %q: the id is empty or no UTF-8", rec.ID)
	}
	if err := f.load(rec); err != nil {
		return nil, fmt.Errorf("flatten log record %q: %w", rec.ID, err)
	}
	f.key(rec)
	f.ownText(colDetail, string(rec.Outcome))
	if f.project >= 0 {
		f.ownText(f.project, project)
	}
	if f.raw >= 0 {
		f.json(f.raw, f.text)
	}
	f.topLevel()
	f.declaredColumns()
	f.finishExtra()
	return f.row, nil
}

// keepScratch is how much memory a Flattener keeps between rows, in bytes. One giant payload doesn't stay for good.
const keepScratch = 1 << 20

func (f *Flattener) reset() {
	clear(f.row)
	if cap(f.scratch) > keepScratch {
		f.scratch = nil
	}
	f.scratch = f.scratch[:0]
	f.added, f.replaced, f.extra, f.left, f.invalid = f.added[:0], f.replaced[:0], f.extra[:0], f.left[:0], f.invalid[:0]
}

// load reads the top level of the detail, completed by the list entry, or of the list entry alone.
func (f *Flattener) load(rec *record.Record) error {
	entry, err := object(rec.Raw)
	if err != nil {
		return fmt.Errorf("the list entry: %w", err)
	}
	f.clean = utf8.Valid(entry)
	if rec.Outcome != record.Fetched {
		f.text = entry
		f.rec.read(entry)
		f.entry.reset()
		return nil
	}
	if f.text, err = object(rec.Detail); err != nil {
		return fmt.Errorf("the detail: %w", err)
	}
	f.clean = f.clean && utf8.Valid(f.text)
	f.rec.read(f.text)
	f.entry.read(entry)
	f.added, f.replaced = f.rec.merge(&f.entry, f.added, f.replaced)
	return nil
}

// object returns text without space around it if it is a JSON object.
func object(text []byte) ([]byte, error) {
	text = span.Trim(text)
	if len(text) == 0 || text[0] != '{' {
		return nil, ErrNoObject
	}
	return text, nil
}

// key fills log_id and timestamp from the record's key, and keeps what the texts say beyond that.
func (f *Flattener) key(rec *record.Record) {
	f.ownText(colLogID, rec.ID)
	f.row[colTimestamp] = table.Value{Int: rec.Micros, Valid: true}
	if id := f.rec.known[fieldID]; !span.IsNull(id) && !isText(id, rec.ID) {
		if text, ok := span.Text(id, &f.scratch); !ok || string(text) != rec.ID {
			f.keep(fieldID, id)
		}
	}
	own, entry := f.rec.known[fieldTimestamp], f.entry.known[fieldTimestamp]
	keepOwn := saysMore(own, rec.Micros)
	if keepOwn {
		f.keep(fieldTimestamp, own)
	}
	switch {
	case string(entry) == string(own) || !saysMore(entry, rec.Micros):
	case keepOwn:
		f.replaced = append(f.replaced, member{fieldNames[fieldTimestamp], entry})
	default:
		f.keep(fieldTimestamp, entry)
	}
}

// isText says whether a JSON value is a string that is written as the text is. It may be the text and be written otherwise.
func isText(value []byte, text string) bool {
	return len(value) == len(text)+2 && value[0] == '"' && string(value[1:len(value)-1]) == text && strings.IndexByte(text, '\\') < 0
}

// saysMore says whether a timestamp says anything that the column with the given µs does not.
func saysMore(value []byte, micros int64) bool {
	if span.IsNull(value) {
		return false
	}
	at, exact, err := record.ParseTimestamp(value)
	return err != nil || !exact || at != micros || value[0] != '"'
}
