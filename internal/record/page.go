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
	top := span.Trim(body)
	if len(top) == 0 || top[0] != '{' {
		return Page{}, refused(body, errNoObject)
	}
	page, found := Page{}, false
	members := span.CheckMembers(top, 1)
	for members.Next() {
		switch string(members.Key()) {
		case "logs":
			// A page has one `logs`; should it have more, the last replaces what was read.
			page.Entries, page.Bad, found = nil, nil, members.Tail()[0] == '['
			if found {
				members.Advance(page.read(members.Tail()))
			} else {
				members.Take()
			}
		case "next_cursor":
			page.Next = members.Take()
		default:
			members.Take()
		}
	}
	if n, ok := members.End(); !ok || n != len(top) || !found {
		return Page{}, refused(body, errNoLogs)
	}
	if span.IsNull(page.Next) || string(page.Next) == `""` {
		page.Next = nil
	}
	return page, nil
}

// refused says where a body stops being JSON, or what is wrong with it if it is JSON.
func refused(body []byte, otherwise error) error {
	if err := span.Validate(body); err != nil {
		return err
	}
	return &SyntaxError{Err: otherwise}
}

// read takes the elements of the array that tail begins with. It returns the array's length in bytes, and whether that is JSON.
func (p *Page) read(tail []byte) (n int, ok bool) {
	elements := span.CheckElements(tail, 2)
	for elements.Next() {
		element := elements.Tail()
		if element[0] != '{' {
			p.Bad = append(p.Bad, Bad{Reason: "the element is no JSON object", Raw: elements.Take()})
			continue
		}
		entry, bad, ok := parseEntry(element)
		elements.Advance(len(entry.Raw)+len(bad.Raw), ok)
		switch {
		case !ok:
		case bad.Reason != "":
			p.Bad = append(p.Bad, bad)
		case p.Entries == nil:
			// Elements of one page are of similar size.
			p.Entries = append(make([]Entry, 0, min(maxEntries, 1+len(tail)/len(entry.Raw))), entry)
		default:
			p.Entries = append(p.Entries, entry)
		}
	}
	return elements.End()
}

// maxEntries is the API's limit of a page. Room for more is not made in advance.
const maxEntries = 100

// parseEntry reads the object that tail begins with as an entry, or a Bad with a Reason. It is not ok where that is no JSON.
func parseEntry(tail []byte) (Entry, Bad, bool) {
	var id, timestamp, status []byte
	members := span.CheckMembers(tail, 3)
	for members.Next() {
		switch string(members.Key()) {
		case "id":
			id = members.Take()
		case "timestamp":
			timestamp = members.Take()
		case "status":
			status = members.Take()
		default:
			members.Take()
		}
	}
	n, ok := members.End()
	if !ok {
		return Entry{}, Bad{}, false
	}
	raw := tail[:n]
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
		return Entry{}, bad, true
	}
	return Entry{Key: Key{Micros: micros, ID: name}, Status: statusText(status), Raw: raw}, Bad{}, true
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
