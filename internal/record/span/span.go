// Package span walks over JSON text without decoding it: members, elements and strings come out as slices of the text.
//
// Validate says whether a text is JSON at all; that job is the library's. A Checker says the same of texts that are looked
// into at once, in one walk. Everything else here expects a text that one of them accepted. Given another text the walkers return some slices of it, never panic and never fail to end.
package span

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// lenient lets through what the API's contract says to expect: repeated names, bytes that are no UTF-8, lone surrogates.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// SyntaxError says that a text is no JSON value.
type SyntaxError struct {
	Offset int64 // bytes before the place where the text stops being JSON
	Err    error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("not JSON at byte %d: %v", e.Offset, e.Err) }

// Unwrap returns the cause; it is io.ErrUnexpectedEOF where the text ends too early.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Validate returns a *SyntaxError unless text is exactly one JSON value (RFC 8259) with nothing but space around it.
// Repeated names, invalid UTF-8 inside strings and lone surrogate escapes are accepted; nesting deeper than 10,000 is not.
func Validate(text []byte) error {
	if jsontext.Value(text).IsValid(lenient...) {
		return nil
	}
	return firstError(text)
}

func firstError(text []byte) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(text), lenient...)
	_, err := d.ReadValue()
	at := d.InputOffset()
	if err == nil {
		if _, err = d.ReadToken(); err == nil {
			err = errors.New("more than one value")
		}
	}
	if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		at, err = s.ByteOffset, s.Err
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &SyntaxError{Offset: at, Err: err}
}

// Trim returns text without the JSON space around it.
func Trim(text []byte) []byte {
	start, end := skipSpace(text, 0), len(text)
	for end > start && isSpace(text[end-1]) {
		end--
	}
	return text[start:end]
}

// Object goes over the members of a JSON object in the order of the text, repeated names included.
type Object struct {
	text    []byte
	pos     int
	escaped bool
	Name    []byte // the name as it stands in the text, without its quotes
	Value   []byte // the member's value, without space around it
}

// Members returns an Object before its first member. Given anything but an object it has none. text may go on behind the
// object.
func Members(text []byte) Object {
	i := skipSpace(text, 0)
	if i >= len(text) || text[i] != '{' {
		return Object{}
	}
	return Object{text: text, pos: i + 1}
}

// Next moves to the next member and says whether there is one.
func (o *Object) Next() bool {
	if !o.NextName() {
		return false
	}
	o.Take()
	return true
}

// Take takes the value that NextName left.
func (o *Object) Take() { o.TakeFirst(skipValue(o.text, o.pos) - o.pos) }

// TakeFirst takes the value that NextName left, which was found to be n bytes long.
func (o *Object) TakeFirst(n int) { o.Value, o.pos = o.text[o.pos:o.pos+n], o.pos+n }

// NextName moves to the name of the next member and says whether there is one. Its value is left to the caller, who calls
// Take, or reads it from Tail and then calls TakeFirst: that spares going over a long value twice.
func (o *Object) NextName() bool {
	i := spaced(o.text, o.pos)
	if i < len(o.text) && o.text[i] == ',' {
		i = spaced(o.text, i+1)
	}
	if i >= len(o.text) || o.text[i] != '"' {
		o.pos = min(i+1, len(o.text))
		return false
	}
	end, escaped := skipString(o.text, i)
	o.escaped, o.Name = escaped, o.text[i+1:max(i+1, end-1)]
	i = spaced(o.text, end)
	if i < len(o.text) && o.text[i] == ':' {
		i = spaced(o.text, i+1)
	}
	o.pos = i
	return true
}

// Tail returns the text from the value on that NextName left.
func (o *Object) Tail() []byte { return o.text[o.pos:] }

// End returns how many bytes of the text the object takes, space before it included, once there is no next member.
func (o *Object) End() int { return o.pos }

// Key returns the name with its escapes resolved. It aliases the text unless there are any. A name that is no valid
// Unicode has no Key that equals a valid one.
func (o *Object) Key() []byte { return keyOf(o.Name, o.escaped) }

// Key is Object.Key for a Name that was kept.
func Key(name []byte) []byte { return keyOf(name, bytes.IndexByte(name, '\\') >= 0) }

func keyOf(name []byte, escaped bool) []byte {
	if !escaped {
		return name
	}
	quoted := append(append(append(make([]byte, 0, len(name)+2), '"'), name...), '"')
	key, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil {
		return name
	}
	return key
}

// Array goes over the elements of a JSON array.
type Array struct {
	text  []byte
	pos   int
	Value []byte // the element, without space around it
}

// Elements returns an Array before its first element. Given anything but an array it has none. text may go on behind the
// array.
func Elements(text []byte) Array {
	i := skipSpace(text, 0)
	if i >= len(text) || text[i] != '[' {
		return Array{}
	}
	return Array{text: text, pos: i + 1}
}

// Next moves to the next element and says whether there is one.
func (a *Array) Next() bool {
	i := skipSpace(a.text, a.pos)
	if i < len(a.text) && a.text[i] == ',' {
		i = skipSpace(a.text, i+1)
	}
	if i >= len(a.text) || a.text[i] == ']' {
		a.pos = min(i+1, len(a.text))
		return false
	}
	end := skipValue(a.text, i)
	if end == i {
		return false
	}
	a.Value, a.pos = a.text[i:end], end
	return true
}

// First returns the value that text begins with.
func First(text []byte) []byte { return text[:skipValue(text, 0)] }

// IsNull says whether a value is `null` or absent (empty).
func IsNull(value []byte) bool { return len(value) == 0 || value[0] == 'n' }

// Text returns the content of a JSON string, or false when value is no string or its content is no valid Unicode (bytes
// that are no UTF-8, a lone surrogate escape). Without escapes it aliases value; otherwise it is appended to *scratch
// and aliases that.
func Text(value []byte, scratch *[]byte) ([]byte, bool) {
	content, ok := TextOfUTF8(value, scratch)
	if ok && !utf8.Valid(content) {
		return nil, false
	}
	return content, ok
}

// TextOfUTF8 is Text for a value whose bytes are known to be UTF-8.
func TextOfUTF8(value []byte, scratch *[]byte) ([]byte, bool) {
	if len(value) < 2 || value[0] != '"' {
		return nil, false
	}
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner, true
	}
	start := len(*scratch)
	out, err := jsontext.AppendUnquote(*scratch, value)
	if err != nil {
		return nil, false
	}
	*scratch = out
	return out[start:len(out):len(out)], true
}
