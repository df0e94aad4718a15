package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// problem is what a Diagnostic says, without the place.
type problem struct{ summary, hint string }

// position is a place in the file, from 1; the zero position is none.
type position struct{ line, column int }

// decoder walks the nodes of one file along the vocabulary, and collects all that it finds.
type decoder struct {
	file    string
	opts    Options
	marks   protection
	diags   Diagnostics
	origins map[string]Origin
}

func (d *decoder) report(s Severity, at position, key string, p *problem) {
	d.diags = append(d.diags, Diagnostic{Severity: s, File: d.file, Line: at.line, Column: at.column, Key: key, Summary: p.summary, Hint: p.hint})
}

// failed says whether an error was reported at the key or below it.
func (d *decoder) failed(key string) bool {
	return slices.ContainsFunc(d.diags, func(f Diagnostic) bool {
		rest, under := strings.CutPrefix(f.Key, key)
		return f.Severity == Error && under && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// value is what stands at a key, or that nothing does.
type value struct {
	d    *decoder
	key  string
	at   position   // of the key; of what should hold it where it is absent
	node *yaml.Node // nil where absent; never an alias
	mute bool       // absent because its parent is no mapping, which was reported
}

func (d *decoder) value(key string, at position, node *yaml.Node) value {
	if node.Kind == yaml.AliasNode {
		node = node.Alias // an alias never names another alias
	}
	return value{d: d, key: key, at: at, node: node}
}

func (v value) absent() bool { return v.node == nil }

// null says that a key stands there with nothing after it.
func (v value) null() bool {
	return v.node != nil && v.node.Kind == yaml.ScalarNode && v.node.ShortTag() == "!!null"
}

// fail reports an error at the value.
func (v value) fail(p *problem) {
	at := v.at
	if v.node != nil {
		at = position{v.node.Line, v.node.Column}
	}
	v.d.report(Error, at, v.key, p)
}

// failKey reports an error at the key.
func (v value) failKey(p *problem) { v.d.report(Error, v.at, v.key, p) }

// required reports an absent value, and says whether there is one.
func (v value) required(want string) bool {
	if v.absent() && !v.mute {
		v.failKey(&problem{"missing", "expected " + want})
	}
	return !v.absent()
}

// object is a mapping whose keys were checked against the vocabulary.
type object struct {
	of     value
	fields map[string]value
	broken bool // not a mapping, which was reported
}

// object takes the value for a mapping. An absent value is an empty one, and so is a key with nothing after it: all
// lines below it may have been commented out.
func (v value) object() object {
	o := object{of: v, fields: make(map[string]value)}
	if v.absent() || v.null() {
		o.broken = v.mute
		return o
	}
	known := vocabulary[generic(v.key)]
	if v.node.Kind != yaml.MappingNode {
		v.fail(mismatch("a mapping with the keys "+strings.Join(known, ", "), v.found()))
		o.broken = true
		return o
	}
	first := make(map[string]position)
	for k := 0; k+1 < len(v.node.Content); k += 2 {
		keyNode := v.node.Content[k]
		at := position{keyNode.Line, keyNode.Column}
		name := v.d.marks.undo(keyNode.Value)
		switch before, twice := first[name]; {
		case keyNode.Kind != yaml.ScalarNode:
			v.d.report(Error, at, v.key, &problem{"a key must be plain text", "expected one of " + strings.Join(known, ", ")})
		case keyNode.ShortTag() == "!!merge":
			v.d.report(Error, at, v.key, &problem{"merge keys (<<) are not supported", "write the keys out, or reuse a whole value with an anchor (&) and an alias (*)"})
		case !slices.Contains(known, name):
			v.d.report(Error, at, join(v.key, name), unknownKey(v.key, name))
		case twice:
			v.d.report(Error, at, join(v.key, name), &problem{fmt.Sprintf("the key is there twice, first in line %d", before.line), "remove one of the two"})
		default:
			first[name] = at
			o.fields[name] = v.d.value(join(v.key, name), at, v.node.Content[k+1])
		}
	}
	return o
}

// get returns what stands at a key of the mapping, and records where it came from.
func (o object) get(name string) value {
	d := o.of.d
	if f, there := o.fields[name]; there {
		d.origins[f.key] = Origin{Kind: FromFile, File: d.file, Line: f.at.line, Column: f.at.column}
		return f
	}
	return value{d: d, key: join(o.of.key, name), at: o.of.at, mute: o.broken}
}

// list takes the value for a sequence. An absent value and a key with nothing after it are empty ones.
func (v value) list(of string) []value {
	if v.absent() || v.null() {
		return nil
	}
	if v.node.Kind != yaml.SequenceNode {
		v.fail(mismatch("a list of "+of, v.found()))
		return nil
	}
	out := make([]value, len(v.node.Content))
	for k, n := range v.node.Content {
		key := fmt.Sprintf("%s[%d]", v.key, k)
		out[k] = v.d.value(key, position{n.Line, n.Column}, n)
		v.d.origins[key] = Origin{Kind: FromFile, File: v.d.file, Line: n.Line, Column: n.Column}
	}
	return out
}

// found says what stands there, for a message. It shows the text of the file, never what a variable holds.
func (v value) found() string {
	switch {
	case v.absent() || v.null():
		return "nothing"
	case v.node.Kind == yaml.MappingNode:
		return "a mapping"
	case v.node.Kind == yaml.SequenceNode:
		return "a list"
	}
	text := []rune(login.ReplaceAllString(v.d.marks.undo(v.node.Value), "://"+hidden+"@"))
	if len(text) > 60 {
		text = append(text[:60], '…')
	}
	switch v.node.ShortTag() {
	case "!!int", "!!float":
		return "the number " + string(text)
	case "!!bool":
		return string(text)
	}
	return fmt.Sprintf("%q", string(text))
}

// login is the user and password in a URL.
var login = regexp.MustCompile(`://.*@`)

func mismatch(want, found string) *problem {
	return &problem{summary: "expected " + want + ", found " + found}
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}
