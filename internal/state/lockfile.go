package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
)

const lockFileName = "lock"

// idFile holds what tells a folder's lock from those of all other folders. It lies beside the lock, since some systems
// don't let others read a locked file.
const idFile = "lock.id"

// LockFile locks the file "lock" in a folder of this machine, which it makes where it has to, against other processes and
// other calls. A lock that is held is a *FileLockedError at once. It ends with release, or with the process however
// that ends; the file stays, since removing it would let two processes lock two files of one name.
func LockFile(dir string) (release func(), err error) {
	file, locked, err := tryFile(dir)
	if err != nil {
		return nil, fmt.Errorf("lock folder: %w", err)
	}
	if !locked {
		return nil, &FileLockedError{Path: file.Path()}
	}
	if err := nameLock(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("lock folder: %w", err), file.Unlock())
	}
	return func() { _ = file.Unlock() }, nil // which the end of the process would do as well
}

// tryFile makes the folder and tries to lock its file. It begins again where another process, which was done with the
// folder while that was empty, removes it in between.
func tryFile(dir string) (file *flock.Flock, locked bool, err error) {
	file = flock.New(filepath.Join(dir, lockFileName), flock.SetPermissions(0o600))
	for range 10 {
		if err = os.MkdirAll(dir, 0o700); err == nil {
			locked, err = file.TryLock()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return file, locked, err
}

// nameLock gives the folder's lock an ID if it has none. The caller has the lock.
func nameLock(dir string) error {
	if len(fileLockIDs([]string{dir})) > 0 {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, idFile), []byte(uuid.NewString()+"\n"), 0o600)
}

// fileLockIDs returns the IDs of the locks of folders, without those that can't be read.
func fileLockIDs(dirs []string) []string {
	var ids []string
	for _, dir := range dirs {
		content, err := os.ReadFile(filepath.Join(dir, idFile))
		id := strings.TrimSpace(string(content))
		if err == nil && uuid.Validate(id) == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
