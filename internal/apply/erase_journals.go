package apply

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"logferry/sinks/bucket"
)

// fetchedLeft is what runs have fetched and not committed.
type fetchedLeft struct {
	steps   map[string]bool // that begin again without it
	keys    []string        // in the spool's bucket
	folders []string        // of this machine
}

// fetched finds what runs have fetched and not committed: in the spool that is declared, and in the folders of this machine that are
// taken where none is, since another one may have been declared before.
func (s *Session) fetched(ctx context.Context) (*fetchedLeft, error) {
	out := &fetchedLeft{steps: map[string]bool{}}
	if s.spoolBucket != nil {
		if err := out.inBucket(ctx, s.spoolBucket, s.pipeline.Name+"-"+s.place.id()+"/"); err != nil {
			return nil, err
		}
	}
	dir, err := s.spoolFolder()
	if err != nil {
		return nil, err
	}
	dirs := []string{dir}
	for _, base := range cacheFolders() {
		if dir := filepath.Join(base, filepath.Base(dir)); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		if err := out.inFolder(dir); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (l *fetchedLeft) inBucket(ctx context.Context, b bucket.Bucket, prefix string) error {
	for o, err := range b.List(ctx, prefix) {
		if err != nil {
			return err
		}
		l.keys = append(l.keys, o.Key)
		folder, _, _ := strings.Cut(strings.TrimPrefix(o.Key, prefix), "/")
		l.steps[stepOf(folder)] = true
	}
	return nil
}

func (l *fetchedLeft) inFolder(dir string) error {
	found, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range found {
		if !f.IsDir() {
			continue
		}
		path := filepath.Join(dir, f.Name())
		held, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		l.folders = append(l.folders, path)
		if len(held) > 0 {
			l.steps[stepOf(f.Name())] = true
		}
	}
	return nil
}

// dropJournals removes all that runs have fetched and not committed: whose records are in a journal is not told without reading all of it,
// and what is gone is fetched again. It returns how many steps begin again by that.
func (s *Session) dropJournals(ctx context.Context) (steps int, err error) {
	left, err := s.fetched(ctx)
	if err != nil {
		return 0, err
	}
	for _, key := range left.keys {
		if err := s.spoolBucket.Delete(ctx, key); err != nil {
			return 0, err
		}
	}
	for _, path := range left.folders {
		if err := os.RemoveAll(path); err != nil {
			return 0, err
		}
	}
	return len(left.steps), nil
}

// stepOf is the step that a journal's folder is of: its name without the phase.
func stepOf(folder string) string {
	if at := strings.LastIndexByte(folder, ','); at >= 0 {
		return folder[:at]
	}
	return folder
}
