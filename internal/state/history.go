package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"golang.org/x/sync/errgroup"
)

// historyBatch is how many commits are read before they are yielded.
const historyBatch = 4 * readers

// History yields every commit from the newest to the first and checks, for each, that its bytes are those that the commit
// after it names, and that its serial, lineage and pipeline are right. A break ends it with an *UnusableError that names
// the serial. Commits are read in parallel, ahead of the caller by at most a batch.
func (s *Store) History(ctx context.Context) iter.Seq2[*Commit, error] {
	return func(yield func(*Commit, error) bool) {
		after, err := s.head(ctx)
		if err != nil {
			yield(nil, fmt.Errorf("read history: %w", err))
			return
		}
		if after == nil || !yield(after, nil) {
			return
		}
		for after.Serial > 1 {
			for _, content := range s.before(ctx, after.Serial) {
				c, err := s.link(content, after)
				if err != nil {
					yield(nil, fmt.Errorf("read history: %w", err))
					return
				}
				if !yield(c, nil) {
					return
				}
				after = c
			}
		}
	}
}

// fetched is what came of reading one object.
type fetched struct {
	content []byte
	err     error
}

// before reads the commits before a serial, newest first: as many as make a batch.
func (s *Store) before(ctx context.Context, serial int64) []fetched {
	batch := make([]fetched, min(historyBatch, serial-1))
	var group errgroup.Group
	group.SetLimit(readers)
	for i := range batch {
		group.Go(func() error {
			batch[i].content, batch[i].err = s.read(ctx, commitKey(serial-1-int64(i)))
			return nil
		})
	}
	_ = group.Wait()
	return batch
}

// link decodes the commit that precedes after.
func (s *Store) link(f fetched, after *Commit) (*Commit, error) {
	serial := after.Serial - 1
	key := s.prefix + commitKey(serial)
	if errors.Is(f.err, fs.ErrNotExist) {
		return nil, unusable(key, BrokenChain, "commit %d is missing, and commit %d follows it", serial, after.Serial)
	}
	if f.err != nil {
		return nil, f.err
	}
	c, err := s.decodeCommit(serial, f.content)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Lineage != after.Lineage:
		return nil, unusable(key, OtherLineage, "commit %d has the lineage %s, and commit %d has %s", serial, c.Lineage, after.Serial, after.Lineage)
	case c.Hash != after.Previous:
		return nil, unusable(key, BrokenChain, "commit %d has the SHA-256 %s, and commit %d names %s as its predecessor's", serial, c.Hash, after.Serial, after.Previous)
	}
	return c, nil
}
