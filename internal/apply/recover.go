package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/sinks"
)

// complete finishes what a killed run had begun: a partition whose files were replaced in place is committed where all of
// them arrived. Where they did not, the plan finds which files are not what the state says.
func (s *Session) complete(ctx context.Context) error {
	if err := s.store.SweepPending(ctx); err != nil {
		return err
	}
	pending, err := s.store.Pending(ctx)
	if err != nil {
		return err
	}
	for _, m := range pending {
		entry, _ := s.state.Get(m.Project, m.Partition)
		if m.Lineage == s.state.Lineage && m.Previous == entry.Manifest {
			arrived, err := s.arrived(ctx, m)
			if err != nil {
				return fmt.Errorf("look at what a killed run left of %s: %w", entry.Name(), err)
			}
			if arrived {
				if err := s.commitPending(ctx, m); err != nil {
					return err
				}
			}
		}
		if err := s.store.DropPending(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// arrived says whether every file is in its sink as the manifest says.
func (s *Session) arrived(ctx context.Context, m *state.Manifest) (bool, error) {
	for _, f := range m.Files {
		sink := s.sink(f.Sink)
		if sink == nil {
			return false, nil
		}
		sum, size, err := hashOf(ctx, sink, f.Key)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if size != f.Size || sum != f.SHA256 {
			return false, nil
		}
	}
	return true, nil
}

func hashOf(ctx context.Context, sink *sinks.Sink, key string) (sum string, size int64, err error) {
	body, err := sink.OpenObject(ctx, key)
	if err != nil {
		return "", 0, err
	}
	defer body.Close()
	h := sha256.New()
	if size, err = io.Copy(h, body); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

func (s *Session) commitPending(ctx context.Context, m *state.Manifest) error {
	sha, err := s.store.PutManifest(ctx, m)
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	change := state.Change{Operation: "apply", Config: s.pipeline.Hash(), Set: []state.Entry{m.Entry(sha, retryAt(m, s.opts.Now))}}
	if shape := state.Shape(s.pipeline.Shape()); shape.Hash() == m.Shape {
		change.Shapes = map[string]state.Shape{m.Shape: shape}
	}
	if err := s.store.Commit(ctx, s.state, change); err != nil {
		return fmt.Errorf("commit what a killed run had written: %w", err)
	}
	s.opts.Logger.Info("completed what a killed run had written", "partition", m.Partition)
	keep := map[plan.Object]bool{}
	for _, f := range m.Files {
		keep[plan.Object{Sink: f.Sink, Key: f.Key}] = true
	}
	for _, sink := range s.sinks {
		if err := removeParts(ctx, sink, sinks.PartitionPrefix(m.Project, m.Partition), keep); err != nil {
			return err
		}
	}
	return nil
}
