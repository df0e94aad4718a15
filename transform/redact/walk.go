package redact

import (
	"bytes"

	"logferry/internal/record"
	"logferry/internal/record/span"
)

// walker goes once over a text of JSON and collects edits. It is for one text at a time.
type walker struct {
	r     *Redactor
	text  []byte
	edits []edit
	// states are what the rules have come to, as a stack: those of the value at hand on top of those of what it stands in.
	states  []state
	lengths []arrayLength // of the text's arrays, once one was asked for
	counted bool
	depth   int // JSON texts in strings that this one stands in
	inside  unescaped
	found   []cut
	deeper  *walker // for a JSON text in a string
}

// state says that the segments of a rule from one on are still to be gone.
type state struct{ rule, segment int }

// frame is the states of one value: those of the stack from lo up to hi.
type frame struct{ lo, hi int }

func (f frame) empty() bool { return f.lo == f.hi }

// keep is how much memory a walker keeps between texts, in bytes of a string.
const keep = 1 << 20

func (w *walker) reset(text []byte) {
	clear(w.edits) // which hold parts of texts
	w.text, w.edits, w.states, w.found, w.counted, w.depth = text, w.edits[:0], w.states[:0], w.found[:0], false, 0
	if cap(w.inside.content) > keep {
		w.inside = unescaped{}
	}
	if cap(w.lengths) > keep/16 {
		w.lengths = nil
	}
}

// begin is the frame of the record itself.
func (w *walker) begin() frame {
	for i := range w.r.rules {
		w.states = append(w.states, state{rule: i})
	}
	return frame{0, len(w.states)}
}

// replace notes an edit.
func (w *walker) replace(from, to int, with string) {
	w.edits = append(w.edits, edit{from, to, with})
}

// end returns the index behind the value at i.
func (w *walker) end(i int) int {
	switch w.text[i] {
	case '"':
		end, _ := w.stringEnd(i)
		return end
	case '{', '[':
		return i + len(span.First(w.text[i:]))
	}
	for i < len(w.text) && !delimiters[w.text[i]] {
		i++
	}
	return i
}

// delimiters end a number, true, false and null.
var delimiters = [256]bool{',': true, '}': true, ']': true, ' ': true, '\n': true, '\t': true, '\r': true}

// stringEnd returns the index behind the string at i, and whether it holds an escape.
func (w *walker) stringEnd(i int) (end int, escaped bool) {
	n := bytes.IndexByte(w.text[i+1:], '"')
	if n < 0 {
		return len(w.text), false
	}
	if bytes.IndexByte(w.text[i+1:i+1+n], '\\') < 0 {
		return i + n + 2, false
	}
	return i + len(span.First(w.text[i:])), true
}

// value goes over the value at i and returns the index behind it. top says that it is the record itself.
func (w *walker) value(i int, f frame, top bool) int {
	if i >= len(w.text) {
		return i
	}
	if f.empty() && !w.r.secrets {
		return w.end(i)
	}
	switch w.text[i] {
	case '{':
		return w.object(i, f, top)
	case '[':
		return w.array(i, f)
	case '"':
		end, escaped := w.stringEnd(i)
		w.string(i, end, escaped, f)
		return end
	}
	return w.end(i)
}

// object is value for an object.
func (w *walker) object(i int, f frame, top bool) int {
	start := i
	behind := i + 1 // the last member or, before the first, the brace
	kept, dropped := false, false
	pair := pairUnknown
	for {
		at, name, key, ok := w.name(behind)
		if !ok {
			return at
		}
		if i = w.colon(at + len(name)); i >= len(w.text) {
			return i
		}
		if top && w.stays(key, i) {
			w.keepMember(behind, at, &kept, dropped)
			behind = w.end(i)
			continue
		}
		var hit *rule
		inner := frame{len(w.states), len(w.states)}
		if !f.empty() {
			hit, inner = w.enter(f, child{name: key, member: true})
		}
		if hit != nil && hit.action == Drop {
			end := w.end(i)
			w.replace(behind, end, "")
			dropped, behind = true, end
			w.leave(inner)
			continue
		}
		w.keepMember(behind, at, &kept, dropped)
		if w.r.secrets && len(name) >= shortestInName {
			w.scanName(at, at+len(name))
		}
		masked := false
		switch {
		case hit != nil:
			behind, masked = w.put(i, hit), true
		case w.r.secrets && (mayName(key) || isPairValue(key)):
			behind, masked = w.hide(start, key, i, &pair)
		}
		if !masked {
			behind = w.value(i, inner, false)
		}
		w.leave(inner)
	}
}

// keepMember takes the comma away that stood between a member and dropped ones before it, where it becomes the first.
func (w *walker) keepMember(behind, at int, kept *bool, dropped bool) {
	if dropped && !*kept {
		w.replace(behind, at, "")
	}
	*kept = true
}

// name finds the next name of an object, quotes included, and its key with the escapes resolved. Where there is none, at is the
// index behind the object.
func (w *walker) name(i int) (at int, name, key []byte, ok bool) {
	if i = w.comma(i); i >= len(w.text) || w.text[i] != '"' {
		return min(i+1, len(w.text)), nil, nil, false
	}
	end := i + 1
	for end < len(w.text) && w.text[end] != '"' && w.text[end] != '\\' {
		end++
	}
	if end < len(w.text) && w.text[end] == '"' {
		return i, w.text[i : end+1], w.text[i+1 : end], true
	}
	name = w.text[i:w.end(i)]
	if len(name) < 2 {
		return len(w.text), nil, nil, false
	}
	key = name[1 : len(name)-1]
	if bytes.IndexByte(key, '\\') >= 0 {
		m := span.Members(append(append([]byte{'{'}, name...), ':', '0', '}'))
		m.Next()
		key = m.Key()
	}
	return i, name, key, true
}

// hide masks the value at i where the name of its member says that it is a secret, or that of a pair whose value it is, and returns
// the index behind it. pair is the class of that, once somebody looked.
func (w *walker) hide(object int, key []byte, i int, pair *nameClass) (end int, masked bool) {
	class := classify(key)
	if class == notSecret && isPairValue(key) {
		if *pair == pairUnknown {
			*pair = w.pairName(object)
		}
		class = *pair
	}
	if class == notSecret {
		return i, false
	}
	return w.maskSecret(i, class)
}

// stays says that the program works by a member of the record, whose value is at i.
func (w *walker) stays(key []byte, i int) bool {
	switch string(key) {
	case "id":
		return w.text[i] == '"'
	case "timestamp":
		_, _, err := record.ParseTimestamp(w.text[i:w.end(i)])
		return err == nil
	case "status":
		value := string(w.text[i:w.end(i)])
		return value == `"success"` || value == `"failed"`
	}
	return false
}

// maskedValue is Masked as a JSON value.
const maskedValue = `"` + Masked + `"`

// put puts in the place of the value at i what a rule makes of it, and returns the index behind the value.
func (w *walker) put(i int, by *rule) int {
	end := w.end(i)
	value := w.text[i:end]
	switch with := maskedValue; {
	case by.action == Hash && span.IsNull(value):
	case by.action == Hash:
		w.replace(i, end, `"`+by.digest(value)+`"`)
	case string(value) != with:
		w.replace(i, end, with)
	}
	return end
}

// enter returns the strictest rule that selects a child of a value, nil where none does, and the states of the child, which leave
// takes off the stack.
func (w *walker) enter(f frame, c child) (*rule, frame) {
	var hit *rule
	base := len(w.states)
	for k := f.lo; k < f.hi; k++ {
		s := w.states[k]
		r := &w.r.rules[s.rule]
		seg := &r.segments[s.segment]
		if seg.descendant {
			w.push(base, s)
		}
		if !seg.selects(c) {
			continue
		}
		switch {
		case s.segment+1 < len(r.segments):
			w.push(base, state{s.rule, s.segment + 1})
		case hit == nil || strictness(r.action) > strictness(hit.action):
			hit = r
		}
	}
	return hit, frame{base, len(w.states)}
}

func (w *walker) push(base int, s state) {
	for _, had := range w.states[base:] {
		if had == s {
			return
		}
	}
	w.states = append(w.states, s)
}

func (w *walker) leave(f frame) { w.states = w.states[:f.lo] }

// comma and colon return the index behind the one at i, if it is there, and behind the space around it.
func (w *walker) comma(i int) int { return past(w.text, i, ',') }

func (w *walker) colon(i int) int { return past(w.text, i, ':') }

func past(b []byte, i int, sign byte) int {
	if i+1 < len(b) && b[i] == sign && b[i+1] > ' ' {
		return i + 1
	}
	i = skipSpace(b, i)
	if i < len(b) && b[i] == sign {
		i = skipSpace(b, i+1)
	}
	return i
}
