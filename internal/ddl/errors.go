package ddl

import (
	"fmt"
	"strings"
)

// UnknownEngineError says that there is no engine of that name.
type UnknownEngineError struct{ Name string }

func (e *UnknownEngineError) Error() string { return fmt.Sprintf("unknown engine %q", e.Name) }

// Hint is what the user can do about it.
func (e *UnknownEngineError) Hint() string {
	var names []string
	for _, engine := range Engines() {
		names = append(names, string(engine))
	}
	return "use one of " + strings.Join(names, ", ")
}

// UnsupportedError says that an engine can't read what a sink holds.
type UnsupportedError struct {
	Engine  Engine
	Sink    string
	Problem string
	Advice  string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s can't read sink %q: %s", e.Engine, e.Sink, e.Problem)
}

// Hint is what the user can do about it.
func (e *UnsupportedError) Hint() string { return e.Advice }

func (b *builder) refuse(problem, advice string) error {
	return &UnsupportedError{Engine: b.engine, Sink: b.Sink, Problem: problem, Advice: advice}
}
