package transform

import (
	"regexp"
	"strings"
	"sync"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/registry"
	"github.com/theory/jsonpath/spec"
)

// newParser returns a JSONPath parser with match and search (RFC 9535, 2.4.6 and 2.4.7) of our own. Those of
// theory/jsonpath v0.11.0 dereference nil where an argument selects nothing, anchor the first and the last alternative
// only, and compile the pattern anew for every node, which takes milliseconds where it holds a dot.
func newParser() *jsonpath.Parser {
	functions := registry.New()
	for name, m := range map[string]*matcher{"match": {before: `\A(?:`, behind: `)\z`}, "search": {}} {
		function := functions.Get(name)
		original := *function
		*function = *spec.Extension(name, spec.FuncLogical, original.Validate, m.evaluate)
	}
	return jsonpath.NewParser(jsonpath.WithRegistry(functions))
}

// matcher compares strings with patterns. It is safe for concurrent use.
type matcher struct {
	before, behind string

	mu       sync.Mutex
	compiled map[string]*regexp.Regexp // nil for what is no pattern
}

// maxPatterns bounds what a query keeps whose patterns come out of the records.
const maxPatterns = 256

// evaluate is false unless both arguments are strings and the second is a pattern that the first matches.
func (m *matcher) evaluate(args []spec.PathValue) spec.PathValue {
	var texts [2]string
	for i, arg := range args {
		value := spec.ValueFrom(arg)
		if value == nil {
			return spec.LogicalFalse
		}
		text, ok := value.Value().(string)
		if !ok {
			return spec.LogicalFalse
		}
		texts[i] = text
	}
	expression := m.expression(texts[1])
	return spec.Logical(expression != nil && expression.MatchString(texts[0]))
}

func (m *matcher) expression(pattern string) *regexp.Regexp {
	m.mu.Lock()
	defer m.mu.Unlock()
	if expression, ok := m.compiled[pattern]; ok {
		return expression
	}
	if m.compiled == nil || len(m.compiled) >= maxPatterns {
		m.compiled = map[string]*regexp.Regexp{}
	}
	expression, err := regexp.Compile(m.before + dots(pattern) + m.behind)
	if err != nil {
		expression = nil
	}
	m.compiled[pattern] = expression
	return expression
}

// dots writes the dots of an I-Regexp as RFC 9485 (5.4) says: as [^\n\r], unless they are escaped or in a class.
func dots(pattern string) string {
	var out strings.Builder
	class := false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			out.WriteByte(c)
			i++
		case c == '[' || c == ']':
			class = c == '['
		case c == '.' && !class:
			out.WriteString(`[^\n\r]`)
			continue
		}
		out.WriteByte(pattern[i])
	}
	return out.String()
}
