package apply

import (
	"context"

	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/internal/verify"
)

// VerifyOptions say what is verified.
type VerifyOptions struct {
	Targets  []plan.Target
	Deep     bool
	Census   bool // list the partitions again, which asks the API
	Progress func(name string)
}

// Verify reads back what is in the buckets and compares it with what the state says, and with a census with what the API
// lists. It takes no lock.
func (s *Session) Verify(ctx context.Context, o VerifyOptions) (*verify.Report, error) {
	report, err := verify.Run(ctx, verify.Options{
		Store: s.store, Sinks: s.sinks, Schema: s.flattener.Schema(), Shape: state.Shape(s.pipeline.Shape()).Hash(),
		Dir: s.dir, Deep: o.Deep, Targets: o.Targets, Progress: o.Progress,
	})
	if err != nil || !o.Census || report.Head == "" {
		return report, err
	}
	return report, s.census(ctx, o.Targets, report)
}
