package apply

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"logferry/internal/verify"
)

// Result is how a run ended.
type Result string

// The results.
const (
	Succeeded   Result = "succeeded"
	Failed      Result = "failed"      // some partitions or all, or the run did not begin: see the summary's errors
	Interrupted Result = "interrupted" // by a signal
)

// LastRun is what an object beside the state tells of the last run, for whoever raises alarms: that it failed, or that none has
// ended for too long. Its JSON names are stable.
type LastRun struct {
	Format     int       `json:"format"` // 1
	FinishedAt time.Time `json:"finished_at"`
	Summary    *Summary  `json:"summary"`
}

// lastRunTimeout bounds the writing of the object, which an interrupted run does too.
const lastRunTimeout = 30 * time.Second

// Unbegun is the summary of a run that ended with err before its plan was made.
func (s *Session) Unbegun(ctx context.Context, err error) *Summary {
	sum := NewSummary(s.opts.Version)
	sum.Pipeline, sum.From, sum.To, sum.StartedAt = s.pipeline.Name, s.rng.From, s.rng.To, s.opts.Now.UTC()
	sum.Result, sum.Errors, sum.Reconcile.Mode = resultOf(ctx, err), []string{err.Error()}, s.pipeline.Reconcile
	if sum.Result == Interrupted {
		sum.Errors = []string{"interrupted before the plan was made"}
	}
	sum.DurationMS = max(time.Since(s.opts.Now).Milliseconds(), 0)
	var other *verify.HistoryError
	if !errors.As(err, &other) { // whose head is nothing to be written down
		sum.lies(s.state)
	}
	return sum
}

// NotBegun writes the summary of Unbegun. It needs the lock.
func (s *Session) NotBegun(ctx context.Context, err error) { s.note(ctx, s.Unbegun(ctx, err)) }

// note writes how the run ended, also where it was interrupted. That it can't is no failure of the run. A run that has lost its lock
// writes nothing more.
func (s *Session) note(ctx context.Context, sum *Summary) {
	if s.lock == nil || s.lock.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastRunTimeout)
	defer cancel()
	content, err := json.Marshal(LastRun{Format: 1, FinishedAt: time.Now().UTC(), Summary: sum})
	if err == nil {
		err = s.store.PutLastRun(ctx, append(content, '\n'))
	}
	if err != nil {
		s.opts.Logger.Warn("the last run's summary was not written", "error", err)
	}
}

func resultOf(ctx context.Context, err error) Result {
	switch {
	case err == nil:
		return Succeeded
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return Interrupted
	}
	return Failed
}
