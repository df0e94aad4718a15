package state

import (
	"context"
	"fmt"
)

// lastRunFile says how the last run ended. It is overwritten by every run, and nothing of logferry reads it.
const lastRunFile = "last-run.json"

// PutLastRun writes how a run ended, as JSON, beside the commits, for whoever raises alarms.
func (s *Store) PutLastRun(ctx context.Context, content []byte) error {
	if err := s.upload(ctx, lastRunFile, content); err != nil {
		return fmt.Errorf("write %s: %w", lastRunFile, err)
	}
	return nil
}
