package apply

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// workDir makes a private folder for spooled records and staged files, in the user's cache folder or, where that can't be
// had, in the system's temporary one. Folders that killed runs left are removed on the way: each holds a lock that
// the system gives up with the process.
func workDir(pipeline string) (dir string, remove func(), err error) {
	var errs []error
	for _, base := range cacheFolders() {
		dir, remove, err := makeWorkDir(filepath.Join(base, pipeline))
		if err == nil {
			return dir, remove, nil
		}
		errs = append(errs, err)
	}
	return "", nil, fmt.Errorf("make a folder for temporary files: %w (set XDG_CACHE_HOME or TMPDIR to a folder that can be written)", errors.Join(errs...))
}

// cacheFolders are where temporary files may lie, the best place first.
func cacheFolders() []string {
	temp := filepath.Join(os.TempDir(), fmt.Sprintf("logferry-%d", os.Getuid()))
	if cache, err := os.UserCacheDir(); err == nil {
		return []string{filepath.Join(cache, "logferry"), temp}
	}
	return []string{temp}
}

// privateFolder makes a folder that only this user can enter, and refuses one of that name that is somebody else's.
func privateFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder", dir)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return os.Chmod(dir, 0o700) // refused unless it is ours
	}
	return nil
}

const lockName = "lock"

// sweepAge is how old a lock file must be before its folder may be taken for abandoned.
const sweepAge = time.Minute

func makeWorkDir(base string) (dir string, remove func(), err error) {
	if err := privateFolder(base); err != nil {
		return "", nil, err
	}
	removeAbandoned(base)
	dir, err = os.MkdirTemp(base, "run-*") // 0700
	if err != nil {
		return "", nil, err
	}
	lock := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	if got, err := lock.TryLock(); err != nil || !got {
		_ = os.RemoveAll(dir)
		return "", nil, errors.Join(err, fmt.Errorf("lock %s: another process holds it", dir))
	}
	return dir, func() {
		_ = lock.Close()
		_ = os.RemoveAll(dir)
	}, nil
}

// removeAbandoned removes the folders of runs that no longer live. Failing is harmless: the next run tries again.
func removeAbandoned(base string) {
	found, _ := filepath.Glob(filepath.Join(base, "run-*"))
	for _, dir := range found {
		name := filepath.Join(dir, lockName)
		if info, err := os.Stat(name); err != nil || time.Since(info.ModTime()) < sweepAge {
			continue // gone, or perhaps just being made and not locked yet
		}
		lock := flock.New(name)
		if got, err := lock.TryLock(); err != nil || !got {
			continue
		}
		_ = os.RemoveAll(dir)
		_ = lock.Close()
	}
}
