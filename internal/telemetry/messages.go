package telemetry

import (
	"errors"

	"github.com/go-logr/logr"
)

// messages is where OpenTelemetry's own log goes: of an error only what happened, since the values that it names may be headers
// with a token.
type messages struct{ failed func(error) }

// Init implements logr.LogSink.
func (*messages) Init(logr.RuntimeInfo) {}

// Enabled implements logr.LogSink: there are no levels, only errors.
func (*messages) Enabled(int) bool { return false }

// Info implements logr.LogSink.
func (*messages) Info(int, string, ...any) {}

// Error implements logr.LogSink.
func (m *messages) Error(_ error, message string, _ ...any) {
	m.failed(errors.New("OpenTelemetry: " + message))
}

// WithValues implements logr.LogSink.
func (m *messages) WithValues(...any) logr.LogSink { return m }

// WithName implements logr.LogSink.
func (m *messages) WithName(string) logr.LogSink { return m }
