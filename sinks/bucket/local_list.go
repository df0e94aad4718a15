package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

func (l *local) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		if err := checkPrefix("list", prefix); err != nil {
			yield(Object{}, err)
			return
		}
		start := l.root
		if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
			start = l.path(prefix[:i])
		}
		err := filepath.WalkDir(start, func(path string, entry fs.DirEntry, err error) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if errors.Is(err, fs.ErrNotExist) {
				return nil // nothing written yet, or removed while we walked
			}
			if err != nil {
				return err
			}
			return l.visit(path, prefix, entry, yield)
		})
		if err != nil {
			yield(Object{}, fail("list", prefix, err))
		}
	}
}

// visit yields the object at path if its key has the prefix.
func (l *local) visit(path, prefix string, entry fs.DirEntry, yield func(Object, error) bool) error {
	if path == l.root {
		return nil
	}
	relative, err := filepath.Rel(l.root, path)
	if err != nil {
		return fmt.Errorf("walk folder: %w", err)
	}
	key := filepath.ToSlash(relative)
	if entry.IsDir() {
		if below := key + "/"; !strings.HasPrefix(below, prefix) && !strings.HasPrefix(prefix, below) || key == tempFolder {
			return filepath.SkipDir
		}
		return nil
	}
	if !strings.HasPrefix(key, prefix) {
		return nil
	}
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !yield(Object{Key: key, Size: info.Size(), ModTime: info.ModTime()}, nil) {
		return filepath.SkipAll
	}
	return nil
}

func (l *local) First(ctx context.Context, prefix string) (Object, error) {
	if err := checkPrefix("first", prefix); err != nil {
		return Object{}, err
	}
	first, err := l.firstIn(ctx, prefix[:strings.LastIndexByte(prefix, '/')+1], prefix)
	if err == nil && first.Key == "" {
		err = errNone
	}
	if err != nil {
		return Object{}, fail("first", prefix, err)
	}
	return first, nil
}

// firstIn returns the object with the smallest key below folder, which is empty or ends in a slash; the zero Object if
// there is none.
func (l *local) firstIn(ctx context.Context, folder, prefix string) (Object, error) {
	if err := ctx.Err(); err != nil {
		return Object{}, err
	}
	entries, err := os.ReadDir(l.path(folder))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return Object{}, nil
	}
	if err != nil {
		return Object{}, err
	}
	// A folder's keys have a slash after its name, which need not sort as the name does: "a-b" comes before "a/b".
	byKey := make(map[string]fs.DirEntry, len(entries))
	keys := make([]string, 0, len(entries))
	for _, entry := range entries {
		key := folder + entry.Name()
		if entry.IsDir() {
			key += "/"
		}
		if strings.HasPrefix(key, prefix) && key != tempFolder+"/" {
			byKey[key] = entry
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		first, err := l.objectAt(ctx, key, byKey[key], prefix)
		if err != nil || first.Key != "" {
			return first, err
		}
	}
	return Object{}, nil
}

// objectAt returns the object at key, or the first one in the folder at key; the zero Object if there is none any more.
func (l *local) objectAt(ctx context.Context, key string, entry fs.DirEntry, prefix string) (Object, error) {
	if entry.IsDir() {
		return l.firstIn(ctx, key, prefix)
	}
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return Object{}, nil
	}
	if err != nil {
		return Object{}, err
	}
	return Object{Key: key, Size: info.Size(), ModTime: info.ModTime()}, nil
}
