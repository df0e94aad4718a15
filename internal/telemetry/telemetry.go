// Package telemetry sends metrics and traces of a run by OTLP, where the standard environment variables of OpenTelemetry name
// an endpoint. Otherwise it does nothing. It is fed by apply's events and by the extract client's answers.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// scope is the name under which everything is measured.
const scope = "logferry"

// Telemetry sends what it is told. A nil one does nothing. Its methods may be called concurrently, Close once and last.
type Telemetry struct {
	tracer trace.Tracer
	instruments
	parent context.Context // of a run's span: what TRACEPARENT names
	close  []func(context.Context) error
	failed func(error)
}

// Start sets up what the environment asks for. Without an endpoint it returns nil. failed is told once of data that could not
// be sent; it may be called from another goroutine, at any time. The caller calls Close.
func Start(ctx context.Context, version string, failed func(error)) (*Telemetry, error) {
	return start(ctx, os.Getenv, version, failed)
}

func start(ctx context.Context, env environment, version string, failed func(error)) (_ *Telemetry, err error) {
	withTraces, err := env.wanted(traces)
	if err != nil {
		return nil, err
	}
	withMetrics, err := env.wanted(metrics)
	if err != nil || !withTraces && !withMetrics {
		return nil, err
	}
	failed = once(failed)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(failed))
	otel.SetLogger(logr.New(&messages{failed}))
	about, err := describe(ctx, version)
	if err != nil {
		return nil, err
	}
	t := &Telemetry{parent: parentOf(ctx, env), failed: func(error) {}}
	defer func() {
		if err != nil {
			t.Close()
		}
	}()
	tracers, meters := sdktrace.NewTracerProvider(), sdkmetric.NewMeterProvider() // that send nothing
	if withTraces {
		exporter, err := traceExporter(ctx, env)
		if err != nil {
			return nil, fmt.Errorf("set up OpenTelemetry's traces: %w", err)
		}
		tracers = sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
		t.close = append(t.close, tracers.Shutdown)
	}
	if withMetrics {
		exporter, err := metricExporter(ctx, env)
		if err != nil {
			return nil, fmt.Errorf("set up OpenTelemetry's metrics: %w", err)
		}
		meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter)), sdkmetric.WithResource(about))
		t.close = append(t.close, meters.Shutdown)
	}
	t.tracer = tracers.Tracer(scope, trace.WithInstrumentationVersion(version))
	if t.instruments, err = newInstruments(meters.Meter(scope)); err != nil {
		return nil, fmt.Errorf("set up OpenTelemetry's instruments: %w", err)
	}
	t.failed = failed
	return t, nil
}

// describe says who sends. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word.
func describe(ctx context.Context, version string) (*resource.Resource, error) {
	about, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", scope), attribute.String("service.version", version),
			// Runs that go on at the same time send series of their own.
			attribute.String("service.instance.id", uuid.NewString())),
		resource.WithFromEnv(),
	)
	if err != nil {
		return nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return about, nil
}

// parentOf puts a run below the span that TRACEPARENT and TRACESTATE name, as a scheduler may set them (W3C Trace Context,
// "Environment Variables as Context Propagation Carriers").
func parentOf(ctx context.Context, env environment) context.Context {
	carrier := propagation.MapCarrier{"traceparent": env("TRACEPARENT"), "tracestate": env("TRACESTATE")}
	return trace.ContextWithRemoteSpanContext(context.Background(), trace.SpanContextFromContext(propagation.TraceContext{}.Extract(ctx, carrier)))
}

func traceExporter(ctx context.Context, env environment) (sdktrace.SpanExporter, error) {
	switch protocol, err := env.protocol(traces); {
	case err != nil:
		return nil, err
	case protocol == overGRPC:
		return otlptracegrpc.New(ctx)
	}
	return otlptracehttp.New(ctx)
}

func metricExporter(ctx context.Context, env environment) (sdkmetric.Exporter, error) {
	switch protocol, err := env.protocol(metrics); {
	case err != nil:
		return nil, err
	case protocol == overGRPC:
		return otlpmetricgrpc.New(ctx)
	}
	return otlpmetrichttp.New(ctx)
}

// closeTimeout bounds the last sending: a collector that hangs holds nobody up for long.
const closeTimeout = 10 * time.Second

// Close sends what was not sent yet.
func (t *Telemetry) Close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var errs []error
	for _, end := range t.close {
		errs = append(errs, end(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		t.failed(err)
	}
}

// once passes the first error on: a collector that is away would be told of every few seconds.
func once(failed func(error)) func(error) {
	var first sync.Once
	return func(err error) { first.Do(func() { failed(err) }) }
}
