package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// cleanupTime is how long removing something may take after its caller's context has ended.
const cleanupTime = 10 * time.Second

// Probe finds out whether the bucket creates an object only if absent: it creates one under a key of its own, tries to
// create it again, and removes it. A bucket that doesn't is a *ConditionError.
func (s *Store) Probe(ctx context.Context) error {
	key := probeFolder + s.o.NewID()
	defer func() {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
		defer cancel()
		_ = s.bucket.Delete(cleanup, s.prefix+key) // Objects reports what is left
	}()
	// Under a key that nobody else has, an object that is there is our own: the request was repeated.
	if err := s.tryCreate(ctx, key, "first"); err != nil && !errors.Is(err, fs.ErrExist) {
		if errors.Is(err, fs.ErrPermission) || ctx.Err() != nil || s.upload(ctx, key, nil) != nil {
			return fmt.Errorf("try the state's bucket out: %w", err)
		}
		return &ConditionError{Key: s.prefix + key, Err: err}
	}
	err := s.tryCreate(ctx, key, "second")
	switch {
	case err == nil:
		return &ConditionError{Key: s.prefix + key}
	case errors.Is(err, fs.ErrExist):
		return nil
	}
	return fmt.Errorf("try the state's bucket out: %w", err)
}

func (s *Store) tryCreate(ctx context.Context, key, text string) error {
	return s.bucket.Create(ctx, s.prefix+key, strings.NewReader(text), int64(len(text)), "text/plain")
}
