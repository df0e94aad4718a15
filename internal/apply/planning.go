package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"logferry/internal/plan"
	"logferry/internal/state"
)

// Plan says what has to be done so that the lake holds what is declared: it loads the state, lists what the sinks hold and
// asks the API for its usage counts, without which it is told by a warning that costs are guessed or unknown. It writes nothing.
// The API's refusing the only key is an error: nothing can be exported then.
func (s *Session) Plan(ctx context.Context, o PlanOptions) (*plan.Plan, error) {
	pl, asked, err := s.plan(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := asked.refusedKey(); err != nil && len(s.projects) == 1 {
		return nil, err
	}
	s.estimate(pl, asked)
	return pl, nil
}

// Preview is Plan for who only looks, and wants to know whether the plan could be carried out: where planning has no answer
// of a project that it would list, it asks for one page of that. A plan that comes together with an *UnaskedError says what
// has to be done, and not what it will cost.
func (s *Session) Preview(ctx context.Context, o PlanOptions) (*plan.Plan, error) {
	pl, asked, err := s.plan(ctx, o)
	if err != nil {
		return nil, err
	}
	err = s.reach(ctx, pl, asked)
	var unasked *UnaskedError
	switch {
	case errors.As(err, &unasked):
		asked.failed = nil // the error says it
	case err != nil:
		return nil, err
	}
	s.estimate(pl, asked)
	return pl, err
}

// estimate adds the costs, and what there is to say about them.
func (s *Session) estimate(pl *plan.Plan, a *answers) {
	if b := s.governor.Snapshot(); b.Limit > 0 && b.Window > 0 {
		a.facts.Limit = float64(b.Limit) * float64(time.Minute) / float64(b.Window)
	}
	pl.AddEstimates(s.pipeline, s.state, a.facts)
	pl.Warnings = append(pl.Warnings, a.warnings()...)
}

// plan makes a plan without estimates, and says what became of the requests for its estimates.
func (s *Session) plan(ctx context.Context, o PlanOptions) (*plan.Plan, *answers, error) {
	var stored map[string]plan.Listing
	var st *state.State
	looking, lookCtx := errgroup.WithContext(ctx)
	looking.Go(func() (err error) { stored, err = s.list(lookCtx); return err })
	looking.Go(func() (err error) { st, err = s.Load(lookCtx); return err })
	if err := looking.Wait(); err != nil {
		return nil, nil, err
	}
	pending, altered, err := s.replaced(ctx)
	if err != nil {
		return nil, nil, err
	}
	pl, err := plan.Build(plan.Input{
		Pipeline: s.pipeline, Range: s.rng, Now: s.opts.Now, State: st, Version: s.opts.Version, Stored: stored, Pending: pending, Altered: altered,
		Targets: o.Targets, Replace: o.Replace, RefreshOnly: o.RefreshOnly, AllowDelete: o.AllowDelete, AllowFewer: o.AllowFewer, NewestFirst: o.NewestFirst,
	})
	if err != nil {
		return nil, nil, err
	}
	s.leaveRetained(ctx, pl)
	asked, err := s.ask(ctx, pl, st)
	if err != nil {
		return nil, nil, err
	}
	return pl, asked, nil
}

// list returns the data files of every sink.
func (s *Session) list(ctx context.Context) (map[string]plan.Listing, error) {
	out := map[string]plan.Listing{}
	for _, sink := range s.sinks {
		listing, err := listTable(ctx, sink)
		if err != nil {
			return nil, fmt.Errorf("look at what the sink holds: %w", err)
		}
		out[sink.Name()] = listing
	}
	return out, nil
}
