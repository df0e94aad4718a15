package redact

import (
	"bytes"
	"strings"
)

// edit puts other bytes in the place of a part of a text.
type edit struct {
	from, to int
	with     string
}

// apply carries edits out, which come in the order of the text and don't overlap. Without any it returns the text itself.
func apply(text []byte, edits []edit) []byte {
	if len(edits) == 0 {
		return text
	}
	size := len(text)
	for _, e := range edits {
		size += len(e.with) - (e.to - e.from)
	}
	out := make([]byte, 0, max(size, 0))
	at := 0
	for _, e := range edits {
		out = append(append(out, text[at:e.from]...), e.with...)
		at = e.to
	}
	return append(out, text[at:]...)
}

// inString is what has to be written in a JSON string for s, which holds no control character.
func inString(s string) string {
	if strings.IndexByte(s, '"') < 0 && strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
}

// unescaped is the content of a JSON string, and where in the string each part of it stands.
type unescaped struct {
	content []byte
	marks   []mark
	next    int // the first mark that raw has not passed
	delta   int
}

// mark says that from a place of the content on, the string is so many bytes ahead.
type mark struct{ at, delta int }

// raw returns where a place of the content stands in the string. Places are asked for in ascending order.
func (u *unescaped) raw(at int) int {
	for u.next < len(u.marks) && u.marks[u.next].at <= at {
		u.delta = u.marks[u.next].delta
		u.next++
	}
	return at + u.delta
}

// read resolves the escapes of a string's inside. A lone surrogate becomes the three bytes that UTF-8 would have for it, were it a
// character; bytes that are no UTF-8 stay.
func (u *unescaped) read(inside []byte) {
	u.content, u.marks, u.next, u.delta = u.content[:0], u.marks[:0], 0, 0
	for i := 0; i < len(inside); {
		n := bytes.IndexByte(inside[i:], '\\')
		if n < 0 || i+n+1 >= len(inside) {
			u.content = append(u.content, inside[i:]...)
			return
		}
		u.content = append(u.content, inside[i:i+n]...)
		i += n
		i += u.escape(inside[i:])
		u.marks = append(u.marks, mark{len(u.content), i - len(u.content)})
	}
}

// escape resolves the escape that b begins with and returns its length.
func (u *unescaped) escape(b []byte) int {
	const short = "b\bf\fn\nr\rt\t"
	if b[1] != 'u' || len(b) < 6 {
		c := b[1]
		for i := 0; i < len(short); i += 2 {
			if short[i] == c {
				c = short[i+1]
				break
			}
		}
		u.content = append(u.content, c)
		return 2
	}
	r, n := hex4(b[2:6]), 6
	if r>>10 == 0xd800>>10 && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		if low := hex4(b[8:12]); low>>10 == 0xdc00>>10 {
			r, n = 0x10000+(r&0x3ff)<<10|low&0x3ff, 12
		}
	}
	u.content = appendPoint(u.content, r)
	return n
}

func hex4(b []byte) rune {
	var r rune
	for _, c := range b {
		r <<= 4
		switch {
		case c <= '9':
			r |= rune(c-'0') & 15
		default:
			r |= rune(c|0x20-'a'+10) & 15
		}
	}
	return r
}

func appendPoint(b []byte, r rune) []byte {
	switch {
	case r < 0x80:
		return append(b, byte(r))
	case r < 0x800:
		return append(b, byte(0xc0|r>>6), byte(0x80|r&0x3f))
	case r < 0x10000:
		return append(b, byte(0xe0|r>>12), byte(0x80|r>>6&0x3f), byte(0x80|r&0x3f))
	}
	return append(b, byte(0xf0|r>>18), byte(0x80|r>>12&0x3f), byte(0x80|r>>6&0x3f), byte(0x80|r&0x3f))
}
