package span

import (
	"encoding/binary"
	"math/bits"
)

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

// skipValue returns the index behind the value that starts at i.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return len(b)
	}
	switch b[i] {
	case '"':
		end, _ := skipString(b, i)
		return end
	case '{', '[':
		return skipNested(b, i)
	}
	for i < len(b) {
		switch b[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			return i
		}
		i++
	}
	return i
}

func skipNested(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i, _ = skipString(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(b)
}

// Eight bytes are looked at in one word: a byte of `word ^ all(c)` is zero where the text has c, and zeros marks the
// lowest such byte with its high bit (marks above the lowest may be false).
const (
	ones      = 0x0101010101010101
	highs     = 0x8080808080808080
	quotes    = '"' * ones
	backslash = '\\' * ones
)

func zeros(word uint64) uint64 { return (word - ones) &^ word & highs }

// skipString returns the index behind the string whose opening quote is at i, and whether it holds an escape.
func skipString(b []byte, i int) (end int, escaped bool) {
	i++
	for i+8 <= len(b) {
		word := binary.LittleEndian.Uint64(b[i:])
		hit := zeros(word^quotes) | zeros(word^backslash)
		if hit == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(hit) >> 3
		if b[i] == '"' {
			return i + 1, escaped
		}
		i, escaped = i+2, true
	}
	for i < len(b) {
		switch b[i] {
		case '"':
			return i + 1, escaped
		case '\\':
			i, escaped = i+1, true
		}
		i++
	}
	return len(b), escaped
}
