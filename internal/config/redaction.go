package config

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
)

// minHashKey is how many bytes the key of a hash has at least: what it hides can be found by trying where the key can.
const minHashKey = 16

const keyForm = "${NAME}, the key of the HMAC, or a key_file"

// redactions decodes transform.redact.
func (d *decoder) redactions(list value) []Redaction {
	var out []Redaction
	for _, v := range list.list("redactions, each with a path and an action") {
		o := v.object()
		r := Redaction{Path: redactedPath(o.get("path"))}
		if a := o.get("action"); a.required("one of drop, mask, hash") {
			r.Action = choice(a, "", RedactDrop, RedactMask, RedactHash)
		}
		r.readKey(o.get("key"), o.get("key_file"))
		out = append(out, r)
	}
	return out
}

// readKey reads the key of a hash from one of two places.
func (r *Redaction) readKey(key, file value) {
	switch {
	case r.Action == "":
	case r.Action != RedactHash:
		for _, v := range []value{key, file} {
			if !v.absent() {
				v.failKey(&problem{"only the action hash has a key", "remove it"})
			}
		}
	case !key.absent() && !file.absent():
		file.failKey(&problem{"a second key, besides " + key.key, "remove one of the two"})
	case !file.absent():
		r.Key, r.File = file.secretFileLike(badHashKey)
	case key.required(keyForm):
		r.Key = key.secretLike(badHashKey)
	}
}

func badHashKey(text string) *problem {
	if p := badSecret(text); p != nil || len(text) >= minHashKey {
		return p
	}
	return &problem{"holds less than 16 bytes", "what a hash hides can be found by trying keys: `openssl rand -hex 32` makes one that can't be guessed"}
}

// keyID tells the keys of hashes apart without saying what they are; "" where there is none.
func (r *Redaction) keyID() string {
	if r.Key.IsZero() {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(r.Key.Reveal()))
	mac.Write([]byte("logferry key id"))
	return hex.EncodeToString(mac.Sum(nil))[:8]
}

// ownKeys are the members of a record that the program works by: it tells records apart by id, places them by timestamp, and
// knows by status which details are wanted.
var ownKeys = []string{"id", "timestamp", "status"}

// redactedPath reads the path of a redaction.
func redactedPath(v value) string {
	text := jsonPath(v)
	if text == "" {
		return ""
	}
	path, err := jsonpath.Parse(text)
	if err != nil {
		return "" // which jsonPath has reported
	}
	segments := path.Query().Segments()
	for _, s := range segments {
		if slices.ContainsFunc(s.Selectors(), isFilter) {
			v.fail(&problem{"a redaction can't have a filter (?)", "name the members: a copy of the value, as in a list entry, may lack what the filter asks for"})
			return ""
		}
	}
	switch {
	case len(segments) == 0:
		v.fail(&problem{"the whole record can't be redacted", "name what is to be taken out of it"})
		return ""
	case len(segments) > 1:
		return text
	}
	for _, sel := range segments[0].Selectors() {
		name, named := sel.(spec.Name)
		_, all := sel.(spec.WildcardSelector)
		own := named && slices.Contains(ownKeys, string(name))
		switch {
		case own && !segments[0].IsDescendant():
			v.fail(&problem{"id, timestamp and status of a record can't be redacted", "the export tells records apart by them, and files them by them"})
			return ""
		case own || all:
			v.d.report(Warning, v.at, v.key, &problem{"id, timestamp and status of the record itself stay as they are", "the export tells records apart by them, and files them by them"})
			return text
		}
	}
	return text
}

func isFilter(s spec.Selector) bool {
	_, is := s.(*spec.FilterSelector)
	return is
}
