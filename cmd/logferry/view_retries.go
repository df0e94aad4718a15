package main

import (
	"time"

	"logferry/internal/apply"
)

// retries tells of nothing but what is waited for and requests that are repeated, for commands that show no run.
type retries struct {
	*waits
}

// newRetries makes one that log lines go through, too.
func newRetries(a *app) *retries {
	r := &retries{waits: &waits{a: a}}
	a.logs = r
	return r
}

// Started implements apply.Events.
func (*retries) Started(apply.Started, func() apply.Snapshot) {}

// StepStarted implements apply.Events.
func (*retries) StepStarted(string) {}

// Retrying implements apply.Events.
func (r *retries) Retrying(err error, pause time.Duration) { logRetry(r.a.logger(), err, pause) }

// StepDone implements apply.Events.
func (*retries) StepDone(apply.StepResult) {}
