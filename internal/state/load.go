package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Load reads the state as of its newest commit: one request for the name of that, two for the commit, and one for each
// of its checkpoints, of which there are as many as its serial has digits in base 16, less one. Where there is no commit
// yet, the state is empty, with serial 0 and no lineage. Objects that can't be used are *UnusableError.
func (s *Store) Load(ctx context.Context) (*State, error) {
	st, err := s.load(ctx)
	if err != nil {
		return nil, fmt.Errorf("load state: %w", err)
	}
	return st, nil
}

func (s *Store) load(ctx context.Context) (*State, error) {
	head, err := s.head(ctx)
	if err != nil {
		return nil, err
	}
	st := newState(s.pipeline)
	if head == nil {
		return st, nil
	}
	st.Lineage, st.Serial, st.Head, st.Signer, st.refs = head.Lineage, head.Serial, head.Hash, head.Signer, head.Checkpoints
	if st.checkpoints, err = s.readCheckpoints(ctx, head); err != nil {
		return nil, err
	}
	for _, part := range st.checkpoints {
		st.put(part.Changes, part.Shapes)
	}
	if _, written := due(head.Serial); written {
		return st, nil // the newest checkpoint has the head's changes
	}
	st.recent = newest(head.Recent, head.Changes)
	st.recentShapes = slices.Concat(head.RecentShapes, head.Shapes)
	st.put(st.recent, st.recentShapes)
	return st, nil
}

func (s *Store) readCheckpoints(ctx context.Context, head *Commit) ([]*checkpoint, error) {
	parts := make([]*checkpoint, len(head.Checkpoints))
	group, groupCtx := errgroup.WithContext(ctx)
	for i, ref := range head.Checkpoints {
		group.Go(func() (err error) {
			parts[i], err = s.readCheckpoint(groupCtx, ref, head)
			return err
		})
	}
	return parts, group.Wait()
}

// head reads the newest commit; nil where there is none.
func (s *Store) head(ctx context.Context) (*Commit, error) {
	// The digit leaves out what programs that look at folders put into them.
	first, err := s.bucket.First(ctx, s.prefix+commitsFolder+"9")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	serial, ok := parseCommitKey(first.Key[len(s.prefix):])
	if !ok {
		return nil, unusable(first.Key, Malformed, "its name is not that of a commit")
	}
	content, err := s.readTwice(ctx, commitKey(serial))
	if err != nil {
		return nil, err
	}
	return s.decodeCommit(serial, content)
}

// readTwice reads an object whose hash nothing tells: what a bit that is altered on the way makes of it would be believed, and the next
// commit would name it as the one before.
func (s *Store) readTwice(ctx context.Context, key string) ([]byte, error) {
	found, err := s.read(ctx, key)
	if err != nil {
		return nil, err
	}
	again, err := s.read(ctx, key)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(found, again) {
		err := unusable(s.prefix+key, Altered, "it was read twice, and what was read differs")
		err.Advice = "run again, and find out what lies between logferry and the bucket"
		return nil, err
	}
	return found, nil
}
