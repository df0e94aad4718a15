package record

import "bytes"

// Repair returns body with the raw control characters inside its JSON strings escaped, and whether there were any; body
// itself is returned when there were none. Nothing else is changed: other damage stays. It is meant for bodies that
// ParsePage or CheckDetail refused, since RFC 8259 forbids such characters and some producers send them.
func Repair(body []byte) ([]byte, bool) {
	var out []byte
	copied, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '"':
			inString = !inString
		case c == '\\' && inString:
			i++ // whatever follows belongs to the escape
		case c < ' ' && inString:
			if out == nil {
				out = make([]byte, 0, len(body)+64)
			}
			out = append(out, body[copied:i]...)
			out = appendEscaped(out, c)
			copied = i + 1
		}
	}
	if out == nil {
		return body, false
	}
	return append(out, body[copied:]...), true
}

func appendEscaped(out []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	if i := bytes.IndexByte([]byte("\b\t\n\f\r"), c); i >= 0 {
		return append(out, '\\', "btnfr"[i])
	}
	return append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
