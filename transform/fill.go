package transform

import (
	"logferry/internal/record"
	"logferry/internal/record/span"
	"logferry/internal/table"
)

// topLevel fills the built-in columns from the top-level fields. Whatever does not fit ends in f.extra.
func (f *Flattener) topLevel() {
	f.extra = append(f.extra, f.rec.rest...)
	f.plain(fieldType, colType)
	f.plain(fieldStatus, colStatus)
	f.plain(fieldLevel, colLevel)
	f.plain(fieldMessage, colMessage)
	f.split(fieldParent, parentColumns)
	f.split(fieldTimings, timingsColumns)
	f.split(fieldContext, contextColumns)
	f.split(fieldSource, sourceColumns)
	f.metadata()
	f.metrics()
	f.data(f.rec.known[fieldData])
}

// keep puts a known field's value into `extra`.
func (f *Flattener) keep(at field, value []byte) {
	f.extra = append(f.extra, member{fieldNames[at], value})
}

// plain fills a string column from a top-level field.
func (f *Flattener) plain(at field, column int) {
	if value := f.rec.known[at]; !f.fill(column, value) {
		f.keep(at, value)
	}
}

// split takes an object apart into columns; members without one, and values that do not fit, stay in `extra` under the
// object's name.
func (f *Flattener) split(at field, columns []memberColumn) {
	value := f.rec.known[at]
	if span.IsNull(value) {
		return
	}
	if value[0] != '{' {
		f.keep(at, value)
		return
	}
	f.left = f.left[:0]
	var held [maxMembers][]byte
	for m := span.Members(value); m.Next(); {
		i := indexOf(columns, m.Key())
		if i < 0 {
			f.left = append(f.left, member{m.Name, m.Value})
			continue
		}
		if !span.IsNull(held[i]) {
			f.left = append(f.left, member{[]byte(columns[i].member), held[i]})
		}
		held[i] = m.Value
	}
	for i, c := range columns {
		if !f.fill(c.column, held[i]) {
			f.left = append(f.left, member{[]byte(c.member), held[i]})
		}
	}
	if len(f.left) > 0 {
		f.keep(at, f.object(f.left))
	}
}

func indexOf(columns []memberColumn, name []byte) int {
	for i := range columns {
		if columns[i].member == string(name) {
			return i
		}
	}
	return -1
}

// fill sets a string or timestamp column from a JSON value. It is false when the value is there but does not fit, which
// for a timestamp means too that µs do not hold it exactly.
func (f *Flattener) fill(column int, value []byte) bool {
	if span.IsNull(value) {
		return true
	}
	if f.schema.Columns[column].Kind == table.Timestamp {
		micros, exact, err := record.ParseTimestamp(value)
		if err != nil || !exact {
			return false
		}
		f.row[column] = table.Value{Int: micros, Valid: true}
		return true
	}
	text, ok := f.string(value)
	if ok {
		f.row[column] = table.Value{Bytes: text, Valid: true}
	}
	return ok
}

// string returns the content of a JSON string, like span.Text.
func (f *Flattener) string(value []byte) ([]byte, bool) {
	if f.clean {
		return span.TextOfUTF8(value, &f.scratch)
	}
	return span.Text(value, &f.scratch)
}

// firstText fills a string column that is still null from the first value that fits.
func (f *Flattener) firstText(column int, values ...[]byte) {
	for _, value := range values {
		if f.row[column].Valid {
			return
		}
		f.fill(column, value)
	}
}

func (f *Flattener) ownText(column int, s string) {
	start := len(f.scratch)
	f.scratch = append(f.scratch, s...)
	f.row[column] = table.Value{Bytes: f.scratch[start:len(f.scratch):len(f.scratch)], Valid: true}
}

// metrics fills duration_ms and metrics.
func (f *Flattener) metrics() {
	f.json(colMetrics, f.rec.known[fieldMetrics])
	if !span.IsNumber(f.rec.duration) {
		return
	}
	if ms, ok := span.Rounded(f.rec.duration, 0); ok {
		f.row[colDurationMS] = table.Value{Int: ms, Valid: true}
	}
}
