// Package record holds what a log record is on its way from the API to a row: its key, the exact JSON that was received
// for it, and what became of its detail.
package record

import (
	"bytes"
	"cmp"
	"strings"
)

// Outcome says what became of a record's detail. Its text is the value of the column `detail`.
type Outcome string

// The outcomes. Missing is a 404, Denied a 403, Failed anything else that did not end within the retry limit.
const (
	Fetched Outcome = "fetched"
	Skipped Outcome = "skipped"
	Missing Outcome = "missing"
	Denied  Outcome = "denied"
	Failed  Outcome = "failed"
)

// Key orders and identifies records: by timestamp, then by id. The id alone is the identity; the API is taken to list it
// with one timestamp.
type Key struct {
	Micros int64 // the list entry's timestamp, µs since the epoch, UTC
	ID     string
}

// Compare orders keys by timestamp, then id.
func (k Key) Compare(o Key) int {
	if c := cmp.Compare(k.Micros, o.Micros); c != 0 {
		return c
	}
	return strings.Compare(k.ID, o.ID)
}

// Entry is one element of a list page's `logs`.
type Entry struct {
	Key
	Status string // `success`, `failed` or whatever else the API says; "" when absent or no string
	Raw    []byte // the entry's exact JSON
}

// Record is an entry with its detail, if that was fetched.
type Record struct {
	Entry
	Outcome Outcome
	Detail  []byte // the detail's exact JSON; nil unless Outcome is Fetched
}

// Size is about how many bytes of memory the record holds.
func (r *Record) Size() int {
	const overhead = 160
	return overhead + len(r.ID) + len(r.Raw) + len(r.Detail)
}

// Clone returns an entry that shares no memory with e, so that the body that e aliases can be let go.
func (e Entry) Clone() Entry {
	e.Raw = bytes.Clone(e.Raw)
	return e
}

// Clone returns a record that shares no memory with r.
func (r Record) Clone() Record {
	r.Entry = r.Entry.Clone()
	r.Detail = bytes.Clone(r.Detail)
	return r
}
