package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"logferry/extract"
	"logferry/internal/plan"
	"logferry/internal/state"
)

const (
	askTimeout = 30 * time.Second // for all usage counts of a plan
	mostRuns   = 12               // usage counts asked for, for one plan
)

// answers are what the API said while a plan was made.
type answers struct {
	facts  plan.Facts
	failed []projectError // in the order in which they were asked
	heard  map[string]bool
}

// projectError is why the usage counts of a project can't be had.
type projectError struct {
	project string
	err     error
}

func (a *answers) failure(project string) error {
	for _, f := range a.failed {
		if f.project == project {
			return f.err
		}
	}
	return nil
}

// refusedKey is the first answer that does not accept a key.
func (a *answers) refusedKey() error {
	for _, f := range a.failed {
		if refusesKey(f.err) {
			return f.err
		}
	}
	return nil
}

// warnings say why costs are not known.
func (a *answers) warnings() []string {
	var out []string
	for _, f := range a.failed {
		of := ""
		if f.project != "" {
			of = " of the project " + f.project
		}
		out = append(out, fmt.Sprintf("the API's usage counts%s can't be had, so that the costs are guessed or unknown: %s", of, whyNoCounts(f.err)))
	}
	return out
}

// ask asks for the usage counts that a plan's costs are estimated by. What it can't have is no error, but for the end of ctx.
func (s *Session) ask(ctx context.Context, pl *plan.Plan, st *state.State) (*answers, error) {
	a := &answers{facts: plan.Facts{Usage: map[plan.Run]int64{}}, heard: map[string]bool{}}
	limited, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	filter, ok := s.usageFilter()
	a.facts.Uncounted = !ok
	runs := pl.Runs(st)
	if ok && len(runs) > 0 {
		done := s.asking("the API's usage counts")
		defer done()
		for _, run := range runs[:min(len(runs), mostRuns)] {
			if a.failure(run.Project) != nil {
				continue
			}
			n, err := s.count(limited, run, filter)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if err != nil {
				a.failed = append(a.failed, projectError{run.Project, err})
				if isUnreachable(err) || limited.Err() != nil {
					break
				}
				continue
			}
			a.facts.Usage[run], a.heard[run.Project] = n, true
		}
	}
	return a, nil
}

func (s *Session) count(ctx context.Context, run plan.Run, filter extract.UsageRequest) (int64, error) {
	client, err := s.counter(run.Project)
	if err != nil {
		return 0, err
	}
	return usageCount(ctx, client, run.From, run.To, filter)
}

// reach makes sure that the API can be asked for what the plan lists, by as few requests as possible. The error is an
// *UnaskedError, or the end of ctx.
func (s *Session) reach(ctx context.Context, pl *plan.Plan, a *answers) error {
	limited, cancel := context.WithTimeout(ctx, countGiveUp)
	defer cancel()
	var looked []string
	for i := range pl.Steps {
		step := &pl.Steps[i]
		if len(step.List) == 0 || a.heard[step.Project] || slices.Contains(looked, step.Project) {
			continue
		}
		looked = append(looked, step.Project)
		err := a.failure(step.Project)
		if err == nil && len(a.failed) > 0 && isUnreachable(a.failed[len(a.failed)-1].err) {
			err = a.failed[len(a.failed)-1].err // the projects share one address
		}
		if !isUnreachable(err) && !refusesKey(err) {
			err = s.lookAt(limited, step)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && !throttled(err) {
			return &UnaskedError{Project: step.Project, Err: err}
		}
	}
	return nil
}

// errBudget says that a request was not sent, as it waited for the rate budget.
var errBudget = errors.New("the rate budget is used up")

// throttled says that it is the rate budget that keeps requests: then the API has answered.
func throttled(err error) bool {
	var api *extract.APIError
	if errors.As(err, &api) {
		return api.Status == http.StatusTooManyRequests
	}
	var paused *extract.PausedError
	var refused *extract.RefusedError
	return errors.Is(err, errBudget) || errors.As(err, &paused) || errors.As(err, &refused)
}

// lookAt asks for one record of what a step lists. Its error is errBudget where it was not its turn in time.
func (s *Session) lookAt(ctx context.Context, step *plan.Step) error {
	defer s.asking("the API")()
	var sent atomic.Bool
	client, err := s.counterTold(step.Project, func(op extract.Op, status int, took time.Duration) {
		sent.Store(true)
		if s.opts.OnAnswer != nil {
			s.opts.OnAnswer(op, status, took)
		}
	})
	if err != nil {
		return err
	}
	l := step.List[0]
	_, err = client.List(ctx, extract.ListRequest{
		Range: extract.TimeRange{From: l.From.UnixMilli(), To: l.To.UnixMilli()}, Filters: filters(s.pipeline.Source.Filters), Limit: 1,
	})
	switch {
	case !errors.Is(err, context.DeadlineExceeded) || isUnreachable(err):
		return err
	case sent.Load():
		return &extract.TimeoutError{Op: extract.OpList, Limit: countGiveUp}
	}
	return errBudget
}

func isUnreachable(err error) bool {
	var unreachable *extract.UnreachableError
	return errors.As(err, &unreachable)
}

// refusesKey says that the API does not accept the key, for whatever it is asked.
func refusesKey(err error) bool {
	var api *extract.APIError
	return errors.As(err, &api) && api.Status == http.StatusUnauthorized
}

// whyNoCounts is an error of a usage count with what the user can do about it.
func whyNoCounts(err error) string {
	if errors.Is(err, context.DeadlineExceeded) && !isUnreachable(err) {
		return fmt.Sprintf("no answer within %s; other requests may use the organisation's rate budget up", askTimeout)
	}
	text := err.Error()
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" && !strings.Contains(text, h.Hint()) {
		text += "; " + h.Hint()
	}
	return text
}

// UnaskedError says that the API can't be reached or refuses a key, so that a plan is right about what has to be done, and its
// costs are guessed or unknown.
type UnaskedError struct {
	Project string // "" where none are declared
	Err     error
}

func (e *UnaskedError) Error() string {
	of := ""
	if e.Project != "" {
		of = " for the project " + e.Project
	}
	return fmt.Sprintf("the API could not be asked%s, so that the plan's costs are guessed or unknown: %v", of, e.Err)
}

// Unwrap returns why.
func (e *UnaskedError) Unwrap() error { return e.Err }
