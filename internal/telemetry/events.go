package telemetry

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"logferry/extract"
	"logferry/internal/apply"
	"logferry/internal/plan"
)

// Run measures one run, and passes what it is told of on. It implements apply.Events. End comes after the last event.
type Run struct {
	apply.Events
	t *Telemetry

	mu       sync.Mutex
	ctx      context.Context // of the run's span
	span     trace.Span      // nil until the run has begun
	steps    map[string]trace.Span
	pipeline attribute.KeyValue
	live     func() apply.Snapshot // nil once the run has ended
	rate     extract.Budget        // as it was last
}

// Run returns the measuring of one run. next is told of everything. Where nothing is measured, events pass through.
func (t *Telemetry) Run(next apply.Events) *Run {
	return &Run{Events: next, t: t, steps: map[string]trace.Span{}}
}

// Started implements apply.Events.
func (r *Run) Started(s apply.Started, live func() apply.Snapshot) {
	r.Events.Started(s, live)
	if r.t == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pipeline = attribute.String("logferry.pipeline", s.Pipeline)
	r.ctx, r.span = r.t.tracer.Start(r.t.parent, "apply", trace.WithAttributes(
		r.pipeline, attribute.String("logferry.from", s.From.UTC().Format(time.RFC3339)), attribute.String("logferry.to", s.To.UTC().Format(time.RFC3339)),
		attribute.Int("logferry.partitions", s.Partitions), attribute.Int("logferry.partitions.unchanged", s.Unchanged),
	))
	r.live = live
	r.t.watch(r.pipeline, r.lastRate)
}

// lastRate is the rate budget now, or as it was at the end of the last partition.
func (r *Run) lastRate() extract.Budget {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live != nil {
		r.rate = r.live().Rate
	}
	return r.rate
}

// Asking implements apply.AskingEvents where what it passes events on to does.
func (r *Run) Asking(what string) (done func()) {
	if next, ok := r.Events.(apply.AskingEvents); ok {
		return next.Asking(what)
	}
	return func() {}
}

// StepStarted implements apply.Events.
func (r *Run) StepStarted(name string) {
	r.Events.StepStarted(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.span != nil {
		_, r.steps[name] = r.t.tracer.Start(r.ctx, "partition", trace.WithAttributes(r.pipeline, attribute.String("logferry.partition", name)))
	}
}

// Retrying implements apply.Events.
func (r *Run) Retrying(err error, pause time.Duration) {
	r.Events.Retrying(err, pause)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.span != nil {
		r.span.AddEvent("retry", trace.WithAttributes(attribute.String("error", valid(err.Error())), attribute.Int64("pause_ms", pause.Milliseconds())))
		r.t.retries.Add(r.ctx, 1, metric.WithAttributes(r.pipeline))
	}
}

// StepDone implements apply.Events.
func (r *Run) StepDone(s apply.StepResult) {
	r.Events.StepDone(s)
	r.lastRate()
	r.mu.Lock()
	defer r.mu.Unlock()
	span := r.steps[s.Name()]
	if span == nil {
		return
	}
	delete(r.steps, s.Name())
	result := resultOf(&s)
	var size int64
	for _, f := range s.Files {
		size += f.Bytes
	}
	span.SetAttributes(attribute.String("logferry.action", string(s.Action)), attribute.String("logferry.result", result),
		attribute.Int64("logferry.records", s.Records), attribute.Int64("logferry.records.new", s.New),
		attribute.Int64("logferry.records.quarantined", s.Quarantined), attribute.Int64("logferry.written", size))
	if s.Error != "" {
		span.SetStatus(codes.Error, valid(s.Error))
	}
	span.End()
	of := metric.WithAttributes(r.pipeline)
	r.t.partitions.Add(r.ctx, 1, metric.WithAttributes(r.pipeline, attribute.String("logferry.result", result)))
	r.t.quarantine.Add(r.ctx, s.Quarantined, of)
	if result == "written" {
		r.t.records.Add(r.ctx, s.Records, of)
		r.t.newRecords.Add(r.ctx, s.New, of)
		r.t.bytes.Add(r.ctx, size, of)
	}
}

// resultOf is one word for how a partition ended.
func resultOf(s *apply.StepResult) string {
	switch {
	case s.Abandoned:
		return "abandoned"
	case s.Error != "" && s.Version == 0:
		return "failed"
	case s.Unchanged:
		return "unchanged"
	case s.Action == plan.Delete:
		return "deleted"
	}
	return "written"
}

// End takes in how the run ended. sum is nil where it did not begin.
func (r *Run) End(sum *apply.Summary, err error) {
	if r.t == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live = nil
	if r.span == nil {
		r.ctx, r.span = r.t.tracer.Start(r.t.parent, "apply")
	}
	for _, span := range r.steps {
		span.End()
	}
	if err != nil && (sum == nil || sum.Result != apply.Interrupted) {
		r.span.SetStatus(codes.Error, valid(err.Error()))
	}
	r.end(sum)
	r.span.End()
	r.span = nil
}

func (r *Run) end(sum *apply.Summary) {
	if sum == nil {
		sum = apply.NewSummary("")
		sum.StartedAt = time.Now()
	}
	result := attribute.String("logferry.result", string(sum.Result))
	of := metric.WithAttributes(result)
	if r.pipeline.Valid() {
		of = metric.WithAttributes(r.pipeline, result)
	}
	r.span.SetAttributes(result,
		attribute.Int64("logferry.records", sum.Records), attribute.Int64("logferry.records.new", sum.NewRecords),
		attribute.Int64("logferry.requests.list", sum.Requests.List), attribute.Int64("logferry.requests.detail", sum.Requests.Detail),
		attribute.Int64("logferry.requests.usage", sum.Requests.Usage), attribute.Int64("logferry.requests.retried", sum.Requests.Retried),
		attribute.Int64("logferry.requests.rate_limited", sum.Requests.RateLimited))
	r.t.runs.Record(r.ctx, float64(sum.DurationMS)/1000, of)
	r.t.lastEnd.Record(r.ctx, sum.StartedAt.Unix()+sum.DurationMS/1000, of)
}

// valid is the text as the protocol takes it: one bad byte would lose all that is sent with it.
func valid(text string) string { return strings.ToValidUTF8(text, "\ufffd") }
