package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a Diagnostic forbids a run.
type Severity uint8

// The severities.
const (
	Error Severity = iota
	Warning
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// MarshalText is the severity's name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Diagnostic is one finding in a pipeline.yaml. It never holds a secret or a value of the environment.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line"`   // from 1; 0 where the finding has no place
	Column   int      `json:"column"` // from 1, in code points
	Key      string   `json:"key"`    // such as source.filters[1].operator; "" for the file as a whole
	Summary  string   `json:"summary"`
	Hint     string   `json:"hint,omitempty"` // what to do about it
}

// String is one line: pipeline.yaml:12:5: source.filers: unknown key; did you mean "filters"?
func (d Diagnostic) String() string {
	var b strings.Builder
	b.WriteString(d.File)
	if d.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", d.Line, d.Column)
	}
	b.WriteString(": ")
	if d.Severity == Warning {
		b.WriteString("warning: ")
	}
	if d.Key != "" {
		b.WriteString(d.Key + ": ")
	}
	b.WriteString(d.Summary)
	if d.Hint != "" {
		b.WriteString("; " + d.Hint)
	}
	return b.String()
}

// Diagnostics are the findings in a file, in the order of the file. As an error it holds at least one Error, and
// the Warnings too.
type Diagnostics []Diagnostic

// Error is one line a finding.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for k, d := range ds {
		lines[k] = d.String()
	}
	return strings.Join(lines, "\n")
}

// HasErrors says whether one of them is an Error.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

func (ds Diagnostics) sort() {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
