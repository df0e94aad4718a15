package redact

import (
	"bytes"

	"logferry/internal/record/span"
)

// maxDepth is how deep JSON texts in strings of JSON texts are gone into. What stands deeper is masked whole: nothing says what is in it.
const maxDepth = 8

// string goes over the string from i up to end, quotes included. A JSON text in it is gone over as if it stood there itself: that is
// how many clients log a payload.
func (w *walker) string(i, end int, escaped bool, f frame) {
	if end-i < 2 {
		return
	}
	content, u := w.text[i+1:end-1], (*unescaped)(nil)
	if escaped {
		w.inside.read(content)
		content, u = w.inside.content, &w.inside
	}
	if begins(content) {
		switch {
		case span.Validate(content) != nil:
			if !f.empty() && looksCut(content) {
				w.mask(i, end)
				return
			}
		case w.depth == maxDepth:
			w.mask(i, end)
			return
		default:
			w.nested(i+1, content, u, f)
			return
		}
	}
	if w.r.secrets {
		w.scan(i+1, content, u)
	}
}

// content is that of a string, and where its parts stand; nil where they stand just there.
func (w *walker) content(i, end int) ([]byte, *unescaped) {
	inside := w.text[i+1 : end-1]
	if bytes.IndexByte(inside, '\\') < 0 {
		return inside, nil
	}
	w.inside.read(inside)
	return w.inside.content, &w.inside
}

func (w *walker) mask(i, end int) { w.replace(i, end, maskedValue) }

// begins says that a text may be an object or an array.
func begins(content []byte) bool {
	i := skipSpace(content, 0)
	return i < len(content) && (content[i] == '{' || content[i] == '[')
}

// looksCut says that a text which is no JSON begins like one: cut off, most likely.
func looksCut(content []byte) bool {
	i := skipSpace(content, 0)
	k := skipSpace(content, i+1)
	if k >= len(content) {
		return false
	}
	return content[k] == '"' || content[i] == '[' && (content[k] == '{' || content[k] == '[')
}

// nested goes over a JSON text that is the content of a string whose inside begins at base.
func (w *walker) nested(base int, content []byte, u *unescaped, f frame) {
	if w.deeper == nil {
		w.deeper = &walker{r: w.r}
	}
	d := w.deeper
	d.reset(content)
	d.depth = w.depth + 1
	d.states = append(d.states, w.states[f.lo:f.hi]...)
	d.value(skipSpace(content, 0), frame{0, len(d.states)}, false)
	for _, e := range d.edits {
		if u != nil {
			from := u.raw(e.from)
			w.edits = append(w.edits, edit{base + from, base + u.raw(e.to), inString(e.with)})
			continue
		}
		w.edits = append(w.edits, edit{base + e.from, base + e.to, inString(e.with)})
	}
	d.reset(nil)
}

// scanName looks for secrets in the name from i up to end, quotes included.
func (w *walker) scanName(i, end int) {
	content, u := w.content(i, end)
	w.scan(i+1, content, u)
}

// scanPlain looks for secrets in a part of a text that is no JSON.
func (w *walker) scanPlain(i, end int) { w.scan(i, w.text[i:end], nil) }

// scan looks for secrets in a content whose first byte is at base.
func (w *walker) scan(base int, content []byte, u *unescaped) {
	if len(content) < shortestSecret {
		return
	}
	w.found = findSecrets(content, w.found[:0])
	for _, c := range w.found {
		from, to := c.from, c.to
		if u != nil {
			from = u.raw(from)
			to = u.raw(to)
		}
		w.replace(base+from, base+to, Masked)
	}
}

// cut is a part of a text that is secret.
type cut struct{ from, to int }

// maskSecret masks the value at i as one of a class, and returns the index behind it. Where the class has no such values masked is
// false.
func (w *walker) maskSecret(i int, class nameClass) (end int, masked bool) {
	if i >= len(w.text) {
		return i, false
	}
	end = w.end(i)
	switch c := w.text[i]; {
	case c == '"':
		if inside := w.text[i+1 : max(end-1, i+1)]; len(inside) == 0 || string(inside) == Masked {
			return end, true
		}
	case c == '{' || c == '[':
		if class == secretString || empty(w.text[i:end]) {
			return i, false
		}
	case span.IsNumber(w.text[i:end]):
		if class != secretAny {
			return i, false
		}
	default:
		return i, false
	}
	w.mask(i, end)
	return end, true
}

// empty says that an object or array has nothing in it.
func empty(value []byte) bool { return skipSpace(value, 1) == len(value)-1 }

// pairName is the class of the name in an object such as {"name": "Authorization", "value": "…"}, as lists of headers and variables
// have them. Only what stands before the first object or array in it is looked at.
func (w *walker) pairName(object int) nameClass {
	class := notSecret
	for i := object + 1; ; {
		at, name, key, ok := w.name(i)
		if !ok {
			return class
		}
		i = w.colon(at + len(name))
		if i >= len(w.text) || w.text[i] == '{' || w.text[i] == '[' {
			return class
		}
		end := w.end(i)
		if w.text[i] == '"' && isPairName(key) && class == notSecret {
			content, _ := w.content(i, end)
			class = classify(content)
		}
		i = end
	}
}
