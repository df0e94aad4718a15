package bucket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// tempFolder is where an object is written before it is moved to its key. It is on the same file system as the objects,
// so that the move is atomic, and outside the table's folders, so that nothing unfinished is ever seen in them.
const tempFolder = "_logferry/tmp"

const (
	folderMode = 0o700
	retries    = 100       // where other processes remove folders as empty in between
	staleAfter = time.Hour // since its last write: the process that wrote a temporary file is gone
)

// local is a folder of this machine. Go CDK's fileblob isn't used because it doesn't flush to the disk, leaves its
// temporary files next to the objects, and escapes some names.
type local struct {
	root  string
	sweep sync.Once
	link  func(from, to string) error // os.Link, but in tests

	// folders keeps the removal of an empty folder apart from the making of a file in it.
	folders sync.Mutex
	// made is the topmost folder at or above root that this process made, if it made any. What others made is never
	// removed.
	made string
}

func (l *local) path(key string) string { return filepath.Join(l.root, filepath.FromSlash(key)) }

func (l *local) Upload(ctx context.Context, key string, body io.Reader, size int64, _ string) error {
	return l.store(ctx, "upload", key, body, size, os.Rename)
}

// store writes body to a temporary file, which place then moves to the key.
func (l *local) store(ctx context.Context, op, key string, body io.Reader, size int64, place func(temp, path string) error) error {
	if err := checkKey(op, key); err != nil {
		return err
	}
	l.sweep.Do(l.removeStale)
	temp, err := l.writeTemp(ctx, body, size)
	if err == nil {
		err = l.publish(ctx, temp, l.path(key), place)
	}
	l.folders.Lock()
	defer l.folders.Unlock()
	if err != nil && temp != "" {
		_ = os.Remove(temp)
	}
	l.prune(l.path(tempFolder))
	if err != nil {
		l.prune(filepath.Dir(l.path(key)))
		return fail(op, key, err)
	}
	return nil
}

// removeStale removes what killed processes left in the temporary folder. Failing is harmless.
func (l *local) removeStale() {
	entries, _ := os.ReadDir(l.path(tempFolder))
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && entry.Name() != createLock && time.Since(info.ModTime()) > staleAfter {
			_ = os.Remove(filepath.Join(l.path(tempFolder), entry.Name()))
		}
	}
}

// writeTemp writes body to a temporary file, flushes it and returns its path, which is empty if there is none.
func (l *local) writeTemp(ctx context.Context, body io.Reader, size int64) (path string, err error) {
	file, err := l.createTemp()
	if err != nil {
		return "", err
	}
	exact := &exactReader{ctx: ctx, r: body, left: size, progress: func() {}, spoiled: func() {}}
	_, err = io.Copy(file, exact)
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	return file.Name(), err
}

// createTemp makes a file that only its owner can read and write.
func (l *local) createTemp() (file *os.File, err error) {
	l.folders.Lock()
	defer l.folders.Unlock()
	folder := l.path(tempFolder)
	err = l.inFolder(folder, func() (err error) {
		file, err = os.CreateTemp(folder, "upload-")
		return err
	})
	return file, err
}

// publish moves a finished file to its place and flushes the folders that changed.
func (l *local) publish(ctx context.Context, temp, path string, place func(temp, path string) error) error {
	l.folders.Lock()
	defer l.folders.Unlock()
	err := l.inFolder(filepath.Dir(path), func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return place(temp, path)
	})
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// inFolder makes the folder and does something in it, again if another process has removed the folder as empty in
// between. The caller holds folders.
func (l *local) inFolder(folder string, do func() error) (err error) {
	for range retries {
		if err = l.makeFolder(folder); err == nil {
			err = do()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return err
}

// makeFolder makes folder and those above it, and flushes the entry of each one it made. The caller holds folders.
func (l *local) makeFolder(folder string) error {
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(folder)
	if parent != folder {
		if err := l.makeFolder(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(folder, folderMode); err != nil {
		info, statErr := os.Stat(folder)
		switch {
		case statErr == nil && info.IsDir():
			return nil // made by someone else in between
		case errors.Is(err, fs.ErrExist) && errors.Is(statErr, fs.ErrNotExist):
			return statErr // and removed again: inFolder begins anew
		}
		return err
	}
	if l.made == "" && within(folder, l.root) {
		l.made = folder
	}
	return syncFolder(parent)
}

// prune removes folder and those above it while they are empty and below the root or made by this process. The caller
// holds folders.
func (l *local) prune(folder string) {
	for within(l.root, folder) && folder != l.root || l.made != "" && within(l.made, folder) {
		if err := os.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return
		}
		if folder == l.made {
			l.made = ""
		}
		folder = filepath.Dir(folder)
	}
}

// within says whether path is folder or lies below it. Both are clean.
func within(folder, path string) bool {
	return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, string(os.PathSeparator))+string(os.PathSeparator))
}

func (l *local) Open(_ context.Context, key string) (io.ReadCloser, error) {
	if err := checkKey("open", key); err != nil {
		return nil, err
	}
	file, err := os.Open(l.path(key))
	if err != nil {
		return nil, fail("open", key, err)
	}
	if info, err := file.Stat(); err != nil || info.IsDir() {
		_ = file.Close()
		return nil, fail("open", key, errors.Join(err, fs.ErrNotExist))
	}
	return file, nil
}

func (l *local) Delete(ctx context.Context, key string) error {
	if err := checkKey("delete", key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fail("delete", key, err)
	}
	l.folders.Lock()
	defer l.folders.Unlock()
	path := l.path(key)
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return nil // a folder is no object
	}
	if err := os.Remove(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fail("delete", key, err)
	}
	// Another process may have removed the folder, which has become empty, in between.
	if err := syncFolder(filepath.Dir(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail("delete", key, err)
	}
	l.prune(filepath.Dir(path))
	return nil
}

// syncFolder flushes a folder's entries. Windows can't and needn't.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	err = f.Sync()
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
