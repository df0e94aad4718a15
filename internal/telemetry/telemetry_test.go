package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func attributeOf(list []*commonpb.KeyValue, key string) string {
	for _, kv := range list {
		if kv.Key == key {
			return kv.Value.GetStringValue()
		}
	}
	return ""
}

// silent is told of a run and shows nothing.
type silent struct{}

func (silent) Started(apply.Started, func() apply.Snapshot) {}
func (silent) StepStarted(string)                           {}
func (silent) Retrying(error, time.Duration)                {}
func (silent) StepDone(apply.StepResult)                    {}

// exportDays exports the two days of a simulated API, whose details of the second can't be had where broken.
func exportDays(t *testing.T, measure *Telemetry, broken bool) *apply.Summary {
	t.Helper()
	day := time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC)
	sim, err := logsim.New(logsim.Options{Records: logsim.Records{Count: 500, From: day, To: day.AddDate(0, 0, 2), MedianPayload: 40}, Rate: logsim.Rate{Limit: 500_000}})
	require.NoError(t, err)
	defer sim.Close()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken && r.URL.Path == logsim.ListPath {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		sim.ServeHTTP(w, r)
	}))
	defer api.Close()
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	t.Setenv("KEY", logsim.DefaultKey)
	file := filepath.Join(dir, "pipeline.yaml")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `version: 1
name: measured
source: {base_url: %q, api_key: "${KEY}", details: all}
range: {from: 2026-04-17, to: 2026-04-19, partition: day}
sinks: [{name: lake, url: "file://%s/lake", format: parquet}]
`, api.URL, filepath.ToSlash(dir)), 0o600))
	p, err := config.Load(file, config.Options{})
	require.NoError(t, err)
	run := measure.Run(silent{})
	sum, err := apply.Run(t.Context(), p, apply.Options{Now: day.AddDate(0, 0, 3), Events: run, OnAnswer: measure.Answered})
	require.Equal(t, broken, err != nil, "%v", err)
	run.End(sum, err)
	return sum
}

func noFailure(t *testing.T) func(error) { return func(err error) { t.Error(err) } }

func TestNothingIsMeasuredWithoutAnEndpoint(t *testing.T) {
	const endpoint, anywhere = "OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.test"
	for _, set := range []map[string]string{
		{},
		{endpoint: anywhere, "OTEL_SDK_DISABLED": "True"},
		{endpoint: anywhere, "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"},
	} {
		measure, err := start(t.Context(), func(name string) string { return set[name] }, "v1", noFailure(t))
		require.NoError(t, err)
		require.Nil(t, measure, "%v", set)
	}
	var none *Telemetry
	require.EqualValues(t, 500, exportDays(t, none, false).Records)
	none.Close()
}

func TestARunIsATraceOfItsPartitionsAndItsNumbersAreMetrics(t *testing.T) {
	for _, protocol := range []string{overHTTP, overGRPC} {
		t.Run(protocol, func(t *testing.T) {
			c := newCollector()
			endpoint := map[string]func(*testing.T) string{overHTTP: c.overHTTP, overGRPC: c.overGRPC}[protocol](t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
			t.Setenv("OTEL_SERVICE_NAME", "nightly")
			t.Setenv("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
			measure, err := Start(t.Context(), "v1", noFailure(t))
			require.NoError(t, err)
			sum := exportDays(t, measure, false)
			measure.Close()

			require.Equal(t, "nightly", c.service)
			require.Len(t, c.spans, 3)
			run := spanNamed(t, c, "apply")
			require.Equal(t, "0af7651916cd43dd8448eb211c80319c", fmt.Sprintf("%x", run.TraceId), "the scheduler's trace")
			require.Equal(t, "b7ad6b7169203331", fmt.Sprintf("%x", run.ParentSpanId))
			require.Equal(t, "succeeded", attributeOf(run.Attributes, "logferry.result"))
			for _, s := range c.spans {
				if s != run {
					require.Equal(t, run.SpanId, s.ParentSpanId)
					require.Equal(t, "written", attributeOf(s.Attributes, "logferry.result"))
				}
			}
			require.Equal(t, sum.Requests.Detail, c.sum("logferry.request.duration", "logferry.request.class", "detail"))
			require.Equal(t, sum.Requests.List, c.sum("logferry.request.duration", "logferry.request.class", "list"))
			require.EqualValues(t, 500, c.sum("logferry.records", "logferry.pipeline", "measured"))
			require.EqualValues(t, sum.Bytes, c.sum("logferry.written", "logferry.pipeline", "measured"))
			require.EqualValues(t, 2, c.sum("logferry.partitions", "logferry.result", "written"))
			require.EqualValues(t, 1, c.sum("logferry.run.duration", "logferry.result", "succeeded"))
			for _, name := range []string{
				"logferry.run.end", "logferry.records.new", "logferry.records.quarantined",
				"logferry.rate.limit", "logferry.rate.remaining", "logferry.requests.in_flight",
			} {
				require.Contains(t, c.metrics, name)
			}
		})
	}
}

func spanNamed(t *testing.T, c *collector, name string) *tracepb.Span {
	for _, s := range c.spans {
		if s.Name == name {
			return s
		}
	}
	require.Fail(t, "no span", name)
	return nil
}

func TestARunThatFailsIsAFailedTrace(t *testing.T) {
	c := newCollector()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.overHTTP(t))
	measure, err := Start(t.Context(), "v1", noFailure(t))
	require.NoError(t, err)
	exportDays(t, measure, true)
	measure.Close()
	for _, s := range c.spans {
		require.Equal(t, tracepb.Status_STATUS_CODE_ERROR, s.Status.GetCode(), s.Name)
		require.Contains(t, s.Status.GetMessage(), "400", s.Name)
	}
	require.NotEmpty(t, c.spans)
	require.EqualValues(t, 1, c.sum("logferry.run.duration", "logferry.result", "failed"))
	require.NotZero(t, c.sum("logferry.request.duration", "http.response.status_code", "400"))
}

func TestARunThatDoesNotBeginIsAFailedTraceToo(t *testing.T) {
	c := newCollector()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.overHTTP(t))
	measure, err := Start(t.Context(), "v1", noFailure(t))
	require.NoError(t, err)
	measure.Run(silent{}).End(nil, errors.New("not a \xff key"))
	measure.Close()
	require.Equal(t, "not a \ufffd key", spanNamed(t, c, "apply").Status.GetMessage())
	require.EqualValues(t, 1, c.sum("logferry.run.duration", "logferry.result", "failed"))
}

func TestWhatTheEnvironmentHoldsIsNotShown(t *testing.T) {
	c := newCollector()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.overHTTP(t))
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization: Bearer planted-token")
	var told []error
	measure, err := Start(t.Context(), "v1", func(err error) { told = append(told, err) })
	require.NoError(t, err)
	measure.Close()
	require.Len(t, told, 1, "the header can't be read, and that is said")
	require.NotContains(t, told[0].Error(), "planted")
}

func TestOneSignalMayBeSentAlone(t *testing.T) {
	c := newCollector()
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", c.overHTTP(t)+"/v1/metrics")
	measure, err := Start(t.Context(), "v1", noFailure(t))
	require.NoError(t, err)
	exportDays(t, measure, false)
	measure.Close()
	require.Empty(t, c.spans)
	require.NotEmpty(t, c.metrics)
}

func TestACollectorThatIsAwayIsToldOfOnceAndStopsNothing(t *testing.T) {
	away := httptest.NewServer(http.NotFoundHandler())
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", away.URL)
	away.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "500")
	told := make(chan error, 10)
	measure, err := Start(t.Context(), "v1", func(err error) { told <- err })
	require.NoError(t, err)
	require.EqualValues(t, 500, exportDays(t, measure, false).Records)
	measure.Close()
	require.Len(t, told, 1)
}

func TestAVariableThatCanNotBeFollowedIsAnErrorThatNamesIt(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_METRICS_EXPORTER": "prometheus",
		"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "carrier-pigeon",
	} {
		env := func(asked string) string {
			switch asked {
			case name:
				return value
			case "OTEL_EXPORTER_OTLP_ENDPOINT":
				return "http://127.0.0.1:1"
			}
			return ""
		}
		_, err := start(context.Background(), env, "v1", func(error) {})
		var wrong *VariableError
		require.True(t, errors.As(err, &wrong), "%s: %v", name, err)
		require.Equal(t, name, wrong.Name)
		require.Contains(t, wrong.Error(), value)
		require.NotEmpty(t, wrong.Hint())
	}
}
