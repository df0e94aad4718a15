package redact

import (
	"bytes"
	"strings"
)

// nameClass says of a name which values under it are secrets.
type nameClass uint8

const (
	notSecret    nameClass = iota
	secretString           // strings
	secretText             // strings, objects and arrays
	secretAny              // numbers too
	pairUnknown            // nobody has looked yet
)

// longestName is what a secret's name has at most, in bytes; shortestName at least.
const (
	longestName  = 96
	shortestName = 3
)

// classify says what the name of a member, a header, a parameter or a variable tells of its value. Case, and whatever stands between
// letters and digits, make no difference: apiKey, api_key, API-KEY.
func classify(name []byte) nameClass {
	if len(name) > longestName || !mayEnd(name) {
		return notSecret
	}
	var letters [longestName]byte
	plain := letters[:0]
	for _, c := range name {
		switch {
		case 'A' <= c && c <= 'Z':
			plain = append(plain, c|0x20)
		case 'a' <= c && c <= 'z', isDigit(c):
			plain = append(plain, c)
		}
	}
	return classOf(string(plain))
}

// lastLetters are the endings of the last words of secrets' names, by their last letter. Most names are told by that alone.
var lastLetters = [256][]string{
	'n': {"token", "ization", "assertion"},
	'y': {"key", "binary"},
	't': {"secret", "jwt"},
	'd': {"word", "passwd", "pwd", "sessid", "sessionid"},
	'e': {"cookie", "phrase", "passcode", "response"},
	's': {"secrets", "cookies", "words", "tokens", "keys", "credentials", "pass"},
	'r': {"bearer"},
	'p': {"otp"},
	'h': {"hash"},
	'l': {"credential"},
	'g': {"string"},
}

// lettersBefore are, for each last letter, the letters before it in lastLetters, as bits.
var lettersBefore = func() (t [256]uint32) {
	for last, words := range lastLetters {
		for _, w := range words {
			t[last] |= 1 << (w[len(w)-2] & 31)
			t[last&^0x20] = t[last]
		}
	}
	return t
}()

// mayName tells most names that are none of a secret by their last two letters.
func mayName(name []byte) bool {
	return len(name) >= shortestName && lettersBefore[name[len(name)-1]]>>(name[len(name)-2]&31)&1 != 0
}

func mayEnd(name []byte) bool {
	if !mayName(name) {
		return false
	}
	last := name[len(name)-1]
	for _, ending := range lastLetters[last|0x20] {
		if len(name) >= len(ending) && name[len(name)-len(ending)]|0x20 == ending[0] && bytes.EqualFold(name[len(name)-len(ending):], []byte(ending)) {
			return true
		}
	}
	return false
}

// whole are names that are secrets as they are.
var whole = map[string]nameClass{
	"bearer": secretString, "jwt": secretString, "otp": secretAny, "totp": secretAny, "pass": secretString,
	"phpsessid": secretString, "jsessionid": secretString, "aspnetsessionid": secretString,
	"samlresponse": secretString, "samlassertion": secretString, "clientassertion": secretString,
	"passwordhash": secretString, "secretstring": secretString, "secretbinary": secretString,
}

// endings are what names of secrets end in.
var endings = []struct {
	text  string
	class nameClass
}{
	{"password", secretAny},
	{"passwords", secretAny},
	{"passwd", secretAny},
	{"pwd", secretAny},
	{"passphrase", secretAny},
	{"passcode", secretAny},
	{"secret", secretAny},
	{"secrets", secretText},
	{"authorization", secretText},
	{"cookie", secretText},
	{"cookies", secretText},
	{"credential", secretText},
	{"credentials", secretText},
}

// keyKinds are what makes a key a secret one: api_key, and not sort_key.
var keyKinds = []string{
	"api", "secret", "access", "private", "signing", "encryption", "master", "account", "shared", "auth", "session", "subscription",
	"hmac", "ssh", "servicerole", "storage",
}

// tokenPlaces are tokens that say where to go on, or are words of a language model's text, and open nothing.
var tokenPlaces = []string{
	"page", "paging", "pagination", "next", "previous", "prev", "continuation", "sync", "cursor", "start", "starting", "end", "delta",
	"skip", "resume", "resumption", "iterator", "max", "min", "per", "stop", "eos", "bos", "pad", "unk", "sep", "cls", "special",
	"cancellation", "idempotency", "first", "last",
}

// tokensOf are tokens that open something, where there are several: tokens are counted more often than not.
var tokensOf = []string{"access", "refresh", "auth", "bearer", "api"}

func classOf(plain string) nameClass {
	if class, ok := whole[plain]; ok {
		return class
	}
	for _, e := range endings {
		if strings.HasSuffix(plain, e.text) {
			return e.class
		}
	}
	singular := strings.TrimSuffix(plain, "s")
	if kind, ok := strings.CutSuffix(singular, "key"); ok && endsInOne(kind, keyKinds) {
		if singular != plain {
			return secretText // several
		}
		return secretAny
	}
	if kind, ok := strings.CutSuffix(plain, "token"); ok && !endsInOne(kind, tokenPlaces) {
		return secretText
	}
	if kind, ok := strings.CutSuffix(plain, "tokens"); ok && endsInOne(kind, tokensOf) {
		return secretText
	}
	return notSecret
}

func endsInOne(text string, endings []string) bool {
	for _, e := range endings {
		if strings.HasSuffix(text, e) {
			return true
		}
	}
	return false
}

// isPairValue and isPairName know the members of objects that are a name and a value.
func isPairValue(key []byte) bool {
	return (len(key) == 5 || len(key) == 6) && key[0]|0x20 == 'v' && isValue(key)
}

func isValue(key []byte) bool {
	return bytes.EqualFold(key, []byte("value")) || bytes.EqualFold(key, []byte("values"))
}

func isPairName(key []byte) bool {
	switch len(key) {
	case 3, 4, 5, 6:
		return bytes.EqualFold(key, []byte("name")) || bytes.EqualFold(key, []byte("key")) || bytes.EqualFold(key, []byte("header")) || bytes.EqualFold(key, []byte("field"))
	}
	return false
}

// isHeader says that a string of an array names a header that holds a secret: ["Authorization", "…", "Accept", "…"].
func isHeader(value []byte) bool {
	if len(value) < shortestName+2 || value[0] != '"' {
		return false
	}
	name := value[1 : len(value)-1]
	return isHeaderName(name) && classify(name) != notSecret
}

// isHeaderName says that a name is that of a header and not of anything else.
func isHeaderName(name []byte) bool {
	return bytes.IndexByte(name, '-') > 0 || bytes.EqualFold(name, []byte("authorization")) || bytes.EqualFold(name, []byte("cookie"))
}
