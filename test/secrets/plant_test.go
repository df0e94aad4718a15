// Package secrets plants secrets in an API and looks whether any byte of what an export leaves behind has one of them: files, buckets,
// spool, quarantine, state, logs, machine output and traces.
package secrets

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf16"
)

// planted begins every planted value: one search finds all of them.
const planted = "Pl4nted"

// plants makes planted values of two kinds: those that rules name by path, and those that are known to be secrets. A kind that is not
// to be redacted is not planted.
type plants struct {
	rules, secrets bool
	made           map[string]bool
}

// ruled is a value that stands where a rule says.
func (p *plants) ruled(what string, i int) string { return p.make(p.rules, "R", what, i) }

// secret is a value that stands under a name, or in a form, that secrets have.
func (p *plants) secret(what string, i int) string { return p.make(p.secrets, "S", what, i) }

// token is a secret in a form of its own, so that it may stand anywhere.
func (p *plants) token(what string, i int) string {
	text := p.secret(what, i)
	return "ghp_" + text + strings.Repeat("0", max(0, 36-len(text)))
}

func (p *plants) make(active bool, kind, what string, i int) string {
	if !active {
		return fmt.Sprintf("plain%s%d", what, i)
	}
	text := fmt.Sprintf("%s%s%s%03d", planted, kind, what, i)
	p.made[text] = true
	return text
}

// escaped writes a text with an escape for each character.
func escaped(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, `\u%04x`, c)
	}
	return b.String()
}

// forms are what planted may have become on its way.
func forms() map[string][]byte {
	out := map[string][]byte{
		"plain": []byte(planted), "upper case": []byte(strings.ToUpper(planted)), "lower case": []byte(strings.ToLower(planted)),
		"escaped": []byte(escaped(planted)), "escaped in a string": []byte(strings.ReplaceAll(escaped(planted), `\`, `\\`)),
		"hexadecimal": []byte(hex.EncodeToString([]byte(planted))),
	}
	var little, big []byte
	for _, u := range utf16.Encode([]rune(planted)) {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	out["UTF-16LE"], out["UTF-16BE"] = little, big
	for shift := range 3 {
		// What stands before and behind it changes the outer characters.
		text := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + planted))
		first, last := (shift*8+5)/6, (shift+len(planted))*8/6
		out[fmt.Sprintf("base64 at %d", shift)] = []byte(text[first:last])
	}
	return out
}

// findPlanted returns the forms in which planted values, or their hashes without a key, are in some bytes.
func (p *plants) findPlanted(b []byte) (found []string) {
	for name, form := range forms() {
		if at := bytes.Index(b, form); at >= 0 {
			found = append(found, fmt.Sprintf("%s: %q", name, b[max(at-60, 0):min(at+80, len(b))]))
		}
	}
	for text := range p.made {
		sum := sha256.Sum256([]byte(text))
		if bytes.Contains(b, []byte(hex.EncodeToString(sum[:]))) {
			found = append(found, "SHA-256 of "+text)
		}
	}
	return found
}
