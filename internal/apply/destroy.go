package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"logferry/internal/plan"
	"logferry/internal/state"
)

// destroyAtOnce is how many removed partitions one commit records.
const destroyAtOnce = 256

// recordTime is how long an interrupted removal tries to record what it has removed.
const recordTime = 10 * time.Second

// Destroy removes every partition that the state has, or those targeted: their files first, then their place in the state.
// It needs the lock. progress, which may be nil, is told of each partition that is gone. Where a bucket keeps any of their files,
// nothing is removed and the error is a *RetainedError.
func (s *Session) Destroy(ctx context.Context, entries []state.Entry, progress func(state.Entry)) error {
	if err := s.refuseRetained(ctx, entries); err != nil {
		return err
	}
	var gone []state.EntryKey
	record := func() error {
		if len(gone) == 0 {
			return nil
		}
		// Also when ctx has ended: what is gone is gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
		defer cancel()
		err := s.store.Commit(ctx, s.state, state.Change{Operation: "destroy", Config: s.pipeline.Hash(), Remove: gone})
		gone = nil
		return err
	}
	for _, e := range entries {
		err := s.removeEntry(ctx, e, func(_ context.Context, c state.Change) error {
			gone = append(gone, c.Remove...)
			return nil
		})
		if err != nil {
			return fmt.Errorf("remove %s: %w", e.Name(), errors.Join(err, record()))
		}
		if progress != nil {
			progress(e)
		}
		if len(gone) == destroyAtOnce {
			if err := record(); err != nil {
				return fmt.Errorf("record what was removed: %w", err)
			}
		}
	}
	if err := record(); err != nil {
		return fmt.Errorf("record what was removed: %w", err)
	}
	if s.state.Len() == 0 { // what waits to be written is part of what was asked to go
		s.sweepSpool(ctx, &plan.Plan{})
	}
	return nil
}

// Forget takes partitions out of the state and leaves their files where they are. It needs the lock.
func (s *Session) Forget(ctx context.Context, entries []state.Entry) error {
	c := state.Change{Operation: "state rm", Config: s.pipeline.Hash()}
	for _, e := range entries {
		c.Remove = append(c.Remove, e.EntryKey())
	}
	if err := s.store.Commit(ctx, s.state, c); err != nil {
		return fmt.Errorf("forget the partitions: %w", err)
	}
	return nil
}

// Select returns the state's partitions that the targets name, all where there are none. A target that names nothing is a
// *plan.TargetError.
func (s *Session) Select(targets []plan.Target) ([]state.Entry, error) {
	return plan.Select(s.state, targets)
}
