package config

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// scalar is one scalar value with the environment put in.
type scalar struct {
	text string
	tag  string // !!str, !!int, !!float, !!bool or !!timestamp; "" where the environment is part of it: its text decides
}

// fromEnvironment says that messages may not show the text.
func (s scalar) fromEnvironment() bool { return s.tag == "" }

func (s scalar) is(tags ...string) bool {
	if s.fromEnvironment() {
		return true
	}
	for _, t := range tags {
		if s.tag == t {
			return true
		}
	}
	return false
}

// scalar takes the value for a scalar, or reports why it is none.
func (v value) scalar(want string) (scalar, bool) {
	if v.node.Kind != yaml.ScalarNode || v.null() {
		v.fail(mismatch(want, v.found()))
		return scalar{}, false
	}
	tag := v.node.ShortTag()
	switch tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp":
	default:
		p := mismatch(want, "a value with the tag "+tag)
		if !strings.HasPrefix(tag, "!!") {
			p.hint = "a value that begins with ! is written in quotes"
		}
		v.fail(p)
		return scalar{}, false
	}
	text, ok := v.expanded(expand(v.d.marks.undo(v.node.Value), v.d.opts.Env))
	if len(v.d.origins[v.key].Variables) > 0 {
		tag = ""
	}
	return scalar{text, tag}, ok
}

// expanded takes the value's text, or a part of it, with the environment put in, and records what of that there is.
func (v value) expanded(x expansion, p *problem) (string, bool) {
	if len(x.variables) > 0 {
		o := v.d.origins[v.key]
		o.Kind, o.Variables = FromEnvironment, append(o.Variables, x.variables...)
		v.d.origins[v.key] = o
	}
	if p == nil && strings.ContainsFunc(x.text, unfit) {
		p = &problem{"the text holds a control character", ""}
	}
	if p == nil && !utf8.ValidString(x.text) { // by an escape in a filter's quotes, or from a command line
		p = &problem{"the text is not UTF-8", ""}
	}
	if p != nil {
		v.fail(p)
		return "", false
	}
	return x.text, true
}

// unfit says that the code point has no business in a value: controls, line breaks of any kind, and what YAML can't hold.
func unfit(r rune) bool {
	return unprintable(r) || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// read returns the value as parse understands it, or the default where it is absent. Where parse has no words of its own
// for what is wrong (it returns errMismatch), want says what was expected.
func read[T any](v value, otherwise T, want string, parse func(scalar) (T, *problem)) T {
	if v.absent() {
		return otherwise
	}
	s, ok := v.scalar(want)
	if !ok {
		return otherwise
	}
	out, p := parse(s)
	if p == nil {
		return out
	}
	if p.summary == "" {
		p = &problem{mismatch(want, v.found()).summary, p.hint}
	}
	v.fail(p)
	return otherwise
}

// unexpected is the problem that read words.
func unexpected(hint string) *problem { return &problem{hint: hint} }

// parseText takes text only: a number must be quoted, lest 007 and 7 be the same.
func parseText(s scalar) (string, *problem) {
	switch {
	case !s.is("!!str"):
		return "", unexpected("write it in quotes")
	case s.text == "":
		return "", unexpected("")
	}
	return s.text, nil
}

func parseBool(s scalar) (bool, *problem) {
	switch {
	case s.is("!!bool") && strings.EqualFold(s.text, "true"):
		return true, nil
	case s.is("!!bool") && strings.EqualFold(s.text, "false"):
		return false, nil
	}
	return false, unexpected("")
}

// parseCount takes auto or a whole number within the bounds.
func parseCount(from, to int) func(scalar) (Count, *problem) {
	return func(s scalar) (Count, *problem) {
		if s.text == "auto" {
			return Auto, nil
		}
		n, err := strconv.Atoi(s.text)
		if err != nil || !s.is("!!int") || n < from || n > to {
			return 0, unexpected("")
		}
		return Count(n), nil
	}
}

// choice reads one of a few words.
func choice[T ~string](v value, otherwise T, words ...T) T {
	plain := make([]string, len(words))
	for k, w := range words {
		plain[k] = string(w)
	}
	return read(v, otherwise, "one of "+strings.Join(plain, ", "), func(s scalar) (T, *problem) {
		for k, w := range plain {
			if s.text == w && s.is("!!str") {
				return words[k], nil
			}
		}
		if s.fromEnvironment() {
			return otherwise, unexpected("") // a suggestion would give away what the environment holds
		}
		return otherwise, unexpected(didYouMean(s.text, plain))
	})
}

// name reads a text that matches the pattern.
func name(v value, pattern *regexp.Regexp, want string) string {
	if !v.required(want) {
		return ""
	}
	return read(v, "", want, func(s scalar) (string, *problem) {
		text, p := parseText(s)
		if p == nil && !pattern.MatchString(text) {
			p = unexpected("")
		}
		return text, p
	})
}
