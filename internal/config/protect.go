package config

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Inside {…} and […] YAML reads the braces of ${NAME} as its own, though `{name: prod, api_key: ${PROD_KEY}}` is how
// people write it. So the marks of every reference are exchanged for code points of the private use area before the
// file is parsed, and back in every scalar value. One code point stands for one: positions stay as they are.

const (
	marks        = "{}[],"
	privateFirst = '\uE000'
	privateEnd   = '\uF8FF'
)

// reference does not match across quotes: a quoted value needs no protection, and could end within the match.
var reference = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}\n'"]*)?\}`)

// escaped is a code point as double quotes may have it.
var escaped = regexp.MustCompile(`\\(?:u|U0000)([0-9a-fA-F]{4})`)

// protection is one exchange of marks. The zero protection changes nothing.
type protection struct{ restore *strings.Replacer }

// protect exchanges the marks of references in src for code points that src does not use, be it as an escape.
func protect(src []byte) ([]byte, protection) {
	used := make(map[rune]bool)
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r >= privateFirst && r <= privateEnd {
			used[r] = true
		}
		i += size
	}
	for _, m := range escaped.FindAllSubmatch(src, -1) {
		if r, err := strconv.ParseUint(string(m[1]), 16, 32); err == nil {
			used[rune(r)] = true
		}
	}
	var there, back []string
	next := privateFirst
	for _, mark := range marks {
		for used[next] && next <= privateEnd {
			next++
		}
		if next > privateEnd {
			return src, protection{}
		}
		there = append(there, string(mark), string(next))
		back = append(back, string(next), string(mark))
		next++
	}
	exchange := strings.NewReplacer(there...)
	out := reference.ReplaceAllFunc(src, func(ref []byte) []byte { return []byte(exchange.Replace(string(ref))) })
	return out, protection{restore: strings.NewReplacer(back...)}
}

// undo gives a scalar value its marks back.
func (p protection) undo(s string) string {
	if p.restore == nil {
		return s
	}
	return p.restore.Replace(s)
}
