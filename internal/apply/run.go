package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"logferry/extract"
	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/internal/window"
	"logferry/sinks/bucket"
)

// run is one plan being carried out.
type run struct {
	*Session
	plan  *plan.Plan
	start time.Time
	board *board
	least atomic.Int64 // list and detail requests that would have done

	operation string    // that commits name; "" is apply
	erasures  *erasures // partitions that something was erased from before the run

	committing sync.Mutex // guards the session's state, and claimed
	claimed    bool
	mu         sync.Mutex // guards what follows
	summary    *Summary
	failed     []error
	disagreed  []error
}

// Apply carries the plan out, partition after partition, and returns when everything that it started has ended. A partition
// that fails does not stop the others, unless its error stands for all of them: then Apply ends early. It needs the lock,
// and ctx is the one that Lock returned. The error is that of the first partition that failed, a *plan.StaleError where the
// plan was made of something else, or a *ReconcileError.
func (s *Session) Apply(ctx context.Context, pl *plan.Plan) (*Summary, error) {
	if s.lock == nil {
		return nil, errNoLock
	}
	if err := pl.Current(s.pipeline.Name, s.pipeline.Hash(), s.state.Lineage, s.state.Serial); err != nil {
		s.NotBegun(ctx, err)
		return nil, err
	}
	r := &run{Session: s, plan: pl, start: time.Now()}
	steps, err := r.steps()
	if err != nil {
		s.NotBegun(ctx, err)
		return nil, err
	}
	r.board = &board{start: r.start, ended: Snapshot{Declared: len(steps), Expected: expected(pl), Planned: time.Duration(max(pl.Estimate.Minutes, 0) * float64(time.Minute))}}
	r.summary = r.newSummary()
	s.opts.Events.Started(r.started(), r.snapshot)

	outer := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := r.removeStrays(ctx); err != nil {
		r.failed = append(r.failed, err)
	} else {
		r.all(ctx, cancel, steps)
	}
	err = r.result(ctx)
	if err == nil {
		s.sweepSpool(ctx, pl)
	}
	r.finish(resultOf(outer, err), err)
	r.note(outer, r.summary)
	if err == nil {
		s.removeUnfinished(ctx)
	}
	s.warnOfAssumedLimit(r.summary.Requests.Total)
	return r.summary, err
}

var errNoLock = errors.New("nothing is written without the lock")

// stepsAtOnce is how many partitions are in work at the same time, so that the requests go on while one is written.
func stepsAtOnce(g window.Granularity) int {
	if g == window.Hour {
		return 4
	}
	return 2
}

// all runs the steps, some at once; removals only when everything before them has succeeded.
func (r *run) all(ctx context.Context, cancel context.CancelCauseFunc, steps []*step) {
	var group errgroup.Group
	group.SetLimit(stepsAtOnce(r.pipeline.Range.Partition))
	for _, s := range steps {
		if s.plan.Action == plan.Delete {
			continue
		}
		group.Go(func() error {
			r.one(ctx, cancel, s)
			return nil
		})
	}
	_ = group.Wait() // the steps' errors are collected in failed
	if err := r.refuseDeletes(ctx, steps); err != nil {
		r.failed = append(r.failed, err)
	}
	for _, s := range steps {
		if s.plan.Action == plan.Delete && len(r.failed) == 0 {
			r.one(ctx, cancel, s)
		}
	}
}

func (r *run) one(ctx context.Context, cancel context.CancelCauseFunc, s *step) {
	if ctx.Err() != nil {
		return
	}
	r.board.begin(s)
	r.opts.Events.StepStarted(s.plan.Name())
	res, err := s.result(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	cause := context.Cause(ctx)
	if err != nil && cause != nil && res.Version == 0 && (errors.Is(err, cause) || errors.Is(err, context.Canceled)) {
		// Ended by an interrupt, a lost lock or another partition's error before it was committed: not a failure of its own.
		res.Error, res.Abandoned = "", true
	}
	r.board.end(s, res)
	r.summary.add(res)
	if err != nil && !res.Abandoned {
		var disagreement *ReconcileError
		if errors.As(err, &disagreement) {
			r.disagreed = append(r.disagreed, err)
		} else {
			r.failed = append(r.failed, err)
		}
		if r.concernsAll(err) {
			cancel(err)
		}
	}
	r.opts.Events.StepDone(res)
}

// concernsAll says that an error of one partition will be met by every other one too: the API refuses the only key or
// can't be reached, somebody else writes the state, or a record that can't be read is to end the run.
func (r *run) concernsAll(err error) bool {
	var api *extract.APIError
	if errors.As(err, &api) && api.Op == extract.OpList && len(r.projects) == 1 {
		return api.Status == http.StatusUnauthorized || api.Status == http.StatusForbidden
	}
	var bad *BadRecordError
	var unreachable *extract.UnreachableError
	var conflict *state.ConflictError
	return errors.As(err, &bad) || errors.As(err, &unreachable) || errors.As(err, &conflict)
}

// result is the error of a run: the interruption, or what concerned all partitions, or the first failure.
func (r *run) result(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	failed := append(r.failed, r.disagreed...)
	switch len(failed) {
	case 0:
		return nil
	case 1:
		return failed[0]
	}
	return fmt.Errorf("%d partitions failed, the first: %w", len(failed), failed[0])
}

// removeStrays removes the data files that no state names and no step is about to replace.
func (r *run) removeStrays(ctx context.Context) error {
	for _, o := range r.plan.Strays {
		sink := r.sink(o.Sink)
		if sink == nil {
			continue
		}
		err := sink.Delete(ctx, o.Key)
		switch {
		case errors.Is(err, bucket.ErrRetained):
			_ = r.left(err)
		case err != nil:
			return fmt.Errorf("remove a file that no state names: %w", err)
		default:
			r.summary.StraysRemoved++
		}
	}
	return nil
}

// commit appends to the chain of commits.
func (r *run) commit(ctx context.Context, c state.Change) error {
	r.committing.Lock()
	defer r.committing.Unlock()
	c.Operation, c.Config = cmp.Or(r.operation, "apply"), r.plan.Config
	if err := r.store.Commit(ctx, r.state, c); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (r *run) snapshot() Snapshot {
	s := r.board.snapshot()
	n := r.progress.Snapshot()
	s.Requests = n.ListRequests + n.DetailRequests + n.UsageRequests
	s.Rate = r.governor.Snapshot()
	return s
}

// BadRecordError ends a run whose pipeline says `on_bad_record: fail`.
type BadRecordError struct {
	ID        string // "" where it could not be read
	Reason    string
	LastError string // "" where there was no request to fail
}

func (e *BadRecordError) Error() string {
	text := "a record without a readable id"
	if e.ID != "" {
		text = "record " + e.ID
	}
	text += " can't be had whole: " + e.Reason
	if e.LastError != "" {
		text += ": " + e.LastError
	}
	return text
}

// Hint is what the user can do about it.
func (e *BadRecordError) Hint() string {
	return "extract.on_bad_record: quarantine exports what is known of such records and puts the rest aside"
}
