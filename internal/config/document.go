package config

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// document parses the file into the node of its top mapping. Where that fails there is one diagnostic: YAML does not
// allow to go on after a mistake in its syntax.
func (d *decoder) document(src []byte) (*yaml.Node, bool) {
	if at, bad := badText(src); bad != "" {
		d.report(Error, at, "", &problem{bad, "write the file as UTF-8 text"})
		return nil, false
	}
	text, marks := protect(src)
	d.marks = marks
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		d.report(Error, position{}, "", &problem{summary: err.Error()})
		return nil, false
	}
	var first, second yaml.Node
	err = loader.Load(&first)
	if err == nil && len(first.Content) > 0 {
		if err = loader.Load(&second); err == nil {
			d.report(Error, position{second.Line, second.Column}, "", &problem{"a second YAML document", "a pipeline is one document: remove the line ---"})
			return nil, false
		}
	}
	var syntax *yaml.LoadError
	switch {
	case len(first.Content) == 0 && (err == nil || errors.Is(err, io.EOF)):
		d.report(Error, position{}, "", &problem{"the file is empty", "`logferry init` writes one to start from"})
		return nil, false
	case errors.Is(err, io.EOF):
		return first.Content[0], true
	case errors.As(err, &syntax):
		d.report(Error, position{syntax.Mark.Line, syntax.Mark.Column}, "", syntaxProblem(src, syntax))
	default:
		d.report(Error, position{}, "", &problem{summary: "the YAML can't be read: " + err.Error()})
	}
	return nil, false
}

// syntaxProblem words a mistake in the YAML. What the composer says may quote the file, and so a misplaced secret.
func syntaxProblem(src []byte, e *yaml.LoadError) *problem {
	p := &problem{summary: "the YAML can't be read: " + e.Message}
	switch {
	case e.Stage == yaml.ComposerStage:
		p.summary = "an alias (*) without an anchor (&) before it"
		p.hint = "a value that begins with * is written in quotes"
	case e.Stage == yaml.ParserStage && strings.Contains(e.ContextMsg, "flow"):
		p.hint = "within { } and [ ], a value that holds one of { } [ ] , is written in quotes"
	case tabbed(src, e.Mark.Line):
		p.hint = "indent with spaces, not with tabs"
	case e.Stage == yaml.ScannerStage:
		p.hint = "a value that holds a colon or # next to a space, or begins with one of % @ & * ! | > `, is written in quotes"
	}
	return p
}

// tabbed says that the line's indentation holds a tab.
func tabbed(src []byte, line int) bool {
	lines := bytes.SplitN(src, []byte("\n"), line+1)
	if line < 1 || line > len(lines) {
		return false
	}
	text := lines[line-1]
	indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
	return bytes.ContainsRune(indent, '\t')
}

// badText finds the first place where the file is no text that YAML takes.
func badText(src []byte) (position, string) {
	at := position{1, 1}
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return at, "a byte that is not UTF-8"
		case r == '\ufeff' && i == 0:
			i += size
			continue
		case r == '\n':
			at = position{at.line + 1, 1}
			i += size
			continue
		case r != '\t' && r != '\r' && unprintable(r):
			return at, "a control character"
		}
		at.column++
		i += size
	}
	return position{}, ""
}

// unprintable says that YAML takes the code point only as an escape.
func unprintable(r rune) bool {
	return unicode.IsControl(r) && r != '\u0085' || r == '\ufeff' || r == '\ufffe' || r == '\uffff'
}
