package apply_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// What the oracle needs to know of JSON, built on encoding/json: another decoder than the product's.

// member is one member of a JSON object: its decoded name and its value exactly as it was received.
type member struct {
	name  string
	value json.RawMessage
}

// object is an object's members in their order, duplicates included.
type object []member

// readObject returns the members of an object, or false for any other value. The text is JSON.
func readObject(raw []byte) (out object, ok bool) {
	at := skipSpace(raw, 0)
	if at >= len(raw) || raw[at] != '{' {
		return nil, false
	}
	for {
		at = skipSpace(raw, at+1) // behind { or ,
		if raw[at] == '}' {
			return out, true
		}
		end := skipValue(raw, at)
		m := member{name: decodeName(raw[at:end])}
		at = skipSpace(raw, skipSpace(raw, end)+1) // behind :
		end = skipValue(raw, at)
		m.value = raw[at:end:end]
		out = append(out, m)
		if at = skipSpace(raw, end); raw[at] == '}' {
			return out, true
		}
	}
}

// readArray returns the elements of an array, or false for any other value. The text is JSON.
func readArray(raw []byte) (out []json.RawMessage, ok bool) {
	at := skipSpace(raw, 0)
	if at >= len(raw) || raw[at] != '[' {
		return nil, false
	}
	for {
		at = skipSpace(raw, at+1)
		if raw[at] == ']' {
			return out, true
		}
		end := skipValue(raw, at)
		out = append(out, raw[at:end:end])
		if at = skipSpace(raw, end); raw[at] == ']' {
			return out, true
		}
	}
}

func skipSpace(raw []byte, at int) int {
	for at < len(raw) && (raw[at] == ' ' || raw[at] == '\t' || raw[at] == '\n' || raw[at] == '\r') {
		at++
	}
	return at
}

// skipValue returns the end of the value that begins at a place.
func skipValue(raw []byte, at int) int {
	for depth := 0; at < len(raw); at++ {
		switch raw[at] {
		case '"':
			for at++; raw[at] != '"'; at++ {
				if raw[at] == '\\' {
					at++
				}
			}
			if depth == 0 {
				return at + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return at
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case ',', ':', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return at
			}
		}
	}
	return at
}

func decodeName(raw []byte) (name string) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return strings.ToValidUTF8(string(raw[1:len(raw)-1]), "\ufffd")
	}
	_ = json.Unmarshal(raw, &name) // it is a string
	return name
}

// get returns the value of the last member of a name, or nil.
func (o object) get(name string) json.RawMessage {
	for i := len(o) - 1; i >= 0; i-- {
		if o[i].name == name {
			return o[i].value
		}
	}
	return nil
}

// last drops every member that a later one of the same name replaces.
func (o object) last() object {
	var out object
	for i, m := range o {
		replaced := false
		for _, later := range o[i+1:] {
			replaced = replaced || later.name == m.name
		}
		if !replaced {
			out = append(out, m)
		}
	}
	return out
}

// without drops the members of the names.
func (o object) without(names ...string) object {
	var out object
	for _, m := range o {
		drop := false
		for _, n := range names {
			drop = drop || n == m.name
		}
		if !drop {
			out = append(out, m)
		}
	}
	return out
}

// withoutLast drops the last member of each of the names: the one that counts.
func (o object) withoutLast(names ...string) object {
	out := append(object(nil), o...)
	for _, name := range names {
		for i := len(out) - 1; i >= 0; i-- {
			if out[i].name == name {
				out = append(out[:i:i], out[i+1:]...)
				break
			}
		}
	}
	return out
}

// withoutNulls drops the members of the names that are null.
func (o object) withoutNulls(names ...string) object {
	return slices.DeleteFunc(slices.Clone(o), func(m member) bool { return isNull(m.value) && slices.Contains(names, m.name) })
}

// text writes the object without space around its values.
func (o object) text() []byte {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		name, _ := json.Marshal(m.name)
		out = append(append(append(out, name...), ':'), m.value...)
	}
	return append(out, '}')
}

func isNull(raw []byte) bool { return len(raw) == 0 || string(raw) == "null" }

// unicodeEscape matches every escape, so that an escaped backslash is not taken for the begin of one.
var unicodeEscape = regexp.MustCompile(`\\(?:u([0-9a-fA-F]{4})|.)`)

// wellFormed says that a JSON string, with its quotes, is valid UTF-8 and its surrogate escapes come in pairs.
func wellFormed(raw []byte) bool {
	if !utf8.Valid(raw) {
		return false
	}
	if !bytes.Contains(raw, []byte(`\u`)) {
		return true
	}
	high, end := false, 0
	for _, m := range unicodeEscape.FindAllSubmatchIndex(raw, -1) {
		var unit rune
		if m[2] >= 0 {
			n, _ := strconv.ParseUint(string(raw[m[2]:m[3]]), 16, 32)
			unit = rune(n)
		}
		switch isLow := unit >= 0xdc00 && unit < 0xe000; {
		case high && (m[0] != end || !isLow), !high && isLow:
			return false
		}
		high, end = utf16.IsSurrogate(unit) && unit < 0xdc00, m[1]
	}
	return !high
}

// readString returns the text of a well-formed JSON string.
func readString(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' || !wellFormed(raw) {
		return "", false
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), true
	}
	var s string
	return s, json.Unmarshal(raw, &s) == nil
}

// decimalNumber is digits times ten to the exp.
type decimalNumber struct {
	negative bool
	digits   string // no leading zero; "" is zero
	exp      int
}

var numberForm = regexp.MustCompile(`^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$`)

func readNumber(text string) (n decimalNumber, ok bool) {
	m := numberForm.FindStringSubmatch(text)
	if m == nil {
		return n, false
	}
	n.negative = m[1] != ""
	n.digits = strings.TrimLeft(m[2]+m[3], "0")
	if m[4] != "" {
		exp, err := strconv.Atoi(m[4])
		const farthest = 1_000_000
		if err != nil || exp > farthest || exp < -farthest {
			exp = farthest
			if strings.HasPrefix(m[4], "-") {
				exp = -farthest
			}
		}
		n.exp = exp
	}
	n.exp -= len(m[3])
	return n, true
}

// scaled is the number times ten to the power, rounded towards zero; rest compares what was cut off with a half: -2 for
// nothing, -1 less, 0 equal, 1 more. It is false beyond about 10^60.
func (n decimalNumber) scaled(power int) (whole *big.Int, rest int, ok bool) {
	exp := n.exp + power
	switch {
	case n.digits == "":
		return new(big.Int), -2, true
	case len(n.digits)+exp > 60:
		return nil, 0, false
	case exp >= 0:
		whole, _ = new(big.Int).SetString(n.digits+strings.Repeat("0", exp), 10)
		rest = -2
	default:
		kept, cut := "0", n.digits
		if at := len(n.digits) + exp; at > 0 {
			kept, cut = n.digits[:at], n.digits[at:]
		} else if at < 0 {
			cut = "0" + cut
		}
		whole, _ = new(big.Int).SetString(kept, 10)
		switch trimmed := strings.TrimRight(cut, "0"); {
		case trimmed == "":
			rest = -2
		case trimmed == "5":
			rest = 0
		case cut[0] >= '5':
			rest = 1
		default:
			rest = -1
		}
	}
	if n.negative {
		whole.Neg(whole)
	}
	return whole, rest, true
}

// halfEven rounds to an integer.
func (n decimalNumber) halfEven() (int64, bool) {
	whole, rest, ok := n.scaled(0)
	if !ok {
		return 0, false
	}
	if rest == 1 || rest == 0 && whole.Bit(0) == 1 {
		away := int64(1)
		if n.negative {
			away = -1
		}
		whole.Add(whole, big.NewInt(away))
	}
	return whole.Int64(), whole.IsInt64()
}

var timeForm = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)([Tt ])(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:\d\d)?$`)

// readTime reads an RFC 3339 string, or epoch milliseconds as a number, as µs. exact is false where the µs don't say
// all of it: finer digits, another offset than zero, or another form than RFC 3339 in UTC.
func readTime(raw []byte) (micros int64, exact, ok bool) {
	if len(raw) == 0 {
		return 0, false, false
	}
	if raw[0] != '"' {
		n, isNumber := readNumber(string(raw))
		if !isNumber {
			return 0, false, false
		}
		whole, rest, ok := n.scaled(3)
		if !ok {
			return 0, false, false
		}
		if n.negative && rest != -2 {
			whole.Sub(whole, big.NewInt(1)) // towards the past
		}
		return whole.Int64(), rest == -2, whole.IsInt64() && inCalendar(whole.Int64())
	}
	text, isString := readString(raw)
	m := timeForm.FindStringSubmatch(text)
	if !isString || m == nil {
		return 0, false, false
	}
	zone := strings.ToUpper(m[5])
	if zone == "" {
		zone = "Z"
	}
	at, err := time.Parse(time.RFC3339, m[1]+"T"+m[3]+zone)
	if err != nil {
		return 0, false, false
	}
	fraction := (m[4] + "000000")[:6]
	micros, _ = strconv.ParseInt(fraction, 10, 64)
	finer := len(m[4]) > 6 && strings.Trim(m[4][6:], "0") != ""
	_, offset := at.Zone()
	exact = m[2] == "T" && !finer && offset == 0 && m[5] != "" && m[5] != "z"
	return at.Unix()*1_000_000 + micros, exact, true
}

func inCalendar(micros int64) bool {
	year := time.UnixMicro(micros).UTC().Year()
	return year >= 0 && year <= 9999
}

// repaired replaces each run of bytes that are no UTF-8 by U+FFFD.
func repaired(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// canonical is JSON text without space between tokens and with names decoded; literals stay as they were received.
func canonical(raw []byte) string {
	var out strings.Builder
	writeCanonical(&out, bytes.TrimSpace(raw))
	return out.String()
}

func writeCanonical(out *strings.Builder, raw []byte) {
	if o, ok := readObject(raw); ok {
		out.WriteByte('{')
		for i, m := range o {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(strconv.Quote(m.name))
			out.WriteByte(':')
			writeCanonical(out, m.value)
		}
		out.WriteByte('}')
		return
	}
	if elements, ok := readArray(raw); ok {
		out.WriteByte('[')
		for i, e := range elements {
			if i > 0 {
				out.WriteByte(',')
			}
			writeCanonical(out, e)
		}
		out.WriteByte(']')
		return
	}
	out.Write(raw)
}
