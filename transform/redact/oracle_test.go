package redact

import (
	"bytes"
	"math"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"

	"logferry/internal/record"
	"logferry/internal/record/span"
)

// tree is a decoded value, made by the library's decoder: of objects and arrays what is in them, in order and repeated names included,
// of everything else the exact text.
type tree struct {
	kind   byte // { [ " 0 t f n
	text   string
	names  []string // as they stand in the text, with quotes
	values []*tree
	inner  *tree // of a string that holds an object or array
}

func decodeTree(text []byte) *tree {
	d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return readTree(d)
}

func readTree(d *jsontext.Decoder) *tree {
	switch kind := d.PeekKind(); kind {
	case '{', '[':
		t := &tree{kind: byte(kind)}
		_, _ = d.ReadToken()
		for d.PeekKind() != kind+2 {
			if kind == '{' {
				name, _ := d.ReadValue()
				t.names = append(t.names, string(name))
			}
			t.values = append(t.values, readTree(d))
		}
		_, _ = d.ReadToken()
		return t
	default:
		value, err := d.ReadValue()
		if err != nil {
			panic(err)
		}
		t := &tree{kind: byte(kind), text: string(value)}
		if content, ok := contentOf(value); ok && kind == '"' && begins(content) && span.Validate(content) == nil {
			t.inner = decodeTree(content)
		}
		return t
	}
}

// contentOf is the library's reading of a string; false where that is no valid Unicode.
func contentOf(value []byte) ([]byte, bool) {
	content, err := jsontext.AppendUnquote(nil, value)
	return content, err == nil
}

func (t *tree) String() string {
	switch {
	case t == nil:
		return "?"
	case t.inner != nil:
		return "string of " + t.inner.String()
	case t.kind != '{' && t.kind != '[':
		return t.text
	}
	parts := make([]string, len(t.values))
	for i, v := range t.values {
		parts[i] = v.String()
		if t.kind == '{' {
			parts[i] = t.names[i] + ":" + parts[i]
		}
	}
	return string(t.kind) + strings.Join(parts, ",") + string(t.kind+2)
}

// oracle carries rules out on a tree, one after the other as their words say.
type oracle struct {
	hits map[*tree]Rule
}

// expected is what is to become of a record.
func expected(text []byte, rules []Rule) string {
	root := decodeTree(text)
	o := oracle{hits: map[*tree]Rule{}}
	for _, r := range rules {
		path := jsonpath.MustParse(r.Path)
		for _, n := range o.walk([]*tree{root}, path.Query().Segments()) {
			if had, ok := o.hits[n]; !ok || rank(r.Action) < rank(had.Action) {
				o.hits[n] = r
			}
		}
	}
	spare(root, o.hits)
	return o.carryOut(root).String()
}

func rank(a Action) int { return slices.Index([]Action{Drop, Mask, Hash}, a) }

// spare takes back what would concern the record's own keys, and whatever stands in them.
func spare(root *tree, hits map[*tree]Rule) {
	for i, v := range root.values {
		if root.kind != '{' {
			return
		}
		key, _ := contentOf([]byte(root.names[i]))
		_, _, err := record.ParseTimestamp([]byte(v.text))
		switch {
		case string(key) == "id" && v.kind == '"', string(key) == "timestamp" && v.text != "" && err == nil, string(key) == "status" && (v.text == `"success"` || v.text == `"failed"`):
			for _, n := range append(v.all(), v) {
				delete(hits, n)
			}
		}
	}
}

// in is the value that a path goes on in: that of a JSON text in a string too.
func (t *tree) in() *tree {
	for t.inner != nil {
		t = t.inner
	}
	return t
}

// all is everything below a value.
func (t *tree) all() (out []*tree) {
	for _, v := range t.in().values {
		out = append(append(out, v), v.all()...)
	}
	return out
}

func (o *oracle) walk(from []*tree, segments []*spec.Segment) []*tree {
	for _, s := range segments {
		var to []*tree
		for _, n := range from {
			places := []*tree{n}
			if s.IsDescendant() {
				places = append(places, n.all()...)
			}
			for _, p := range places {
				to = append(to, children(p.in(), s.Selectors())...)
			}
		}
		from = to
	}
	return from
}

func children(t *tree, selectors []spec.Selector) (out []*tree) {
	for i, v := range t.values {
		for _, s := range selectors {
			if selected(t, i, s) {
				out = append(out, v)
				break
			}
		}
	}
	return out
}

func selected(t *tree, i int, s spec.Selector) bool {
	switch s := s.(type) {
	case spec.WildcardSelector:
		return true
	case spec.Name:
		if t.kind != '{' {
			return false
		}
		key, ok := contentOf([]byte(t.names[i]))
		if !ok {
			key = []byte(t.names[i][1 : len(t.names[i])-1])
		}
		return string(key) == string(s)
	case spec.Index:
		return t.kind == '[' && (int(s) == i || int(s)+len(t.values) == i)
	case spec.SliceSelector:
		if t.kind != '[' {
			return false
		}
		return slices.Contains(sliced(s, len(t.values)), i)
	}
	return false
}

// sliced are the indexes that a slice means, by RFC 9535, 2.3.4.2.2.
func sliced(s spec.SliceSelector, length int) (out []int) {
	place := func(i int) int {
		if i < 0 && i != math.MinInt {
			return i + length
		}
		return i
	}
	start, end := place(s.Start()), place(s.End())
	for i := range length {
		k := i
		if s.Step() < 0 {
			k = length - 1 - i
		}
		from := max(start, 0)
		if s.Step() < 0 {
			from = min(start, length-1)
		}
		distance := k - from
		if s.Step() < 0 {
			distance = -distance
		}
		if s.Step() == 0 || distance < 0 || distance%max(s.Step(), -s.Step()) != 0 || s.Step() > 0 && k >= end || s.Step() < 0 && k <= end {
			continue
		}
		out = append(out, k)
	}
	return out
}

func (o *oracle) carryOut(t *tree) *tree {
	if t.inner != nil {
		return &tree{kind: t.kind, inner: o.carryOut(t.inner)}
	}
	out := &tree{kind: t.kind, text: t.text}
	for i, v := range t.values {
		with := v
		switch rule, hit := o.hits[v]; {
		case !hit:
			with = o.carryOut(v)
		case rule.Action == Drop && t.kind == '{':
			continue
		case rule.Action == Drop:
			with = &tree{kind: 'n', text: "null"}
		case rule.Action == Mask:
			with = &tree{kind: '"', text: `"[redacted]"`}
		case v.kind != 'n':
			with = &tree{kind: '"', text: hashed(canonicalOf(v))}
		}
		if t.kind == '{' {
			out.names = append(out.names, t.names[i])
		}
		out.values = append(out.values, with)
	}
	return out
}

// canonicalOf is what is hashed of a value.
func canonicalOf(t *tree) string {
	if t.kind == '"' {
		if content, ok := contentOf([]byte(t.text)); ok {
			return string(content)
		}
		return t.text[1 : len(t.text)-1]
	}
	return t.plain()
}

// plain is the value's text without space.
func (t *tree) plain() string {
	if t.kind != '{' && t.kind != '[' {
		return t.text
	}
	parts := make([]string, len(t.values))
	for i, v := range t.values {
		parts[i] = v.plain()
		if t.kind == '{' {
			parts[i] = t.names[i] + ":" + parts[i]
		}
	}
	return string(t.kind) + strings.Join(parts, ",") + string(t.kind+2)
}
