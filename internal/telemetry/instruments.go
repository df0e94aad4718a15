package telemetry

import (
	"context"
	"errors"
	"strconv"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"logferry/extract"
)

// instruments are what is measured. docs/OPERATIONS.md lists them.
type instruments struct {
	requests   metric.Float64Histogram // seconds; its count is the number of requests
	retries    metric.Int64Counter
	partitions metric.Int64Counter
	records    metric.Int64Counter
	newRecords metric.Int64Counter
	quarantine metric.Int64Counter
	bytes      metric.Int64Counter
	runs       metric.Float64Histogram // seconds
	lastEnd    metric.Int64Gauge       // Unix seconds

	limit     metric.Int64ObservableGauge
	remaining metric.Int64ObservableGauge
	inFlight  metric.Int64ObservableGauge
	meter     metric.Meter
}

func newInstruments(meter metric.Meter) (i instruments, err error) {
	var errs []error
	counter := func(name, unit, text string) metric.Int64Counter {
		c, err := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(text))
		errs = append(errs, err)
		return c
	}
	seconds := func(name, text string, bounds ...float64) metric.Float64Histogram {
		h, err := meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(text), metric.WithExplicitBucketBoundaries(bounds...))
		errs = append(errs, err)
		return h
	}
	gauge := func(name, text string) metric.Int64ObservableGauge {
		g, err := meter.Int64ObservableGauge(name, metric.WithUnit("{request}"), metric.WithDescription(text))
		errs = append(errs, err)
		return g
	}
	i = instruments{
		meter: meter,
		requests: seconds("logferry.request.duration", "Requests to the API by class and status, from sending to the end of the answer",
			.025, .05, .1, .2, .4, .8, 1.6, 3.2, 6.4, 12.8, 30),
		retries:    counter("logferry.retries", "{notice}", "Notices of requests that failed and will be repeated: at most one in five seconds"),
		partitions: counter("logferry.partitions", "{partition}", "Partitions that ended, by result"),
		records:    counter("logferry.records", "{record}", "Rows of the partitions that were written"),
		newRecords: counter("logferry.records.new", "{record}", "Of them, those that the lake did not have before"),
		quarantine: counter("logferry.records.quarantined", "{record}", "Records that could not be had or read whole"),
		bytes:      counter("logferry.written", "By", "Bytes of the files that were written, over all sinks"),
		runs: seconds("logferry.run.duration", "Runs by result",
			1, 5, 15, 60, 300, 900, 3600, 10800, 36000),
		limit:     gauge("logferry.rate.limit", "Requests a window that the API allows the organisation"),
		remaining: gauge("logferry.rate.remaining", "Of them, those left, as last seen"),
		inFlight:  gauge("logferry.requests.in_flight", "Requests that were sent and not answered"),
	}
	i.lastEnd, err = meter.Int64Gauge("logferry.run.end", metric.WithUnit("s"), metric.WithDescription("When the last run ended, in Unix time"))
	return i, errors.Join(append(errs, err)...)
}

// Answered takes in one request's end; see extract.ClientOptions.OnAnswer.
func (t *Telemetry) Answered(op extract.Op, status int, took time.Duration) {
	if t == nil {
		return
	}
	t.requests.Record(context.Background(), took.Seconds(), metric.WithAttributes(
		attribute.String("logferry.request.class", string(op)), attribute.String("http.response.status_code", statusText(status)),
	))
}

func statusText(status int) string {
	if status == 0 {
		return "none"
	}
	return strconv.Itoa(status)
}

// watch reports the rate budget, as it is or was last.
func (i *instruments) watch(pipeline attribute.KeyValue, rate func() extract.Budget) {
	_, err := i.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		rate, of := rate(), metric.WithAttributes(pipeline)
		o.ObserveInt64(i.inFlight, int64(rate.InFlight), of)
		if rate.Limit > 0 {
			o.ObserveInt64(i.limit, int64(rate.Limit), of)
		}
		if rate.Remaining >= 0 {
			o.ObserveInt64(i.remaining, int64(rate.Remaining), of)
		}
		return nil
	}, i.limit, i.remaining, i.inFlight)
	if err != nil {
		otel.Handle(err)
	}
}
