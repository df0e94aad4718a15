package redact

import "bytes"

// shortestSecret is what a text has at least that a secret can be in, in bytes: x=1 is `pwd=a`.
const shortestSecret = 5

// shortestInName is that of a name: only what is told by its beginning makes one a secret.
const shortestInName = 16

// Secrets in texts are found by the one byte of them that is rare in texts: each byte is looked up in a table, and only these are
// looked around at. No byte is in more than a few of the looks.
type trigger uint8

const (
	noTrigger trigger = iota
	onPrefix          // the last byte of a known beginning: ghp_, sk-, ya29.
	onJWT             // the J of eyJ
	onCapital         // the A of AKIA, AIza
	onScheme          // the B of Bearer, Basic
	onColon           // a URL with a password, a header, a member of a JSON text that is cut off
	onEquals          // a parameter, a variable
)

var triggers = [256]trigger{
	'_': onPrefix, '-': onPrefix, '.': onPrefix, 'J': onJWT, 'A': onCapital, 'B': onScheme, 'b': onScheme, ':': onColon, '=': onEquals,
}

// findSecrets appends the secret parts of a text to found, in their order.
func findSecrets(b []byte, found []cut) []cut {
	least := 0
	for i := 0; ; i++ {
		if i = nextTrigger(b, i); i == len(b) {
			return found
		}
		t := triggers[b[i]]
		if !t.worth(b, i) {
			continue
		}
		c, ok := t.look(b, i)
		if !ok || c.from < least || c.from >= c.to {
			continue
		}
		found = append(found, c)
		least = c.to
		i = c.to - 1
	}
}

// nextTrigger returns the index of the next trigger from i on.
func nextTrigger(b []byte, i int) int {
	for i+8 <= len(b) {
		p := (*[8]byte)(b[i:])
		if triggers[p[0]]|triggers[p[1]]|triggers[p[2]]|triggers[p[3]]|triggers[p[4]]|triggers[p[5]]|triggers[p[6]]|triggers[p[7]] != noTrigger {
			break
		}
		i += 8
	}
	for i < len(b) && triggers[b[i]] == noTrigger {
		i++
	}
	return min(i, len(b))
}

// worth says, as cheaply as can be, whether a look may find anything: most bytes that are looked up are those of dates, ids and
// sentences.
func (t trigger) worth(b []byte, i int) bool {
	switch t {
	case onPrefix:
		return i > 0 && beforeLast[b[i-1]]&lastBit(b[i]) != 0 || b[i] == '-' && i+1 < len(b) && b[i+1] == '-'
	case onCapital:
		return i+2 < len(b) && (b[i+2] == 'I' || b[i+2] == 'z' || b[i+2] == 'C')
	case onScheme:
		return i+1 < len(b) && (b[i+1]|0x20 == 'e' || b[i+1]|0x20 == 'a')
	}
	return true
}

func (t trigger) look(b []byte, i int) (cut, bool) {
	switch t {
	case onPrefix:
		if b[i] == '-' && bytes.HasPrefix(b[i:], pemBegin) {
			return pem(b, i)
		}
		return prefixed(b, i)
	case onJWT:
		return jwt(b, i)
	case onCapital:
		return capital(b, i)
	case onScheme:
		return scheme(b, i)
	case onColon:
		if bytes.HasPrefix(b[i:], []byte("://")) {
			return login(b, i)
		}
		return assigned(b, i)
	case onEquals:
		return assigned(b, i)
	}
	return cut{}, false
}

// Classes of bytes.
const (
	alnum = 1 << iota
	dash  // - and _
	dot
	upper // A-Z and digits
	other // what else a credential of RFC 6750 has: ~ + / =
)

var classes = func() (t [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		t[c] = alnum | upper
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c] = alnum
	}
	for c := 'A'; c <= 'Z'; c++ {
		t[c] = alnum | upper
	}
	t['-'], t['_'], t['.'] = dash, dash, dot
	for _, c := range "~+/=" {
		t[c] = other
	}
	return t
}()

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// run returns the index behind the bytes of some classes from i on, and whether there is a digit among them.
func run(b []byte, i int, of uint8) (end int, digit bool) {
	for i < len(b) && classes[b[i]]&of != 0 {
		digit = digit || isDigit(b[i])
		i++
	}
	return i, digit
}

// starts says that nothing of some classes stands before i.
func starts(b []byte, i int, of uint8) bool { return i <= 0 || classes[b[i-1]]&of == 0 }

// jwt finds a JSON Web Token by its beginning, which is that of `{"` in base64url.
func jwt(b []byte, i int) (cut, bool) {
	const first, second = 10, 8 // bytes that header and claims have at least
	from := i - 2
	if from < 0 || b[from] != 'e' || b[from+1] != 'y' || !starts(b, from, alnum|dash|dot) {
		return cut{}, false
	}
	header, _ := run(b, from, alnum|dash)
	if header-from < first || header >= len(b) || b[header] != '.' {
		return cut{}, false
	}
	claims, _ := run(b, header+1, alnum|dash)
	if claims-header-1 < second {
		return cut{}, false
	}
	end, _ := run(b, claims, alnum|dash|dot) // the signature, and the further parts of an encrypted one
	return cut{from, end}, true
}

// capital finds keys of AWS and of Google.
func capital(b []byte, i int) (cut, bool) {
	if !starts(b, i, alnum) {
		return cut{}, false
	}
	key := b[i:]
	if bytes.HasPrefix(key, []byte("AIza")) {
		const length = 39
		end, _ := run(b, i, alnum|dash)
		return cut{i, end}, end-i >= length
	}
	if bytes.HasPrefix(key, []byte("AKIA")) || bytes.HasPrefix(key, []byte("ASIA")) || bytes.HasPrefix(key, []byte("ABIA")) || bytes.HasPrefix(key, []byte("ACCA")) {
		const length = 20
		end, _ := run(b, i, upper)
		return cut{i, end}, end-i == length && (end == len(b) || classes[b[end]]&alnum == 0)
	}
	return cut{}, false
}

var (
	pemBegin = []byte("-----BEGIN ")
	pemLine  = []byte("PRIVATE KEY")
	pemEnd   = []byte("-----END ")
	pemDash  = []byte("-----")
)

// pem finds a private key between its first and its last line; without a last one it reaches to the end of the text.
func pem(b []byte, i int) (cut, bool) {
	const longestLine = 64 // bytes
	line := b[i+len(pemBegin):]
	n := bytes.Index(line[:min(len(line), longestLine)], pemDash)
	if n < 0 || !bytes.Contains(line[:n], pemLine) {
		return cut{}, false
	}
	from := i + len(pemBegin) + n + len(pemDash)
	end := bytes.Index(b[from:], pemEnd)
	if end < 0 {
		end = len(b) - from
	}
	return cut{from, from + end}, end > 0 && string(b[from:from+end]) != Masked
}
