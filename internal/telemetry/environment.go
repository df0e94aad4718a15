package telemetry

import (
	"fmt"
	"slices"
	"strings"
)

// signal is one of the kinds of data that OpenTelemetry knows, as it stands in the names of its variables.
type signal string

const (
	traces  signal = "TRACES"
	metrics signal = "METRICS"
)

const (
	overHTTP = "http/protobuf" // the default
	overGRPC = "grpc"
)

// environment reads the variables that the OpenTelemetry specification defines ("Environment Variable Specification", "OTLP
// Exporter Configuration"). What is not read here, such as headers, certificates and timeouts, the exporters read themselves.
type environment func(name string) string

// wanted says whether a signal is to be sent: where an endpoint or the exporter is named, and neither is switched off.
func (env environment) wanted(s signal) (bool, error) {
	if strings.EqualFold(env("OTEL_SDK_DISABLED"), "true") {
		return false, nil
	}
	name := "OTEL_" + string(s) + "_EXPORTER"
	switch exporter := env(name); exporter {
	case "none":
		return false, nil
	case "otlp":
		return true, nil
	case "":
		return env("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || env("OTEL_EXPORTER_OTLP_"+string(s)+"_ENDPOINT") != "", nil
	default:
		return false, &VariableError{Name: name, Value: exporter, Known: []string{"otlp", "none"}}
	}
}

// protocol is the one that a signal is sent by.
func (env environment) protocol(s signal) (string, error) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_" + string(s) + "_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		value := env(name)
		if known := []string{overHTTP, overGRPC}; value != "" && !slices.Contains(known, value) {
			return "", &VariableError{Name: name, Value: value, Known: known}
		}
		if value != "" {
			return value, nil
		}
	}
	return overHTTP, nil
}

// VariableError is a value of an OpenTelemetry variable that can't be followed.
type VariableError struct {
	Name, Value string
	Known       []string
}

func (e *VariableError) Error() string { return fmt.Sprintf("%s=%q is not supported", e.Name, e.Value) }

// Hint is what the user can do about it.
func (e *VariableError) Hint() string {
	return fmt.Sprintf("set it to one of %q, or leave it away", e.Known)
}
