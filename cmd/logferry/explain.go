package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"logferry/internal/config"
)

// usageError is a command line that can't be understood.
type usageError struct {
	err     error
	command string // to ask for help with
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// reportedError says that everything there is to say was said; only the exit code is left.
type reportedError struct{ err error }

func (e *reportedError) Error() string { return e.err.Error() }
func (e *reportedError) Unwrap() error { return e.err }

// hinted is an error that knows what the user can do about it.
type hinted interface {
	error
	Hint() string
}

// hintOf is what the user can do about an error, "" where nothing is known or the error's text says it.
func hintOf(err error) string {
	var h hinted
	if !errors.As(err, &h) || strings.Contains(err.Error(), h.Hint()) {
		return ""
	}
	return h.Hint()
}

// explain is the only place that turns an error into text and an exit code.
func (a *app) explain(ctx context.Context, err error) int {
	if err == nil {
		return exitDone
	}
	interrupted := ctx.Err() != nil && errors.Is(err, context.Canceled)
	var reported *reportedError
	if !errors.As(err, &reported) && !interrupted {
		a.printError(err)
	}
	switch {
	case interrupted:
		return exitInterrupted
	case errors.Is(err, errChanges):
		return exitChanges
	}
	return exitError
}

func (a *app) printError(err error) {
	if a.json {
		a.printErrorJSON(err)
	}
	var found config.Diagnostics
	if errors.As(err, &found) {
		for _, d := range found {
			if a.logFormat == logJSON {
				a.logDiagnostic(d)
				continue
			}
			label := a.color(a.stderr, red, "Error: ")
			if d.Severity == config.Warning {
				label = ""
			}
			fmt.Fprintf(a.stderr, "%s%s\n", label, d)
		}
		return
	}
	if a.logFormat == logJSON {
		a.logError(err)
		return
	}
	fmt.Fprintf(a.stderr, "%s%s\n", a.color(a.stderr, red, "Error: "), indent(err.Error()))
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(a.stderr, "  %s %s\n", a.color(a.stderr, dim, "→"), hint)
	}
	var usage *usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(a.stderr, "  → %s --help says what it takes\n", usage.command)
	}
}

// logError is for those who read stderr as JSON.
func (a *app) logError(err error) {
	a.logger().Error("the command failed", errorKeys(err)...)
}

// errorKeys are an error and what the user can do about it, for a log line.
func errorKeys(err error) []any {
	keys := []any{"error", printable(err.Error())}
	if hint := hintOf(err); hint != "" {
		keys = append(keys, "hint", hint)
	}
	return keys
}

func (a *app) logDiagnostic(d config.Diagnostic) {
	if d.Severity == config.Warning {
		a.logger().Warn("the pipeline file", "warning", d.String())
		return
	}
	a.logger().Error("the pipeline file", "error", d.String())
}

func (a *app) printErrorJSON(err error) {
	line := struct {
		Type        string             `json:"type"`
		Message     string             `json:"message"`
		Hint        string             `json:"hint,omitempty"`
		Diagnostics config.Diagnostics `json:"diagnostics,omitempty"`
	}{Type: "error", Message: err.Error(), Hint: hintOf(err)}
	errors.As(err, &line.Diagnostics)
	_ = json.NewEncoder(a.stdout).Encode(line)
}

// indent keeps the further lines of a text below its first.
func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") }
