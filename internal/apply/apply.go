// Package apply makes the lake hold what a pipeline declares. It is the only place that wires the rooms together:
// configuration into options, the state and what the sinks hold into a plan, and each of its steps from the API through the
// spool and the flattener into the sinks and the state.
package apply

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"logferry/extract"
	"logferry/internal/config"
	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/internal/verify"
	"logferry/sinks/bucket"
)

// Options of a session.
type Options struct {
	Now     time.Time    // what the range is resolved at, and what the state is stamped with
	Version string       // stands in the files' metadata, in manifests and in User-Agent
	Events  Events       // may be nil
	Logger  *slog.Logger // may be nil

	// WithoutAPI opens a session that can only look at what was exported: it needs no credentials of the API, and no spool.
	WithoutAPI bool

	// Anchors are heads of the state that were written down elsewhere: where its history is not the one of then, Lock returns a
	// *verify.HistoryError, and nothing is built on it.
	Anchors []verify.Anchor

	// OnAnswer is told of every request to the API; see extract.ClientOptions. It may be nil.
	OnAnswer func(op extract.Op, status int, took time.Duration)

	// For tests that make things fail; nil otherwise. WrapBucket gets each bucket that is opened with the name of its sink, or
	// "" for one that holds the state alone; Hook is called at each write of the spool.
	WrapBucket    func(sink string, b bucket.Bucket) bucket.Bucket
	WrapTransport func(http.RoundTripper) http.RoundTripper
	Hook          func(point string)
}

func (o Options) withDefaults() Options {
	if o.Events == nil {
		o.Events = noEvents{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Run plans and carries the plan out, without asking anybody. The summary is nil only when nothing was begun; the error is
// that of the first partition that failed.
func Run(ctx context.Context, p *config.Pipeline, o Options) (*Summary, error) {
	s, err := Open(ctx, p, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	ctx, unlock, err := s.Lock(ctx, "apply", nil)
	if err != nil {
		return nil, err
	}
	defer unlock()
	pl, err := s.Plan(ctx, PlanOptions{})
	if err != nil {
		s.NotBegun(ctx, err)
		return nil, err
	}
	return s.Apply(ctx, pl)
}

// PlanOptions limit a plan.
type PlanOptions struct {
	Targets     []plan.Target
	Replace     []plan.Target
	RefreshOnly bool
	AllowDelete bool
	AllowFewer  bool
	NewestFirst bool
}

// Manifest returns what is known of a partition of the loaded state; ok says that the state has it.
func (s *Session) Manifest(ctx context.Context, project, partition string) (m *state.Manifest, ok bool, err error) {
	e, ok := s.state.Get(project, partition)
	if !ok {
		return nil, false, nil
	}
	m, err = s.store.Manifest(ctx, &e)
	return m, true, err
}
