package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// segmentSuffix ends the name of a segment, a number of eight digits before it.
const segmentSuffix = ".journal"

func segmentName(n int) string { return fmt.Sprintf("%08d%s", n, segmentSuffix) }

// segmentNumber is the opposite of segmentName. ok is false for the name of anything else.
func segmentNumber(name string) (n int, ok bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && segmentName(n) == name
}

// localJournal keeps segments as files in a folder of its own.
type localJournal struct{ dir string }

// LocalJournal keeps a journal in a folder, which is made when there is something to write and removed with the last
// segment. Nobody but the user can read it.
func LocalJournal(dir string) JournalStore { return &localJournal{dir: dir} }

func (l *localJournal) Segments(context.Context) ([]int, error) {
	files, err := os.ReadDir(l.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var numbers []int
	for _, f := range files {
		if n, ok := segmentNumber(f.Name()); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

func (l *localJournal) path(n int) string { return filepath.Join(l.dir, segmentName(n)) }

func (l *localJournal) Open(_ context.Context, n int) (io.ReadCloser, error) {
	return os.Open(l.path(n))
}

func (l *localJournal) Create(_ context.Context, n int) (Segment, error) {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.Chmod(l.dir, 0o700); err != nil { // it may have been there
		return nil, err
	}
	f, err := os.OpenFile(l.path(n), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &localSegment{File: f, dir: l.dir}, nil
}

func (l *localJournal) Remove(_ context.Context, n int) error {
	if err := os.Remove(l.path(n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_ = os.Remove(l.dir) // refused unless that was the last
	return nil
}

func (l *localJournal) Limits() (int64, time.Duration) { return 0, 0 }

// localSegment is a file. Its name is flushed with its first content.
type localSegment struct {
	*os.File
	dir   string
	named bool
}

func (s *localSegment) Sync() error {
	if err := s.File.Sync(); err != nil || s.named {
		return err
	}
	s.named = true
	d, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // a folder can't be flushed on every system
	return d.Close()
}

func (s *localSegment) Close() error { return errors.Join(s.Sync(), s.File.Close()) }
