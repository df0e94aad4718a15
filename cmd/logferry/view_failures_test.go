package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/extract"
	"logferry/internal/apply"
)

func TestAFailureIsToldOnce(t *testing.T) {
	refused := &extract.APIError{Op: extract.OpList, Status: 401}
	broken := func(day string, err error) (apply.StepResult, error) {
		wrapped := fmt.Errorf("partition dt=2026-04-%s: %w", day, err)
		return apply.StepResult{Partition: "dt=2026-04-" + day, Error: wrapped.Error()}, wrapped
	}
	first, firstErr := broken("17", refused)
	second, _ := broken("18", errors.New("disk full"))
	for name, c := range map[string]struct {
		events func(f *failures)
		err    error
		told   []string
		left   string
		hint   bool
	}{
		"one that ends the run": {func(f *failures) { f.add(first) }, firstErr, nil, firstErr.Error(), true},
		"one, and the run goes on": {
			events: func(f *failures) { f.add(first); f.goesOn(); f.goesOn() }, err: firstErr,
			told: []string{first.Error}, left: "partition dt=2026-04-17 failed, as said above", hint: true,
		},
		"two": {
			events: func(f *failures) { f.add(first); f.add(second) }, err: fmt.Errorf("2 partitions failed, the first: %w", firstErr),
			told: []string{first.Error, second.Error}, left: "2 partitions failed, as said above", hint: true,
		},
		"one before something else ends the run": {func(f *failures) { f.add(first) }, errors.New("interrupted"), []string{first.Error}, "interrupted", false},
		"none":                                   {func(*failures) {}, errors.New("no such bucket"), nil, "no such bucket", false},
	} {
		t.Run(name, func(t *testing.T) {
			var told []string
			f := &failures{tell: func(text string) { told = append(told, text) }}
			c.events(f)
			left := f.end(c.err)
			require.Equal(t, c.told, told)
			require.EqualError(t, left, c.left)
			var h hinted
			require.Equal(t, c.hint, errors.As(left, &h) && h.Hint() != "", "what to do about it is said at the end")
		})
	}
	require.NoError(t, (&failures{}).end(nil))
}

// Alarms are set on lines of JSON: there each failure has its line, also the one that ends the run.
func TestEveryFailedPartitionHasItsLineOfJSON(t *testing.T) {
	for format, want := range map[string]int{logJSON: 1, "text": 0} {
		var stderr bytes.Buffer
		v := newLineView(&app{stderr: &stderr, stdout: io.Discard, logFormat: format, logLevel: "info"})
		v.StepDone(apply.StepResult{Partition: "dt=2026-04-17", Error: "partition dt=2026-04-17: disk full"})
		require.Equal(t, want, strings.Count(stderr.String(), "partition failed"), format)
	}
}
