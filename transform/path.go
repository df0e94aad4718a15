package transform

import (
	"errors"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"

	"logferry/internal/record/span"
)

// step goes from a value to one of its members, or to one of its elements where name is nil.
type step struct {
	name  []byte
	index int // from the end where negative
}

var errSeveral = errors.New("the query may select more than one node")

// singular returns the steps of a query that selects one node at most (RFC 9535, 2.3.5.1).
func singular(path *jsonpath.Path) ([]step, error) {
	steps := []step{}
	for _, segment := range path.Query().Segments() {
		if segment.IsDescendant() || len(segment.Selectors()) != 1 {
			return nil, errSeveral
		}
		switch s := segment.Selectors()[0].(type) {
		case spec.Name:
			steps = append(steps, step{name: append([]byte{}, s...)})
		case spec.Index:
			steps = append(steps, step{index: int(s)})
		default:
			return nil, errSeveral
		}
	}
	return steps, nil
}

// walk follows steps from the record's top level, without decoding anything. It returns nil where they lead nowhere.
func (f *Flattener) walk(steps []step) []byte {
	if len(steps) == 0 {
		return f.merged()
	}
	if steps[0].name == nil {
		return nil
	}
	value := []byte(nil)
	if at, ok := fieldOf(steps[0].name); ok {
		value = f.rec.known[at]
	} else {
		value = f.unknown(steps[0].name)
	}
	return follow(value, steps[1:])
}

// unknown returns the value of a top-level field that has no column.
func (f *Flattener) unknown(key []byte) []byte {
	if value := memberOf(f.text, key); !span.IsNull(value) {
		return value
	}
	if at := f.rec.last(key); at >= 0 {
		return f.rec.rest[at].value
	}
	return nil
}

func follow(value []byte, steps []step) []byte {
	for _, s := range steps {
		if value == nil {
			return nil
		}
		if s.name != nil {
			value = memberOf(value, s.name)
		} else {
			value = elementOf(value, s.index)
		}
	}
	return value
}

func elementOf(array []byte, index int) []byte {
	if index < 0 {
		length := 0
		for e := span.Elements(array); e.Next(); {
			length++
		}
		if index += length; index < 0 {
			return nil
		}
	}
	for e := span.Elements(array); e.Next(); index-- {
		if index == 0 {
			return e.Value
		}
	}
	return nil
}

// merged returns the record as one text: the detail, with what only the list entry has behind its own members.
func (f *Flattener) merged() []byte {
	if len(f.added) == 0 {
		return f.text
	}
	return f.join(f.text, f.added)
}
