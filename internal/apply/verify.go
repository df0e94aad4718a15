package apply

import (
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/internal/verify"
)

// VerifyOptions say what is verified.
type VerifyOptions struct {
	Targets  []plan.Target
	Deep     bool
	Census   bool                // list the partitions again, which asks the API
	Anchors  []verify.Anchor     // heads that were written down elsewhere
	Keys     []ed25519.PublicKey // to check the signatures of commits with
	Progress func(name string)
}

// NoStateError says that there is no state where one was looked for.
type NoStateError struct {
	Place   string
	Archive bool // it was looked for in what was given, without a pipeline file
}

func (e *NoStateError) Error() string { return "there is no state at " + e.Place }

// Hint is what the user can do about it.
func (e *NoStateError) Hint() string {
	if e.Archive {
		return "check the place and --state; where the state was lost, restore it from a copy: without it nothing can be said of the files"
	}
	return "check name, state.url, the first sink's url and, where that is a relative path, the working folder; `logferry apply` begins a state"
}

// NoState is the error that there is no state where this pipeline's would be.
func (s *Session) NoState() error { return &NoStateError{Place: s.place.String()} }

// Verify reads back what is in the buckets and compares it with what the state says, and with a census with what the API
// lists. It takes no lock and writes nothing to a bucket. Where there is no state, the error is a *NoStateError.
func (s *Session) Verify(ctx context.Context, o VerifyOptions) (*verify.Report, error) {
	start := time.Now()
	st, err := s.store.Load(ctx)
	var broken *state.UnusableError // which is a finding
	switch {
	case err != nil && !errors.As(err, &broken):
		return nil, err
	case err == nil && st.Serial == 0:
		s.state = st
		return nil, errors.Join(s.checkOwners(ctx), s.NoState())
	}
	report, err := verify.Run(ctx, verify.Options{
		Store: s.store, Sinks: s.sinks, Schema: s.flattener.Schema(), Shape: state.Shape(s.pipeline.Shape()).Hash(),
		Dir: s.dir, Deep: o.Deep, Targets: o.Targets, Anchors: o.Anchors, Keys: o.Keys, Progress: o.Progress,
	})
	if err != nil || !o.Census || broken != nil {
		return report, err
	}
	err = s.census(ctx, o.Targets, report)
	report.DurationMS = time.Since(start).Milliseconds()
	return report, err
}
