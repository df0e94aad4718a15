package record

import (
	"errors"

	"logferry/internal/record/span"
)

// SyntaxError says that a body is not the JSON it should be: cut off, damaged, or of another shape.
type SyntaxError = span.SyntaxError

// Page is one list response.
type Page struct {
	Entries []Entry
	Bad     []Bad
	Next    []byte // the exact JSON of next_cursor, to be sent back as it is; nil at the end of the chain
}

// Bad is an element of `logs` that can't become a record.
type Bad struct {
	ID      string // "" when there is none that could be read
	Micros  int64  // µs since the epoch, UTC, when HasTime
	HasTime bool
	Reason  string
	Raw     []byte // the element's exact JSON
}

var (
	errNoObject = errors.New("no JSON object")
	errNoLogs   = errors.New("no array `logs`")
)

// ParsePage reads the body of a list response. Of members with the same name the last one counts. next_cursor may be of
// any type; null, absent and "" mean the end. Raw and Next alias body.
//
// The error is a *SyntaxError: body is no JSON, no object, or has no array `logs`. Elements that are no record are no
// error but listed in Bad.
func ParsePage(body []byte) (Page, error) {
	if err := span.Validate(body); err != nil {
		return Page{}, err
	}
	top := span.Trim(body)
	if top[0] != '{' {
		return Page{}, &SyntaxError{Err: errNoObject}
	}
	page, found := Page{}, false
	for members := span.Members(top); members.NextName(); {
		tail := members.Tail()
		length := 0
		switch string(members.Key()) {
		case "logs":
			// A page has one `logs`; should it have more, the last replaces what was read.
			page.Entries, page.Bad, found = nil, nil, tail[0] == '['
			length = page.read(tail)
		case "next_cursor":
			page.Next = span.First(tail)
			length = len(page.Next)
		}
		if length == 0 {
			length = len(span.First(tail))
		}
		members.Advance(length)
	}
	if !found {
		return Page{}, &SyntaxError{Err: errNoLogs}
	}
	if span.IsNull(page.Next) || string(page.Next) == `""` {
		page.Next = nil
	}
	return page, nil
}

// read takes the elements of the array that tail begins with and returns the array's length in bytes, 0 if it is none.
func (p *Page) read(tail []byte) int {
	elements := span.Elements(tail)
	for elements.More() {
		entry, bad := parseEntry(elements.Tail())
		if bad.Reason != "" {
			p.Bad = append(p.Bad, bad)
			elements.Advance(len(bad.Raw))
			continue
		}
		if p.Entries == nil {
			// Elements of one page are of similar size.
			p.Entries = make([]Entry, 0, min(maxEntries, 1+len(tail)/len(entry.Raw)))
		}
		p.Entries = append(p.Entries, entry)
		elements.Advance(len(entry.Raw))
	}
	return elements.End()
}

// maxEntries is the API's limit of a page. Room for more is not made in advance.
const maxEntries = 100

// parseEntry reads the element that tail begins with as an entry, or a Bad with a Reason.
func parseEntry(tail []byte) (Entry, Bad) {
	if tail[0] != '{' {
		return Entry{}, Bad{Reason: "the element is no JSON object", Raw: span.First(tail)}
	}
	var id, timestamp, status []byte
	members := span.Members(tail)
	for members.Next() {
		switch string(members.Key()) {
		case "id":
			id = members.Value
		case "timestamp":
			timestamp = members.Value
		case "status":
			status = members.Value
		}
	}
	raw := tail[:members.End()]
	name, idOK := text(id)
	micros, _, err := ParseTimestamp(timestamp)
	bad := Bad{ID: name, Micros: micros, HasTime: err == nil, Raw: raw}
	switch {
	case !idOK || name == "":
		bad.ID, bad.Reason = "", "no id: it has to be a string that is valid Unicode and not empty"
	case err != nil:
		bad.Reason = err.Error()
	}
	if bad.Reason != "" {
		return Entry{}, bad
	}
	return Entry{Key: Key{Micros: micros, ID: name}, Status: statusText(status), Raw: raw}, Bad{}
}

// statusText avoids an allocation for the values that the API documents.
func statusText(value []byte) string {
	switch string(value) {
	case `"success"`:
		return "success"
	case `"failed"`:
		return "failed"
	}
	s, _ := text(value)
	return s
}

func text(value []byte) (string, bool) {
	var scratch []byte
	content, ok := span.Text(value, &scratch)
	return string(content), ok
}
