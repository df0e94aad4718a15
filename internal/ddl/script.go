package ddl

import (
	"strings"
)

// Script is the statements for one sink in one engine, with what there is to know before they are run.
type Script struct {
	Comments   []string // lines
	Variables  []Variable
	Statements []Statement
}

// NewScript writes the statements for the engine. Its errors are those of Statements.
func NewScript(engine Engine, e Export) (*Script, error) {
	write := engines[engine]
	if write == nil {
		return nil, &UnknownEngineError{Name: string(engine)}
	}
	b, err := newBuilder(engine, e)
	if err != nil {
		return nil, err
	}
	if err := write(b); err != nil {
		return nil, err
	}
	s := &Script{
		Comments:  []string{"logferry: pipeline " + b.Pipeline + ", sink " + b.Sink + ", for " + string(engine), "files: " + b.describe()},
		Variables: b.variables,
	}
	s.Comments = append(s.Comments, b.notes...)
	for _, v := range b.variables {
		s.Comments = append(s.Comments, "fill in ${"+v.Name+"}: "+v.Meaning)
	}
	for i, c := range s.Comments {
		s.Comments[i] = oneLine(c)
	}
	for _, text := range b.statements {
		s.Statements = append(s.Statements, Statement{Engine: engine, Sink: b.Sink, Text: text})
	}
	return s, nil
}

// String is the script as text: comments, then the statements, each ended by a semicolon.
func (s *Script) String() string {
	var out strings.Builder
	for _, c := range s.Comments {
		out.WriteString("-- " + c + "\n")
	}
	for _, statement := range s.Statements {
		out.WriteString("\n" + statement.Text + ";\n")
	}
	return out.String()
}
