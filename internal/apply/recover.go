package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"logferry/internal/plan"
	"logferry/internal/state"
)

// note is what a killed run noted before it replaced files in place, and how far it came.
type note struct {
	manifest *state.Manifest
	current  bool          // it goes on from what the state has now; otherwise it is of no use any more
	there    []plan.Object // its files that arrived
}

// arrived says that all files are in their places: only the commit is missing.
func (n *note) arrived() bool { return n.current && len(n.there) == len(n.manifest.Files) }

// notes reads the notes of killed runs and looks which of their files arrived.
func (s *Session) notes(ctx context.Context) ([]note, error) {
	pending, err := s.store.Pending(ctx)
	if err != nil {
		return nil, err
	}
	var out []note
	for _, m := range pending {
		entry, _ := s.state.Get(m.Project, m.Partition)
		n := note{manifest: m, current: m.Lineage == s.state.Lineage && m.Previous == entry.Manifest}
		for _, f := range m.Files {
			if !n.current {
				break
			}
			there, err := s.isThere(ctx, f)
			if err != nil {
				return nil, fmt.Errorf("look at what a killed run left of %s: %w", entry.Name(), err)
			}
			if there {
				n.there = append(n.there, plan.Object{Sink: f.Sink, Key: f.Key, Size: f.Size})
			}
		}
		out = append(out, n)
	}
	return out, nil
}

// isThere says whether a file is in its sink with the size and hash of the manifest.
func (s *Session) isThere(ctx context.Context, f state.File) (bool, error) {
	sink := s.sink(f.Sink)
	if sink == nil {
		return false, nil
	}
	sum, size, err := sink.HashObject(ctx, f.Key, io.Discard)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && size == f.Size && sum == f.SHA256, err
}

// complete finishes what a killed run had begun: a partition whose files were replaced in place is committed where all of
// them arrived. Where only some did, the note stays until the partition is written anew.
func (s *Session) complete(ctx context.Context) error {
	if err := unlessRetained(s.store.SweepPending(ctx)); err != nil {
		return err
	}
	notes, err := s.notes(ctx)
	if err != nil {
		return err
	}
	for _, n := range notes {
		if n.arrived() {
			if err := s.commitPending(ctx, n.manifest); err != nil {
				return err
			}
		}
		if n.arrived() || len(n.there) == 0 {
			if err := unlessRetained(s.store.DropPending(ctx, n.manifest)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Session) commitPending(ctx context.Context, m *state.Manifest) error {
	sha, err := s.store.PutManifest(ctx, m)
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	change := state.Change{Operation: operationOf(m), Config: s.pipeline.Hash(), Set: []state.Entry{m.Entry(sha, retryAt(m, s.opts.Now))}}
	if shape := state.Shape(s.pipeline.Shape()); shape.Hash() == m.Shape {
		change.Shapes = map[string]state.Shape{m.Shape: shape}
	}
	if err := s.store.Commit(ctx, s.state, change); err != nil {
		return fmt.Errorf("commit what a killed run had written: %w", err)
	}
	s.opts.Logger.Info("completed what a killed run had written", "partition", m.Partition)
	return s.removeReplaced(ctx, m)
}

// operationOf is what a run did that was killed before it could commit a manifest.
func operationOf(m *state.Manifest) string {
	if m.Action == string(eraseAction) {
		return m.Action
	}
	return "apply"
}

// replaced sorts the files that killed runs put in the place of others: those that a later run only has to commit, and
// those whose partition has to be written anew.
func (s *Session) replaced(ctx context.Context) (pending, altered map[plan.Object]bool, err error) {
	notes, err := s.notes(ctx)
	if err != nil {
		return nil, nil, err
	}
	pending, altered = map[plan.Object]bool{}, map[plan.Object]bool{}
	s.halfDone = map[string]bool{}
	for _, n := range notes {
		to := altered
		if n.arrived() {
			to = pending
		} else if len(n.there) > 0 {
			s.halfDone[(&state.EntryKey{Project: n.manifest.Project, Partition: n.manifest.Partition}).String()] = true
		}
		for _, o := range n.there {
			to[o] = true
		}
	}
	return pending, altered, nil
}
