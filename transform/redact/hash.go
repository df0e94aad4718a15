package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"logferry/internal/record/span"
)

// digest is HMAC-SHA-256 of a value's canonical text, in small hexadecimal.
func (r *rule) digest(value []byte) string {
	mac := hmac.New(sha256.New, r.key)
	mac.Write(canonical(value))
	return hex.EncodeToString(mac.Sum(nil))
}

// canonical is a string's content, so that it makes no difference how it is escaped, and any other value's text without space between
// its tokens. A string that is no valid Unicode counts as it is written.
func canonical(value []byte) []byte {
	switch value[0] {
	case '"':
		var scratch []byte
		if text, ok := span.Text(value, &scratch); ok {
			return text
		}
		return value[1 : len(value)-1]
	case '{', '[':
		return compact(value)
	}
	return value
}

func compact(value []byte) []byte {
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); {
		switch c := value[i]; {
		case c == '"':
			end := max(i+len(span.First(value[i:])), i+1)
			out = append(out, value[i:end]...)
			i = end
		case isSpace(c):
			i++
		default:
			out = append(out, c)
			i++
		}
	}
	return out
}
