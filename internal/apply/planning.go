package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"logferry/extract"
	"logferry/internal/plan"
	"logferry/internal/state"
)

// Plan says what has to be done so that the lake holds what is declared: it loads the state, lists what the sinks hold and
// asks the API for its usage counts. It writes nothing.
func (s *Session) Plan(ctx context.Context, o PlanOptions) (*plan.Plan, error) {
	var stored map[string]plan.Listing
	var st *state.State
	looking, lookCtx := errgroup.WithContext(ctx)
	looking.Go(func() (err error) { stored, err = s.list(lookCtx); return err })
	looking.Go(func() (err error) { st, err = s.Load(lookCtx); return err })
	if err := looking.Wait(); err != nil {
		return nil, err
	}
	pending, altered, err := s.replaced(ctx)
	if err != nil {
		return nil, err
	}
	pl, err := plan.Build(plan.Input{
		Pipeline: s.pipeline, Range: s.rng, Now: s.opts.Now, State: st, Version: s.opts.Version, Stored: stored, Pending: pending, Altered: altered,
		Targets: o.Targets, Replace: o.Replace, RefreshOnly: o.RefreshOnly, AllowDelete: o.AllowDelete, NewestFirst: o.NewestFirst,
	})
	if err != nil {
		return nil, err
	}
	facts, err := s.facts(ctx, pl)
	if err != nil {
		return nil, err
	}
	pl.AddEstimates(s.pipeline, st, facts)
	return pl, nil
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

const (
	usageTimeout = 30 * time.Second // for all usage counts of a plan
	mostRuns     = 12               // usage counts asked for, for one plan
)

// facts are what the API says for the estimates. Where they can't be had, the estimate comes from what the state has, with a
// warning. That the API refuses the only key is an error: nothing can be exported then.
func (s *Session) facts(ctx context.Context, pl *plan.Plan) (plan.Facts, error) {
	f := plan.Facts{Usage: map[plan.Run]int64{}}
	limited, cancel := context.WithTimeout(ctx, usageTimeout)
	defer cancel()
	if filter, ok := s.usageFilter(); ok {
		for i, run := range pl.Runs() {
			project, known := s.project(run.Project)
			if i == mostRuns || !known {
				break
			}
			n, err := usageCount(limited, project.client, run.From, run.To, filter)
			if err == nil {
				f.Usage[run] = n
				continue
			}
			var api *extract.APIError
			refused := errors.As(err, &api) && (api.Status == http.StatusUnauthorized || api.Status == http.StatusForbidden)
			switch {
			case ctx.Err() != nil:
				return f, context.Cause(ctx)
			case refused && len(s.projects) == 1:
				return f, err
			}
			pl.Warnings = append(pl.Warnings, fmt.Sprintf("the API's usage counts can't be had, so that the costs are guessed or unknown: %s", whyNoCounts(err)))
			break
		}
	}
	if b := s.governor.Snapshot(); b.Limit > 0 && b.Window > 0 {
		f.Limit = float64(b.Limit) * float64(time.Minute) / float64(b.Window)
	}
	return f, nil
}

// whyNoCounts is an error of a usage count with what the user can do about it.
func whyNoCounts(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %s; other requests may use the organisation's rate budget up", usageTimeout)
	}
	text := err.Error()
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" && !strings.Contains(text, h.Hint()) {
		text += "; " + h.Hint()
	}
	return text
}

// usageFilter is what of the source's filters the usage counts can apply; ok says that it is all of them.
func (s *Session) usageFilter() (filter extract.UsageRequest, ok bool) {
	for _, f := range s.pipeline.Source.Filters {
		switch {
		case f.Operator == "==" && f.Field == "user_id" && filter.UserIDs == nil:
			filter.UserIDs = []string{f.Value}
		case f.Operator == "==" && f.Field == "session_id" && filter.SessionIDs == nil:
			filter.SessionIDs = []string{f.Value}
		default:
			return extract.UsageRequest{}, false
		}
	}
	return filter, true
}

// usageCount asks how many tool calls [from, to), in whole milliseconds, has.
func usageCount(ctx context.Context, c *extract.Client, from, to time.Time, filter extract.UsageRequest) (int64, error) {
	filter.Range = extract.TimeRange{From: from.UnixMilli(), To: to.UnixMilli()}
	use, err := c.Usage(ctx, filter)
	if err != nil {
		return 0, err
	}
	calls, ok := use["tool_calls"]
	if !ok {
		return 0, errors.New("the usage counts have no tool_calls")
	}
	return calls.EventCount, nil
}
