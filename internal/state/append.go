package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/go-json-experiment/json"
)

// prepared is a commit that was made ready, and may have been written although the bucket said otherwise.
type prepared struct {
	change     string // digest of the Change it was made for
	commit     *Commit
	content    []byte
	checkpoint *checkpoint // written with it, or nil
}

// Commit appends one commit with the changes to the state, and the checkpoint that is due with it. st is moved on when the
// commit is written, and left as it was on an error.
//
// Where another run wrote the commit with this serial first, the error is a *ConflictError; st is out of date then. After
// any other error the commit may have been written or not: calling again with the same State finds out, and never
// writes the same change twice.
//
// With a signing key the signature is written before the commit, so that no commit is ever without it, and the error is a
// *ForeignHeadError where the newest commit is not signed by that key.
func (s *Store) Commit(ctx context.Context, st *State, c Change) error {
	if err := s.commit(ctx, st, c.normal()); err != nil {
		return fmt.Errorf("commit %s: %w", c.Operation, err)
	}
	return nil
}

func (s *Store) commit(ctx context.Context, st *State, c Change) error {
	if st.Pipeline != s.pipeline {
		return fmt.Errorf("the state is of the pipeline %q, not of %q", st.Pipeline, s.pipeline)
	}
	digest, err := c.digest()
	if err != nil {
		return err
	}
	if err := s.CheckHead(ctx, st); err != nil { // a signature is over all that came before
		return err
	}
	if st.doubt != nil && st.doubt.change != digest {
		if err := s.clear(ctx, st); err != nil {
			return err
		}
	}
	if st.doubt == nil {
		if err := s.prepare(ctx, st, c, digest); err != nil {
			return err
		}
	}
	return s.publish(ctx, st)
}

// clear finds out whether the commit in doubt was written, and moves st on if so.
func (s *Store) clear(ctx context.Context, st *State) error {
	found, err := s.read(ctx, commitKey(st.doubt.commit.Serial))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && hexSum(found) == st.doubt.commit.Hash {
		st.apply(st.doubt)
		st.signed = st.Serial
	}
	st.doubt = nil
	return nil
}

// prepare makes the next commit ready in st.doubt, and writes its checkpoint if one is due: before the commit, which
// names it.
func (s *Store) prepare(ctx context.Context, st *State, change Change, digest string) error {
	if err := change.check(st); err != nil {
		return err
	}
	next := s.newCommit(st, change)
	ready := &prepared{change: digest, commit: next}
	if span, ok := due(next.Serial); ok {
		ready.checkpoint = newCheckpoint(st, next, span)
		if err := s.writeCheckpoint(ctx, st, next, ready.checkpoint); err != nil {
			return err
		}
	}
	content, err := encode(next)
	if err != nil {
		return err
	}
	next.Hash = hexSum(content)
	ready.content = content
	st.doubt = ready
	return nil
}

// writeCheckpoint writes a checkpoint and lets the commit name it, instead of what it covers.
func (s *Store) writeCheckpoint(ctx context.Context, st *State, next *Commit, c *checkpoint) error {
	content, ref, err := c.pack()
	if err != nil {
		return err
	}
	if err := s.createNamed(ctx, ref.Key, content, zstdType); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	stay := len(st.wider(c.Span))
	next.Checkpoints = append(slices.Clone(st.refs[:stay]), ref)
	next.Recent, next.RecentShapes = nil, nil
	return nil
}

func (s *Store) newCommit(st *State, c Change) *Commit {
	next := &Commit{
		Pipeline: s.pipeline, Lineage: st.Lineage, Serial: st.Serial + 1, Previous: st.Head,
		ID: s.o.NewID(), By: s.o.User + "@" + s.o.Host, At: s.now(), Program: s.o.Version, Operation: c.Operation, Config: c.Config, Signer: s.signer(),
		Changes: []PartitionChange{}, Recent: st.recent, RecentShapes: st.recentShapes, Checkpoints: st.refs,
	}
	if next.Lineage == "" {
		next.Lineage = s.o.NewID()
	}
	for i := range c.Set {
		next.Changes = append(next.Changes, PartitionChange{Serial: next.Serial, Set: &c.Set[i]})
	}
	for _, key := range c.Remove {
		gone := &Removal{Project: key.Project, Partition: key.Partition, Version: st.slots[key].version}
		next.Changes = append(next.Changes, PartitionChange{Serial: next.Serial, Removed: gone})
	}
	next.Shapes = c.newShapes(st, next.Serial)
	return next
}

// publish writes the commit in doubt, its signature first. It is left in doubt where the bucket's answer leaves that open.
func (s *Store) publish(ctx context.Context, st *State) error {
	ours := st.doubt
	if s.o.SigningKey != nil {
		if err := s.sign(ctx, ours.commit.Serial, ours.content); err != nil {
			return fmt.Errorf("sign commit %d: %w", ours.commit.Serial, err)
		}
	}
	key := commitKey(ours.commit.Serial)
	found, err := s.createSure(ctx, key, ours.content, jsonType)
	switch {
	case err == nil:
		st.apply(ours)
		st.doubt, st.signed = nil, st.Serial
		return nil
	case found != nil:
		st.doubt = nil
		return s.conflict(ours.commit.Serial, found)
	}
	return err
}

func (s *Store) conflict(serial int64, found []byte) *ConflictError {
	conflict := &ConflictError{Key: s.prefix + commitKey(serial), Serial: serial}
	var other Commit
	if json.Unmarshal(found, &other) == nil {
		conflict.By, conflict.At = other.By, other.At
	}
	return conflict
}
