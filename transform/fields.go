package transform

import (
	"bytes"

	"logferry/internal/record/span"
)

// field is a top-level field of a log record that has a column of its own or is taken apart.
type field uint8

const (
	fieldID field = iota
	fieldTimestamp
	fieldType
	fieldStatus
	fieldLevel
	fieldMessage
	fieldMetadata
	fieldMetrics
	fieldParent
	fieldTimings
	fieldContext
	fieldSource
	fieldData
	fieldCount
)

var fieldNames = [fieldCount][]byte{
	[]byte("id"), []byte("timestamp"), []byte("type"), []byte("status"), []byte("level"), []byte("message"), []byte("metadata"),
	[]byte("metrics"), []byte("parent"), []byte("timings"), []byte("context"), []byte("source"), []byte("data"),
}

func fieldOf(name []byte) (field, bool) {
	switch string(name) {
	case "id":
		return fieldID, true
	case "timestamp":
		return fieldTimestamp, true
	case "type":
		return fieldType, true
	case "status":
		return fieldStatus, true
	case "level":
		return fieldLevel, true
	case "message":
		return fieldMessage, true
	case "metadata":
		return fieldMetadata, true
	case "metrics":
		return fieldMetrics, true
	case "parent":
		return fieldParent, true
	case "timings":
		return fieldTimings, true
	case "context":
		return fieldContext, true
	case "source":
		return fieldSource, true
	case "data":
		return fieldData, true
	}
	return 0, false
}

// member is one member of a JSON object: its name as it stands in the text, without quotes, and its value's exact text.
type member struct{ name, value []byte }

// fields is a record's top level. All of it aliases the record's text.
type fields struct {
	known [fieldCount][]byte // nil where absent; of a repeated field the last one
	rest  []member           // every other field, and what a later member of the same name overrode, in the order of the text

	// What is inside of two of them, found on the way: nothing of a record is gone over twice.
	metadata metadata
	duration []byte // metrics.duration_ms
}

func (f *fields) reset() {
	f.known = [fieldCount][]byte{}
	f.rest = f.rest[:0]
	f.metadata, f.duration = metadata{}, nil
}

// read takes the members of a JSON object.
func (f *fields) read(object []byte) {
	f.reset()
	for m := span.Members(object); m.NextName(); {
		at, ok := fieldOf(m.Key())
		if !ok {
			m.Take()
			f.rest = append(f.rest, member{m.Name, m.Value})
			continue
		}
		if !span.IsNull(f.known[at]) {
			f.rest = append(f.rest, member{fieldNames[at], f.known[at]})
		}
		switch at {
		case fieldMetadata:
			m.TakeFirst(f.metadata.read(m.Tail()))
		case fieldMetrics:
			var n int
			f.duration, n = memberIn(m.Tail(), durationMember)
			m.TakeFirst(n)
		default:
			m.Take()
		}
		f.known[at] = m.Value
	}
}

// last returns the position of the last member of the given name, however it is escaped, among the fields without a column, or -1.
func (f *fields) last(name []byte) int {
	key := span.Key(name)
	for i := len(f.rest) - 1; i >= 0; i-- {
		if bytes.Equal(span.Key(f.rest[i].name), key) {
			return i
		}
	}
	return -1
}

// merge fills what a detail lacks, or has as null, from the list entry. It appends to added what it took, and to replaced
// what the entry has and the detail has otherwise, so that it isn't lost. id and timestamp are the record's key, which has
// its own rule.
func (f *fields) merge(entry *fields, added, replaced []member) (newAdded, newReplaced []member) {
	for at, value := range entry.known {
		own := f.known[at]
		m := member{fieldNames[at], value}
		switch {
		case span.IsNull(value):
		case span.IsNull(own):
			f.known[at] = value
			f.takeInside(field(at), entry)
			added = append(added, m)
		case field(at) == fieldID || field(at) == fieldTimestamp || contains(own, value):
		default:
			replaced = append(replaced, m)
		}
	}
	for _, m := range entry.rest {
		switch at := f.last(m.name); {
		case at < 0:
			f.rest = append(f.rest, m)
			added = append(added, m)
		case span.IsNull(f.rest[at].value):
			if !span.IsNull(m.value) {
				f.rest[at] = m
				added = append(added, m)
			}
		case !contains(f.rest[at].value, m.value):
			replaced = append(replaced, m)
		}
	}
	return added, replaced
}

// contains says whether everything that part says is said by whole too: it is the same text, or an object each of whose
// members is null or contained in the member of the same name.
func contains(whole, part []byte) bool {
	if bytes.Equal(whole, part) {
		return true
	}
	if whole[0] != '{' || part[0] != '{' {
		return false
	}
	for p := span.Members(part); p.Next(); {
		if span.IsNull(p.Value) {
			continue
		}
		value := memberOf(whole, p.Key())
		if value == nil || !contains(value, p.Value) {
			return false
		}
	}
	return true
}

// takeInside takes what is inside of a field from the fields that it was taken from.
func (f *fields) takeInside(at field, from *fields) {
	switch at {
	case fieldMetadata:
		f.metadata = from.metadata
	case fieldMetrics:
		f.duration = from.duration
	}
}

// memberOf returns the value of the last member with the given name, or nil.
func memberOf(object, name []byte) []byte {
	value, _ := memberIn(object, name)
	return value
}

// memberIn is memberOf for the value that tail begins with. It returns that value's length too.
func memberIn(tail, name []byte) (value []byte, n int) {
	m := span.Members(tail)
	for m.Next() {
		if bytes.Equal(m.Key(), name) {
			value = m.Value
		}
	}
	return value, length(tail, m)
}

// length is that of the value that tail begins with, in bytes, whose members, if it has any, are through.
func length(tail []byte, m span.Object) int {
	if n := m.End(); n > 0 {
		return n
	}
	return len(span.First(tail))
}
