package transform

import (
	"cmp"
	"encoding/json"
	"iter"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"

	"logferry/internal/record/span"
)

// Bounds of what queries that may select several nodes are applied to. What such a query costs grows with the depth of the record, and
// with its power where there are several descendant segments (`..`).
const (
	maxDepth     = 256     // of objects and arrays in one another
	stepsPerNode = 32      // of the record, that a query may take: in records of usual depth `..` takes as many as they are deep
	leastSteps   = 1 << 16 // that it may take besides, in any record
)

// node is a value of a document: as the library's filters take it, and its text.
type node struct {
	value    any
	text     []byte
	size     int // nodes, itself included
	members  map[string]*node
	elements []*node
}

// children are in no order.
func (n *node) children() iter.Seq[*node] {
	if n.members != nil {
		return maps.Values(n.members)
	}
	return slices.Values(n.elements)
}

// document is a record decoded for the queries that need it. The zero document is none.
type document struct {
	text []byte
	root *node // nil for a record of more than maxDepth levels
}

func newDocument(text []byte) document { return document{text: text, root: decode(text, maxDepth)} }

// find returns the exact texts of the nodes that a query selects, in the order of the text. A query that selects a node
// twice gets it twice. One that would take more than the record's size warrants finds nothing, and so does any in a record that is too
// deep.
func (d *document) find(query *jsonpath.Path) [][]byte {
	if d.root == nil {
		return nil
	}
	s := search{root: d.root.value, left: stepsPerNode*d.root.size + leastSteps, found: []*node{d.root}}
	for _, segment := range query.Query().Segments() {
		from := s.found
		s.found = nil
		for _, n := range from {
			s.segment(segment, n)
		}
	}
	if s.left < 0 {
		return nil
	}
	var texts [][]byte
	for _, n := range s.found {
		texts = append(texts, n.text)
	}
	// All nodes are slices of one text, so what is left of a slice's capacity says where in the text it begins.
	slices.SortStableFunc(texts, func(a, b []byte) int { return cmp.Compare(cap(b), cap(a)) })
	return texts
}

// search is one query on its way. The library would carry the path of each node along.
type search struct {
	root  any
	left  int // steps; negative once there were too many
	found []*node
}

// segment selects from a node, and where the segment is one of descendants from what is below it.
func (s *search) segment(of *spec.Segment, n *node) {
	if !s.step(1) {
		return
	}
	for _, selector := range of.Selectors() {
		s.selector(selector, n)
	}
	if of.IsDescendant() {
		for child := range n.children() {
			s.segment(of, child)
		}
	}
}

func (s *search) selector(of spec.Selector, n *node) {
	switch of := of.(type) {
	case spec.Name:
		if child, ok := n.members[string(of)]; ok {
			s.take(child)
		}
	case spec.Index:
		i := int(of)
		if i < 0 {
			i += len(n.elements)
		}
		if i >= 0 && i < len(n.elements) {
			s.take(n.elements[i])
		}
	case spec.SliceSelector:
		lower, upper := of.Bounds(len(n.elements))
		for i := lower; of.Step() > 0 && i < upper; i += of.Step() {
			s.take(n.elements[i])
		}
		for i := upper; of.Step() < 0 && i > lower; i += of.Step() {
			s.take(n.elements[i])
		}
	case spec.WildcardSelector:
		for child := range n.children() {
			s.take(child)
		}
	case *spec.FilterSelector:
		for child := range n.children() {
			// A filter may look at all that is below.
			if s.step(child.size) && of.Eval(child.value, s.root) {
				s.take(child)
			}
		}
	}
}

func (s *search) take(n *node) {
	if s.step(1) {
		s.found = append(s.found, n)
	}
}

// step says whether a step of so many may be taken.
func (s *search) step(n int) bool {
	if s.left >= 0 {
		s.left -= n
	}
	return s.left >= 0
}

// decode returns nil for a value of more than so many levels. Numbers keep their digits; of repeated names the last one counts.
func decode(value []byte, levels int) *node {
	n := &node{text: value, size: 1}
	switch value[0] {
	case '{', '[':
		if levels == 0 || !n.decodeChildren(levels-1) {
			return nil
		}
	case '"':
		// Where the text is no valid Unicode this gives U+FFFD, which only filters get to see.
		text, _ := jsontext.AppendUnquote(nil, value)
		n.value = string(text)
	case 't', 'f':
		n.value = value[0] == 't'
	case 'n':
	default:
		n.value = json.Number(value)
	}
	return n
}

// decodeChildren decodes what is in an object or an array.
func (n *node) decodeChildren(levels int) bool {
	if n.text[0] == '[' {
		array := []any{}
		for e := span.Elements(n.text); e.Next(); {
			child := decode(e.Value, levels)
			if child == nil {
				return false
			}
			n.size += child.size
			array, n.elements = append(array, child.value), append(n.elements, child)
		}
		n.value = array
		return true
	}
	object := map[string]any{}
	n.members = map[string]*node{}
	for m := span.Members(n.text); m.Next(); {
		child := decode(m.Value, levels)
		if child == nil {
			return false
		}
		n.size += child.size
		key := string(m.Key())
		object[key], n.members[key] = child.value, child
	}
	n.value = object
	return true
}
