// Package redact takes values out of log records, as declared by rules and by a list of well-known secrets, before anything of a
// record is written. docs/REDACTION.md says what it does to whom.
//
// A record is edited as text: what no rule and no secret concerns stays byte for byte.
package redact

import (
	"errors"
	"sync"

	"logferry/internal/record/span"
)

// Masked is what stands in the place of a masked value, of whatever type it was, and of the secret part of a text.
const Masked = "[redacted]"

// Action is what a rule does with a value.
type Action string

// The actions. Of several rules that select one value the strictest counts, in this order.
const (
	Drop Action = "drop" // removes a member; an element becomes null, so that the others keep their places
	Mask Action = "mask" // puts the string Masked in its place
	Hash Action = "hash" // puts HMAC-SHA-256 of its canonical text in its place, in small hexadecimal; null stays
)

// Rule is one declared redaction.
type Rule struct {
	// Path is a JSONPath (RFC 9535) into the record, without filters: a copy of a value, in a list entry, need not hold what a
	// filter asks for.
	Path   string
	Action Action
	Key    []byte // of the HMAC; with Hash only
}

// Options say what is redacted.
type Options struct {
	Rules   []Rule
	Secrets bool // well-known secrets, by the names of members and by what texts look like
}

// Redactor redacts. It is not changed and may be used concurrently. A nil Redactor changes nothing.
type Redactor struct {
	rules   []rule
	secrets bool
	lengths bool // a rule needs to know how long an array is
	walkers sync.Pool
}

// New returns a Redactor, nil where the options ask for nothing. The error joins one for each rule that is wrong, and shows no key.
func New(o Options) (*Redactor, error) {
	r := &Redactor{secrets: o.Secrets}
	var wrong []error
	for i, declared := range o.Rules {
		compiled, err := compile(declared)
		if err != nil {
			wrong = append(wrong, &RuleError{Index: i, Path: declared.Path, Err: err})
			continue
		}
		r.rules = append(r.rules, compiled)
		r.lengths = r.lengths || compiled.needsLengths()
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	if len(r.rules) == 0 && !r.secrets {
		return nil, nil
	}
	r.walkers.New = func() any { return &walker{r: r} }
	return r, nil
}

// HasRules says that there are rules, which can be applied to objects alone.
func (r *Redactor) HasRules() bool { return r != nil && len(r.rules) > 0 }

// Record returns a record without what is to be redacted: a list entry, a detail, or an object that was received in the place of
// one. text has to be valid JSON, as record.ParsePage and record.CheckDetail have made sure of. It is returned itself where
// nothing was to be done. A member id that is a string, a timestamp that can be read, and a status of success or failed stay at the
// top of it: the program works by them.
func (r *Redactor) Record(text []byte) []byte {
	if r == nil {
		return text
	}
	return r.rewrite(text, func(w *walker) { w.value(skipSpace(text, 0), w.begin(), true) })
}

// Text returns a text that is no record, such as an error message, without well-known secrets. Rules don't reach into it.
func (r *Redactor) Text(s string) string {
	if r == nil || !r.secrets {
		return s
	}
	text := []byte(s)
	out := r.rewrite(text, func(w *walker) {
		if span.Validate(text) == nil {
			w.value(skipSpace(text, 0), frame{}, false)
			return
		}
		w.scanPlain(0, len(text))
	})
	return string(out)
}

// rewrite applies the edits that a walk makes.
func (r *Redactor) rewrite(text []byte, walk func(*walker)) []byte {
	w := r.walkers.Get().(*walker)
	defer func() {
		w.reset(nil)
		r.walkers.Put(w)
	}()
	w.reset(text)
	walk(w)
	return apply(text, w.edits)
}
