package span

import (
	"encoding/binary"
	"math/bits"
)

// maxDepth is how deep values may be nested: the library's bound.
const maxDepth = 10_000

// Checker goes over the members of a JSON object or the elements of an array like Object and Array do, and checks the
// text on the way: one walk says whether the text is JSON and finds what is looked for in it. It accepts what Validate does.
//
//	for c := span.CheckMembers(text, 1); c.Next(); {
//		value := c.Take()
//	}
//	n, ok := c.End()
type Checker struct {
	text    []byte
	pos     int
	depth   int
	opener  byte
	begun   bool
	failed  bool
	escaped bool
	Name    []byte // of the member, as it stands in the text, without its quotes
}

// CheckMembers returns a Checker before the first member of the object that text begins with; text may go on behind it.
// depth is how many objects and arrays the object is nested in, itself included.
func CheckMembers(text []byte, depth int) Checker { return newChecker(text, depth, '{') }

// CheckElements is CheckMembers for an array.
func CheckElements(text []byte, depth int) Checker { return newChecker(text, depth, '[') }

func newChecker(text []byte, depth int, opener byte) Checker {
	c := Checker{text: text, pos: 1, depth: depth, opener: opener}
	c.failed = len(text) == 0 || text[0] != opener || depth > maxDepth
	return c
}

// Next moves to the next value and says whether there is one. The value is left to the caller, who calls Take, or reads it
// from Tail and then calls Advance.
func (c *Checker) Next() bool {
	if c.failed {
		return false
	}
	i := spaced(c.text, c.pos)
	switch {
	case i >= len(c.text):
		return c.fail()
	case c.text[i] == c.opener+2: // } and ] come two behind { and [
		c.pos = i + 1
		return false
	case !c.begun:
		c.begun = true
	case c.text[i] != ',':
		return c.fail()
	default:
		i = spaced(c.text, i+1)
	}
	if c.opener == '{' {
		behind, value, escaped := checkName(c.text, i)
		if value < 0 {
			return c.fail()
		}
		c.Name, c.escaped = c.text[i+1:behind-1], escaped
		i = value
	}
	c.pos = i
	return i < len(c.text) || c.fail()
}

func (c *Checker) fail() bool {
	c.failed = true
	return false
}

// Key returns the member's name with its escapes resolved, as Object.Key does.
func (c *Checker) Key() []byte { return keyOf(c.Name, c.escaped) }

// Take returns the value that Next left, or nil where the text is no JSON.
func (c *Checker) Take() []byte {
	end := checkValue(c.text, c.pos, c.depth)
	if end < 0 {
		c.failed = true
		return nil
	}
	value := c.text[c.pos:end]
	c.pos = end
	return value
}

// Tail returns the text from the value on that Next left.
func (c *Checker) Tail() []byte { return c.text[c.pos:] }

// Advance moves behind the value that Next left, which was found to be n bytes long; ok says that it is valid.
func (c *Checker) Advance(n int, ok bool) {
	c.pos += n
	c.failed = c.failed || !ok
}

// End returns how many bytes the object or array takes, once there is no next value, and whether it is valid.
func (c *Checker) End() (n int, ok bool) { return c.pos, !c.failed }

func spaced(b []byte, i int) int {
	if i < len(b) && b[i] > ' ' {
		return i
	}
	return skipSpace(b, i)
}

// checkName returns the index behind the name at i and the one of its value, which is -1 where there is none.
func checkName(b []byte, i int) (behind, value int, escaped bool) {
	if i >= len(b) || b[i] != '"' {
		return i, -1, false
	}
	behind, escaped = checkString(b, i)
	if behind < 0 {
		return i, -1, false
	}
	i = spaced(b, behind)
	if i >= len(b) || b[i] != ':' {
		return i, -1, false
	}
	return behind, spaced(b, i+1), escaped
}

// checkValue returns the index behind the value at i, or -1. depth is how many objects and arrays it is in.
func checkValue(b []byte, i, depth int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		end, _ := checkString(b, i)
		return end
	case '{', '[':
		return checkNested(b, i, depth+1)
	case 't':
		return checkLiteral(b, i, "true")
	case 'f':
		return checkLiteral(b, i, "false")
	case 'n':
		return checkLiteral(b, i, "null")
	}
	return checkNumber(b, i)
}

func checkNested(b []byte, i, depth int) int {
	if depth > maxDepth {
		return -1
	}
	closer := b[i] + 2
	i = spaced(b, i+1)
	if i < len(b) && b[i] == closer {
		return i + 1
	}
	for {
		if closer == '}' {
			if _, i, _ = checkName(b, i); i < 0 {
				return -1
			}
		}
		if i = checkValue(b, i, depth); i < 0 {
			return -1
		}
		if i = spaced(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case closer:
			return i + 1
		case ',':
			i = spaced(b, i+1)
		default:
			return -1
		}
	}
}

func checkLiteral(b []byte, i int, literal string) int {
	if end := i + len(literal); end <= len(b) && string(b[i:end]) == literal {
		return end
	}
	return -1
}

// checkNumber follows RFC 8259, 6.
func checkNumber(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i < len(b) && b[i] == '0':
		i++
	default:
		if i = checkDigits(b, i); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i] == '.' {
		if i = checkDigits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return checkDigits(b, i)
	}
	return i
}

// checkDigits returns the index behind at least one digit, or -1.
func checkDigits(b []byte, i int) int {
	start := i
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

// controls marks like zeros bytes below the space, which no string may hold.
func controls(word uint64) uint64 { return (word - ' '*ones) &^ word & highs }

// checkString returns the index behind the string whose opening quote is at i, or -1, and whether it holds an escape.
func checkString(b []byte, i int) (end int, escaped bool) {
	i++
	for {
		for i+8 <= len(b) {
			word := binary.LittleEndian.Uint64(b[i:])
			hit := zeros(word^quotes) | zeros(word^backslash) | controls(word)
			if hit != 0 {
				i += bits.TrailingZeros64(hit) >> 3
				break
			}
			i += 8
		}
		switch {
		case i >= len(b) || b[i] < ' ':
			return -1, escaped
		case b[i] == '"':
			return i + 1, escaped
		case b[i] != '\\':
			i++ // among the last bytes of the text
		default:
			if i = checkEscape(b, i); i < 0 {
				return -1, true
			}
			escaped = true
		}
	}
}

// checkEscape returns the index behind the escape at i, or -1.
func checkEscape(b []byte, i int) int {
	if i+1 >= len(b) {
		return -1
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
	default:
		return -1
	}
	if i+6 > len(b) {
		return -1
	}
	for _, c := range b[i+2 : i+6] {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return -1
		}
	}
	return i + 6
}
