package redact

import (
	"bytes"
	"encoding/base64"
)

// scheme finds what follows Bearer and Basic.
func scheme(b []byte, i int) (cut, bool) {
	if !starts(b, i, alnum|dash) {
		return cut{}, false
	}
	for _, word := range []string{"bearer", "basic"} {
		at := i + len(word)
		if at >= len(b) || b[at] != ' ' || !bytes.EqualFold(b[i:at], []byte(word)) {
			continue
		}
		for at < len(b) && b[at] == ' ' {
			at++
		}
		end, digit := run(b, at, alnum|dash|dot|other)
		if word == "bearer" {
			const certain, likely = 20, 8 // bytes; `bearer instruments` is none
			return cut{at, end}, end-at >= certain || digit && end-at >= likely
		}
		return cut{at, end}, isLogin(b[at:end])
	}
	return cut{}, false
}

// isLogin says that a text is a name and a password in base64.
func isLogin(text []byte) bool {
	const longest = 1 << 10 // bytes
	if len(text) > longest {
		return false
	}
	plain, err := base64.RawStdEncoding.AppendDecode(nil, bytes.TrimRight(text, "="))
	return err == nil && bytes.IndexByte(plain, ':') >= 0
}

// login finds the password of a URL, whose :// is at i.
func login(b []byte, i int) (cut, bool) {
	from := i + len("://")
	end := from
	for end < len(b) && !bytes.ContainsRune([]byte("/?#\\\"'`<> \t\r\n"), rune(b[end])) {
		end++
	}
	at := bytes.LastIndexByte(b[from:end], '@')
	if at < 0 {
		return cut{}, false
	}
	colon := bytes.IndexByte(b[from:from+at], ':')
	if colon < 0 {
		return cut{}, false
	}
	c := cut{from + colon + 1, from + at}
	return c, string(b[c.from:c.to]) != Masked
}

// parameters are secret in the query of a URL only.
var parameters = map[string]bool{"sig": true, "signature": true, "X-Amz-Signature": true, "X-Goog-Signature": true}

// assigned finds the value that is given to a secret's name: name=value, name: value, "name": "value" in a text that is no whole JSON.
// The sign is at i.
func assigned(b []byte, i int) (cut, bool) {
	if i+1 < len(b) && b[i+1] == '=' || i > 0 && bytes.IndexByte([]byte("=!<>+"), b[i-1]) >= 0 {
		return cut{}, false
	}
	name, before, quoted := nameBefore(b, i)
	class := classify(name)
	if class == notSecret {
		if b[i] != '=' || before < 0 || b[before] != '?' && b[before] != '&' || !parameters[string(name)] {
			return cut{}, false
		}
		class = secretAny
	}
	return assignedValue(b, i, name, class, quoted)
}

// nameBefore returns the name that ends before a sign, the index before it, and whether it stands in quotes.
func nameBefore(b []byte, i int) (name []byte, before int, quoted bool) {
	end := i
	for end > 0 && i-end < 2 && b[end-1] == ' ' {
		end--
	}
	if end > 0 && isQuote(b[end-1]) {
		quoted = true
		end--
		for end > 0 && i-end < maxDepth && b[end-1] == '\\' {
			end--
		}
	} else if end > 0 && b[end-1] == ']' { // user[password]=
		end--
	}
	start := end
	for start > 0 && end-start < longestName && classes[b[start-1]]&(alnum|dash|dot) != 0 {
		start--
	}
	return b[start:end], start - 1, quoted
}

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// Bytes at which a value ends that stands in no quotes.
var (
	lineEnds  = []byte("\r\n\"'`\\")
	valueEnds = []byte("\r\n\t \"'`\\&;,<>(){}[]|#")
)

// assignedValue finds the value behind a sign. A header's reaches to the end of its line; what follows a colon without quotes
// counts only where it is no word of a sentence.
func assignedValue(b []byte, i int, name []byte, class nameClass, quoted bool) (cut, bool) {
	from := i + 1
	for from < len(b) && from-i <= 4 && b[from] == ' ' {
		from++
	}
	ends := valueEnds
	header := b[i] == ':' && !quoted && isHeaderName(name)
	if header {
		ends = lineEnds
	}
	at := from
	for at < len(b) && at-from < maxDepth && b[at] == '\\' {
		at++
	}
	inQuotes := at < len(b) && isQuote(b[at]) && !header
	if inQuotes {
		from = at + 1
		ends = []byte{b[at], '\n'}
	}
	if bytes.HasPrefix(b[from:], []byte(Masked)) {
		return cut{}, false
	}
	end := from
	for end < len(b) && bytes.IndexByte(ends, b[end]) < 0 {
		end++
	}
	for inQuotes && end > from && b[end-1] == '\\' { // those of the closing quote
		end--
	}
	return cut{from, end}, counts(b[from:end], b[i], class, quoted || inQuotes || header)
}

// counts says whether what is given to a secret's name is a secret.
func counts(value []byte, sign byte, class nameClass, certain bool) bool {
	switch string(value) {
	case "", "true", "false", "null", "none", "None", "nil", "undefined":
		return false
	}
	digits, signs := 0, 0
	for _, c := range value {
		switch {
		case isDigit(c):
			digits++
		case classes[c]&alnum == 0:
			signs++
		}
	}
	if digits == len(value) && class != secretAny {
		return false
	}
	return certain || sign == '=' || digits+signs > 0
}
