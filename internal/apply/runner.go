package apply

import (
	"context"
	"errors"
	"net/http"
	"time"

	"logferry/extract"
	"logferry/internal/config"
	"logferry/internal/spool"
	"logferry/internal/table"
	"logferry/internal/window"
	"logferry/sinks"
	"logferry/sinks/bucket"
	"logferry/transform"
)

// runner holds what the steps of a run share.
type runner struct {
	pipeline *config.Pipeline
	rng      window.Interval
	dir      string // private, for temporary files
	opts     Options

	sinks     []*sinks.Sink
	projects  []project
	governor  *extract.Governor
	transport *http.Transport
	extractor *extract.Extractor
	flattener *transform.Flattener // cloned by each step
	budget    *spool.Budget        // of the records that wait to be written
	writing   chan struct{}        // held by the step that encodes: its memory is declared once
	progress  extract.Progress     // of all steps
	board     *board
}

// project is one project of the organisation with its client.
type project struct {
	name   string // "" where none are declared
	client *extract.Client
}

// open checks every bucket, then makes everything that talks to the API, without a request yet.
func open(ctx context.Context, p *config.Pipeline, rng window.Interval, dir string, o Options) (_ *runner, err error) {
	r := &runner{
		pipeline: p, rng: rng, dir: dir, opts: o,
		writing: make(chan struct{}, 1), budget: spool.NewBudget(p.Extract.MaxMemory / 4),
	}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.flattener, err = transform.New(transformOptions(p)); err != nil {
		return nil, err
	}
	if err := r.openSinks(ctx); err != nil {
		return nil, err
	}
	if err := r.checkLayout(ctx); err != nil {
		return nil, err
	}
	r.governor = newGovernor(p)
	r.transport = extract.NewTransport(transportConns(p), nil)
	for _, cp := range p.Source.Projects {
		client, err := newClient(p, cp, o.Version, clientParts{governor: r.governor, transport: r.transport, progress: &r.progress, retrying: o.Events.Retrying})
		if err != nil {
			return nil, err
		}
		r.projects = append(r.projects, project{name: cp.Name, client: client})
	}
	r.extractor = extract.New(extract.Options{
		Windows:         int(p.Extract.Windows),
		DetailsInFlight: int(p.Extract.DetailsInFlight),
		MemoryBytes:     p.Extract.MaxMemory / 3,
	})
	return r, nil
}

// openSinks opens and checks all sinks, so that what is wrong with one is known before the first request.
func (r *runner) openSinks(ctx context.Context) error {
	var errs []error
	for _, c := range r.pipeline.Sinks {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s, err := sinks.Open(ctx, sinks.Options{
			Name: c.Name, URL: c.URL, Format: sinks.Format(c.Format), Compression: string(c.Compression),
			MaxFileSize: c.MaxFileSize, StagingDir: r.dir, CreatedBy: "logferry version " + r.opts.Version,
			Memory: max(r.pipeline.Extract.MaxMemory/4/int64(len(r.pipeline.Sinks)), sinks.MinMemory),
		})
		if err == nil {
			r.sinks = append(r.sinks, s)
			err = s.Check(ctx)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(errs...)
}

func transportConns(p *config.Pipeline) int {
	conns := int(p.Extract.DetailsInFlight) + int(p.Extract.Windows)
	if p.Extract.DetailsInFlight == config.Auto || p.Extract.Windows == config.Auto {
		return max(conns, 256)
	}
	return conns
}

func transformOptions(p *config.Pipeline) transform.Options {
	o := transform.Options{Raw: p.Transform.Raw, Project: p.Source.NamesProjects()}
	for _, c := range p.Transform.Columns {
		o.Columns = append(o.Columns, transform.Column{Name: c.Name, Path: c.Path, Type: columnKinds[c.Type]})
	}
	return o
}

var columnKinds = map[config.ColumnType]table.Kind{
	config.ColumnString: table.String, config.ColumnInt64: table.Int64, config.ColumnFloat64: table.Float64,
	config.ColumnBool: table.Bool, config.ColumnTimestamp: table.Timestamp, config.ColumnJSON: table.JSON,
}

// close gives back buckets and connections.
func (r *runner) close() {
	for _, s := range r.sinks {
		if err := s.Close(); err != nil {
			r.opts.Logger.Warn("close a sink", "sink", s.Name(), "error", err)
		}
	}
	if r.extractor != nil {
		r.extractor.Close()
	}
	if r.transport != nil {
		r.transport.CloseIdleConnections()
	}
}

// steps are the partitions of all projects, oldest first.
func (r *runner) steps() []*step {
	var out []*step
	for _, slice := range window.Partitions(r.rng, r.pipeline.Range.Partition) {
		for _, p := range r.projects {
			out = append(out, &step{runner: r, project: p, slice: slice, progress: extract.NewProgress(&r.progress)})
		}
	}
	return out
}

func (r *runner) started(partitions int) Started {
	s := Started{Pipeline: r.pipeline.Name, From: r.rng.From, To: r.rng.To, Partitions: partitions}
	for _, c := range r.pipeline.Sinks {
		s.Sinks = append(s.Sinks, bucket.Redact(c.URL))
	}
	return s
}

func (r *runner) snapshot() Snapshot {
	s := r.board.snapshot()
	n := r.progress.Snapshot()
	s.Requests = n.ListRequests + n.DetailRequests + n.UsageRequests
	s.Rate = r.governor.Snapshot()
	return s
}

// usageTimeout is how long the usage count is tried for.
const usageTimeout = 30 * time.Second

// maxUsageRange is the longest range that the usage summary answers for.
const maxUsageRange = 366 * 24 * time.Hour

// expect asks the API how many tool calls the range holds, so that the time left can be told. Where filters
// narrow the range, or the answer can't be had, it is told from the partitions done instead: nothing depends on it.
func (r *runner) expect(ctx context.Context) {
	if r.rng.Empty() || len(r.pipeline.Source.Filters) > 0 || r.rng.Duration() > maxUsageRange {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, usageTimeout)
	defer cancel()
	var total int64
	for _, p := range r.projects {
		use, err := p.client.Usage(ctx, extract.UsageRequest{
			Range: extract.TimeRange{From: r.rng.From.UnixMilli(), To: r.rng.To.UnixMilli()},
		})
		if err != nil {
			r.opts.Logger.Debug("usage count not available", "error", err)
			return
		}
		total += use["tool_calls"].EventCount
	}
	r.board.expect(total)
}
