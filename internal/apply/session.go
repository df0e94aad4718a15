package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"logferry/extract"
	"logferry/internal/config"
	"logferry/internal/spool"
	"logferry/internal/state"
	"logferry/internal/table"
	"logferry/internal/window"
	"logferry/sinks"
	"logferry/sinks/bucket"
	"logferry/transform"
)

// Session is a pipeline with its buckets, its state and its way to the API opened. Its methods are called one after the
// other. The owner calls Close.
type Session struct {
	pipeline *config.Pipeline
	rng      window.Interval
	opts     Options
	dir      string // private, for temporary files
	cleanup  []func() error

	sinks []*sinks.Sink
	store *state.Store
	place place
	state *state.State // as last loaded
	lock  *state.Lock  // nil where none is held
	// halfDone are the partitions of which a killed run replaced some files and not all: their notes go with the next commit.
	halfDone map[string]bool

	spoolBucket bucket.Bucket // nil where the spool is a folder

	projects  []project
	governor  *extract.Governor
	transport *http.Transport
	extractor *extract.Extractor
	flattener *transform.Flattener // cloned by each step
	budget    *spool.Budget        // of the records that wait to be written
	writing   chan struct{}        // held by the step that encodes: its memory is declared once
	progress  extract.Progress     // of everything
	retained  atomic.Int64         // objects that were to be removed and that their buckets keep
}

// project is one project of the organisation with its client.
type project struct {
	name   string // "" where none are declared
	client *extract.Client
}

// Open opens everything that a pipeline needs. It makes no request to the API and writes nothing.
func Open(ctx context.Context, p *config.Pipeline, o Options) (_ *Session, err error) {
	s := &Session{
		pipeline: p, opts: o.withDefaults(),
		writing: make(chan struct{}, 1), budget: spool.NewBudget(p.Extract.MaxMemory / 4),
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.rng, err = p.Range.Resolve(o.Now); err != nil {
		return nil, err
	}
	if s.flattener, err = transform.New(transformOptions(p)); err != nil {
		return nil, err
	}
	dir, remove, err := workDir(p.Name)
	if err != nil {
		return nil, err
	}
	s.dir = dir
	s.cleanup = append(s.cleanup, func() error { remove(); return nil })
	if err := s.openSinks(ctx); err != nil {
		return nil, err
	}
	if err := s.openState(ctx); err != nil {
		return nil, err
	}
	if o.WithoutAPI {
		return s, nil
	}
	if err := s.openSpool(ctx); err != nil {
		return nil, err
	}
	return s, s.openAPI()
}

// Close gives back buckets, connections and temporary files.
func (s *Session) Close() {
	if s.extractor != nil {
		s.extractor.Close()
	}
	if s.transport != nil {
		s.transport.CloseIdleConnections()
	}
	for i := len(s.cleanup) - 1; i >= 0; i-- {
		if err := s.cleanup[i](); err != nil {
			s.opts.Logger.Warn("close the session", "error", err)
		}
	}
	s.cleanup = nil
}

// State returns the state as it was loaded last, nil before that.
func (s *Session) State() *state.State { return s.state }

// Load loads the state anew, and refuses sinks that belong to another one.
func (s *Session) Load(ctx context.Context) (*state.State, error) {
	st, err := s.store.Load(ctx)
	var unreachable *bucket.Error
	if errors.As(err, &unreachable) && s.pipeline.State.URL == "" {
		return nil, s.sinks[0].Unusable("list", err)
	}
	if err != nil {
		return nil, err
	}
	s.state = st
	return st, s.checkOwners(ctx)
}

func (s *Session) openSinks(ctx context.Context) error {
	var errs []error
	for n, c := range s.pipeline.Sinks {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		o := sinks.Options{
			Name: c.Name, URL: c.URL, Format: sinks.Format(c.Format), Compression: string(c.Compression),
			MaxFileSize: c.MaxFileSize, StagingDir: s.dir, CreatedBy: fmt.Sprintf("logferry version %[1]s (build %[1]s)", s.opts.Version),
			Memory:    max(s.pipeline.Extract.MaxMemory/4/int64(len(s.pipeline.Sinks)), sinks.MinMemory),
			Retention: s.sinkRule(n),
		}
		if s.opts.WrapBucket != nil {
			b, err := bucket.Open(ctx, c.URL)
			if err == nil && o.Retention != nil {
				b, err = bucket.Retain(b, o.Retention)
			}
			if err != nil {
				return err
			}
			s.cleanup = append(s.cleanup, func() error { return bucket.Close(b) })
			o.Bucket = s.opts.WrapBucket(c.Name, b)
		}
		sink, err := sinks.Open(ctx, o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.sinks = append(s.sinks, sink)
		s.cleanup = append(s.cleanup, sink.Close)
	}
	return errors.Join(errs...)
}

// check finds out whether every sink can be used, so that what is wrong with one is known before the first request.
func (s *Session) check(ctx context.Context) error {
	var errs []error
	for _, sink := range s.sinks {
		errs = append(errs, sink.Check(ctx))
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(errs...)
}

// sink returns the declared sink of a name, nil where there is none.
func (s *Session) sink(name string) *sinks.Sink {
	for _, sink := range s.sinks {
		if sink.Name() == name {
			return sink
		}
	}
	return nil
}

func (s *Session) openAPI() error {
	p := s.pipeline
	s.governor = newGovernor(p)
	conns := transportConns(p)
	s.transport = extract.NewTransport(conns, nil)
	extract.BoundUnread(s.transport, conns, p.Extract.MaxMemory/12)
	var transport http.RoundTripper = s.transport
	if s.opts.WrapTransport != nil {
		transport = s.opts.WrapTransport(transport)
	}
	for _, cp := range p.Source.Projects {
		client, err := newClient(p, cp, s.opts.Version, clientParts{
			governor: s.governor, transport: transport, progress: &s.progress, retrying: s.opts.Events.Retrying,
			answered: s.opts.OnAnswer,
		})
		if err != nil {
			return fmt.Errorf("project %q: %w", cp.Name, err)
		}
		s.projects = append(s.projects, project{name: cp.Name, client: client})
	}
	s.extractor = extract.New(extract.Options{
		Windows:         int(p.Extract.Windows),
		DetailsInFlight: int(p.Extract.DetailsInFlight),
		MemoryBytes:     p.Extract.MaxMemory / 3,
	})
	return nil
}

// project returns the declared project of a name.
func (s *Session) project(name string) (project, bool) {
	for _, p := range s.projects {
		if p.name == name {
			return p, true
		}
	}
	return project{}, false
}

func transportConns(p *config.Pipeline) int {
	conns := int(p.Extract.DetailsInFlight) + int(p.Extract.Windows)
	if p.Extract.DetailsInFlight == config.Auto || p.Extract.Windows == config.Auto {
		return max(conns, extract.MaxDetails)
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
