// Package apply makes the lake hold what a pipeline declares. It is the only place that wires the rooms together:
// configuration into options, partitions into steps, and each step's records from the API through the spool and the
// flattener into the sinks.
package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"logferry/extract"
	"logferry/internal/config"
	"logferry/internal/window"
)

// Options of a run.
type Options struct {
	Now     time.Time
	Version string       // stands in the files' metadata and in User-Agent
	Events  Events       // may be nil
	Logger  *slog.Logger // may be nil
}

// Run exports the pipeline's whole range, partition after partition, and returns when everything that it started has
// ended. A partition that fails does not stop the others, unless its error stands for all of them: then Run ends early.
// The summary is nil only when nothing was begun; the error is that of the first partition that failed.
func Run(ctx context.Context, p *config.Pipeline, o Options) (*Summary, error) {
	if o.Events == nil {
		o.Events = noEvents{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	rng, err := p.Range.Resolve(o.Now)
	if err != nil {
		return nil, err
	}
	dir, remove, err := workDir(p.Name)
	if err != nil {
		return nil, err
	}
	defer remove()
	r, err := open(ctx, p, rng, dir, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	return r.run(ctx)
}

// stepsAtOnce is how many partitions are in work at the same time, so that the requests go on while one is written.
func stepsAtOnce(g window.Granularity) int {
	if g == window.Hour {
		return 4
	}
	return 2
}

func (r *runner) run(ctx context.Context) (*Summary, error) {
	start := time.Now()
	steps := r.steps()
	r.board = &board{start: start, ended: Snapshot{Declared: len(steps)}}
	sum := r.newSummary(start, len(steps))
	r.opts.Events.Started(r.started(len(steps)), r.snapshot)

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var asking sync.WaitGroup
	asking.Go(func() { r.expect(ctx) })
	failed := r.runSteps(ctx, cancel, steps, sum)
	err := runError(ctx, failed)
	cancel(nil)
	asking.Wait()
	r.finish(sum, start)
	return sum, err
}

// runSteps runs the steps, some at once, and returns the errors of those that failed.
func (r *runner) runSteps(ctx context.Context, cancel context.CancelCauseFunc, steps []*step, sum *Summary) []error {
	var mu sync.Mutex // guards sum and failed
	var failed []error
	var group errgroup.Group
	group.SetLimit(stepsAtOnce(r.pipeline.Range.Partition))
	for _, s := range steps {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			r.board.begin(s)
			r.opts.Events.StepStarted(s.name())
			res, err := s.run(ctx)
			mu.Lock()
			defer mu.Unlock()
			if cause := context.Cause(ctx); err != nil && cause != nil && errors.Is(err, cause) {
				// Ended by an interrupt or by another partition's error: not a failure of its own.
				res.Error, res.Abandoned = "", true
			}
			r.board.end(s, res)
			sum.add(res)
			if err != nil && !res.Abandoned {
				failed = append(failed, err)
				if r.concernsAll(err) {
					cancel(err)
				}
			}
			r.opts.Events.StepDone(res)
			return nil
		})
	}
	_ = group.Wait() // the steps' errors are collected above
	return failed
}

// concernsAll says that an error of one partition will be met by every other one too: the API refuses the only key or
// can't be reached, or a record that can't be read is to end the run.
func (r *runner) concernsAll(err error) bool {
	var api *extract.APIError
	if errors.As(err, &api) && api.Op == extract.OpList && len(r.projects) == 1 {
		return api.Status == http.StatusUnauthorized || api.Status == http.StatusForbidden
	}
	var bad *BadRecordError
	var unreachable *extract.UnreachableError
	return errors.As(err, &bad) || errors.As(err, &unreachable)
}

// runError is the error of a run: the interruption, or what concerned all partitions, or the first failure.
func runError(ctx context.Context, failed []error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	switch len(failed) {
	case 0:
		return nil
	case 1:
		return failed[0]
	}
	return fmt.Errorf("%d partitions failed, the first: %w", len(failed), failed[0])
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
