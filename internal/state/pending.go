package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// pendingKey is the same for all versions of a partition: there is one step a partition at a time.
func pendingKey(project, partition string) string {
	return path.Join(pendingFolder, project, partition) + ".json"
}

// PutPending notes the manifest that is about to be committed, before data is replaced in place, so that the next run can
// finish what a killed one began. A partition has one note; a newer one replaces it.
func (s *Store) PutPending(ctx context.Context, m *Manifest) error {
	content, err := s.encodeManifest(m)
	if err == nil {
		err = s.upload(ctx, pendingKey(m.Project, m.Partition), content)
	}
	if err != nil {
		return fmt.Errorf("write pending manifest: %w", err)
	}
	return nil
}

// Pending returns the notes that killed runs left, sorted by project and partition. The caller checks that their lineage
// is that of the state.
//
// A note that can't be read is left out, since nothing depends on it: the data that it was about is found to be altered and
// written again. SweepPending removes it. Only a note of a newer format is an error, an *UnusableError.
func (s *Store) Pending(ctx context.Context) ([]*Manifest, error) {
	notes, _, err := s.pending(ctx)
	if err != nil {
		return nil, fmt.Errorf("read pending manifests: %w", err)
	}
	return notes, nil
}

// DropPending removes the note about the partition of m. That there is none is no error.
func (s *Store) DropPending(ctx context.Context, m *Manifest) error {
	if err := s.bucket.Delete(ctx, s.prefix+pendingKey(m.Project, m.Partition)); err != nil {
		return fmt.Errorf("remove pending manifest: %w", err)
	}
	return nil
}

// SweepPending removes the notes that can't be read. The caller holds the lock.
func (s *Store) SweepPending(ctx context.Context) error {
	_, damaged, err := s.pending(ctx)
	for _, key := range damaged {
		err = errors.Join(err, s.bucket.Delete(ctx, s.prefix+key))
	}
	if err != nil {
		return fmt.Errorf("sweep pending manifests: %w", err)
	}
	return nil
}

func (s *Store) pending(ctx context.Context) (notes []*Manifest, damaged []string, err error) {
	keys, err := s.list(ctx, pendingFolder)
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(keys)
	found := make([]*Manifest, len(keys))
	var mu sync.Mutex
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, key := range keys {
		group.Go(func() error {
			m, err := s.readPending(groupCtx, key)
			var broken *UnusableError
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil // finished by another run in between
			case errors.As(err, &broken) && broken.Kind != Newer:
				mu.Lock()
				defer mu.Unlock()
				damaged = append(damaged, key)
				return nil
			}
			found[i] = m
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	return slices.DeleteFunc(found, func(m *Manifest) bool { return m == nil }), damaged, nil
}

func (s *Store) readPending(ctx context.Context, key string) (*Manifest, error) {
	content, err := s.read(ctx, key)
	if err != nil {
		return nil, err
	}
	m, err := decodeManifest(s.prefix+key, content)
	if err != nil {
		return nil, err
	}
	if m.Pipeline != s.pipeline || pendingKey(m.Project, m.Partition) != key {
		return nil, unusable(s.prefix+key, OtherPipeline, "it is about %s of the pipeline %q", path.Join(m.Project, m.Partition), m.Pipeline)
	}
	return m, nil
}

// list returns the keys, below the prefix, of the objects in a folder.
func (s *Store) list(ctx context.Context, folder string) ([]string, error) {
	var keys []string
	for object, err := range s.bucket.List(ctx, s.prefix+folder) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, object.Key[len(s.prefix):])
	}
	return keys, nil
}
