package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
)

func TestAHintThatTheMessageHasIsNotSaidAgain(t *testing.T) {
	hinted := &apply.NoStateError{Place: "there"}
	for name, c := range map[string]struct {
		err  error
		hint string
	}{
		"not said yet": {fmt.Errorf("verify: %w", hinted), hinted.Hint()},
		"said":         {fmt.Errorf("verify: %w (%s)", hinted, hinted.Hint()), ""},
		"none":         {errors.New("disk full"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, format := range []string{logText, logJSON} {
				var stdout, stderr bytes.Buffer
				a := &app{stdout: &stdout, stderr: &stderr, json: true, logLevel: "info", logFormat: format}
				a.printError(c.err)
				var line struct{ Type, Message, Hint string }
				require.NoError(t, json.Unmarshal(stdout.Bytes(), &line))
				require.Equal(t, c.err.Error(), line.Message)
				require.Equal(t, c.hint, line.Hint)
				if format == logJSON {
					line.Hint = ""
					require.NoError(t, json.Unmarshal(stderr.Bytes(), &line))
					require.Equal(t, c.hint, line.Hint)
				}
			}
		})
	}
}
