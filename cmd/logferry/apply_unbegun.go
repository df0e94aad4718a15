package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"logferry/internal/apply"
	"logferry/internal/plan"
)

// unbegunError is why a run ended before it had a plan to carry out, with what is to be said of it as of a run.
type unbegunError struct {
	sum *apply.Summary
	err error
}

func (e *unbegunError) Error() string { return e.err.Error() }
func (e *unbegunError) Unwrap() error { return e.err }

// notBegun reports why a run did not begin. With --json a summary is the last line all the same.
func (a *app) notBegun(err error) error {
	if err == nil || !a.json {
		return err
	}
	sum := apply.NewSummary(version)
	sum.StartedAt, sum.Errors = time.Now().UTC(), []string{err.Error()}
	var unbegun *unbegunError
	if errors.As(err, &unbegun) {
		sum = unbegun.sum
	}
	if sum.Result != apply.Interrupted {
		a.printError(err)
	}
	return newJSONView(a).Summary(sum, &reportedError{err})
}

// planOfError says that there is no pipeline file to carry a saved plan out with.
type planOfError struct {
	pipeline string
	err      error
}

func (e *planOfError) Error() string { return e.err.Error() }
func (e *planOfError) Unwrap() error { return e.err }

// Hint is what the user can do about it.
func (e *planOfError) Hint() string {
	return fmt.Sprintf("the plan is of the pipeline %q: name the file that declares it with -f, as when the plan was made", e.pipeline)
}

// ofPlan explains an error of opening the pipeline that a saved plan, if there is one, is of.
func (a *app) ofPlan(saved *plan.Plan, err error) error {
	if saved == nil {
		return err
	}
	if _, statErr := os.Stat(a.file); errors.Is(statErr, fs.ErrNotExist) {
		return &planOfError{saved.Pipeline, err}
	}
	return err
}
