package redact

import (
	"errors"
	"fmt"
	"math"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
)

// RuleError says what is wrong with a rule.
type RuleError struct {
	Index int // the rule's place in Options.Rules
	Path  string
	Err   error
}

func (e *RuleError) Error() string {
	return fmt.Sprintf("redaction of %q (number %d): %v", e.Path, e.Index+1, e.Err)
}

// Unwrap returns the cause.
func (e *RuleError) Unwrap() error { return e.Err }

// rule is a compiled Rule.
type rule struct {
	segments []segment
	action   Action
	key      []byte
}

// segment goes from a value to some of its members or elements, or from there on down.
type segment struct {
	descendant bool
	selectors  []selector
}

// selector says which members or elements are meant. One of its fields is set.
type selector struct {
	all   bool
	name  *string
	index *int // from the end where negative
	slice *spec.SliceSelector
}

func compile(declared Rule) (rule, error) {
	switch declared.Action {
	case Drop, Mask, Hash:
	default:
		return rule{}, fmt.Errorf("no action %q: use drop, mask or hash", string(declared.Action))
	}
	if (declared.Action == Hash) != (len(declared.Key) > 0) {
		return rule{}, errors.New("the action hash needs a key, and no other has one")
	}
	path, err := jsonpath.Parse(declared.Path)
	if err != nil {
		return rule{}, fmt.Errorf("no JSONPath (RFC 9535): %w", err)
	}
	out := rule{action: declared.Action, key: declared.Key}
	for _, s := range path.Query().Segments() {
		seg := segment{descendant: s.IsDescendant()}
		for _, sel := range s.Selectors() {
			compiled, err := compileSelector(sel)
			if err != nil {
				return rule{}, err
			}
			seg.selectors = append(seg.selectors, compiled)
		}
		out.segments = append(out.segments, seg)
	}
	if len(out.segments) == 0 {
		return rule{}, errors.New("the path selects the whole record")
	}
	return out, nil
}

func compileSelector(sel spec.Selector) (selector, error) {
	switch s := sel.(type) {
	case spec.Name:
		name := string(s)
		return selector{name: &name}, nil
	case spec.Index:
		index := int(s)
		return selector{index: &index}, nil
	case spec.SliceSelector:
		return selector{slice: &s}, nil
	case spec.WildcardSelector:
		return selector{all: true}, nil
	}
	return selector{}, errors.New("a path with a filter (?) can't be redacted: name the members")
}

// needsLengths says that it depends on an array's length which of its elements are meant.
func (r *rule) needsLengths() bool {
	for _, seg := range r.segments {
		for _, s := range seg.selectors {
			if s.index != nil && *s.index < 0 || s.slice != nil && !fromStart(s.slice) {
				return true
			}
		}
	}
	return false
}

func fromStart(s *spec.SliceSelector) bool { return s.Start() >= 0 && s.End() >= 0 && s.Step() > 0 }

// child is a member, which has a name, or an element, which has none.
type child struct {
	name   []byte
	index  int
	length int // of the array; only where a rule needs it
	member bool
}

func (s *segment) selects(c child) bool {
	for i := range s.selectors {
		if s.selectors[i].selects(c) {
			return true
		}
	}
	return false
}

func (s *selector) selects(c child) bool {
	switch {
	case s.all:
		return true
	case s.name != nil:
		return c.member && string(c.name) == *s.name
	case c.member:
		return false
	case s.index != nil && *s.index < 0:
		return c.index == *s.index+c.length
	case s.index != nil:
		return c.index == *s.index
	}
	length := c.length
	if fromStart(s.slice) {
		length = math.MaxInt
	}
	lower, upper := s.slice.Bounds(length)
	switch step := s.slice.Step(); {
	case step > 0:
		return lower <= c.index && c.index < upper && (c.index-lower)%step == 0
	case step < 0:
		return lower < c.index && c.index <= upper && (upper-c.index)%-step == 0
	}
	return false
}

// strictness orders actions.
func strictness(a Action) int {
	switch a {
	case Drop:
		return 3
	case Mask:
		return 2
	case Hash:
		return 1
	}
	return 0
}
