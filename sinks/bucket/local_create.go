package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/gofrs/flock"
)

// createLock is the file in the temporary folder whose lock stands for the right to create objects where the file system
// has no links.
const createLock = "create.lock"

func (l *local) Create(ctx context.Context, key string, body io.Reader, size int64, _ string) error {
	return l.store(ctx, "create", key, body, size, l.placeNew)
}

// placeNew moves a finished file to its place unless something is there. A link is made whole or not at all, and only
// where there is nothing, whichever process asks.
func (l *local) placeNew(temp, path string) error {
	err := l.link(temp, path)
	switch {
	case err == nil:
		_ = os.Remove(temp) // else removeStale does
		return nil
	case errors.Is(err, fs.ErrExist):
		return whoHas(path, temp)
	case errors.Is(err, fs.ErrNotExist):
		return err
	}
	// FAT and some network file systems have no links. Whatever else was wrong will be so again.
	return l.moveNew(temp, path)
}

// whoHas says what it means that path could not be linked because it is there.
func whoHas(path, temp string) error {
	there, err := os.Lstat(path)
	if err != nil {
		return errTaken // it was a moment ago
	}
	if there.IsDir() {
		return errors.New("a folder has this name")
	}
	// NFS says so too when it has made the link and its answer was lost.
	if own, err := os.Lstat(temp); err == nil && os.SameFile(own, there) {
		_ = os.Remove(temp)
		return nil
	}
	return errTaken
}

// moveNew is placeNew by looking and moving under a lock. The kernel releases it when its holder dies.
func (l *local) moveNew(temp, path string) (err error) {
	lock := flock.New(l.path(tempFolder+"/"+createLock), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock folder: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	switch _, err := os.Lstat(path); {
	case err == nil:
		return whoHas(path, temp)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return os.Rename(temp, path)
}
