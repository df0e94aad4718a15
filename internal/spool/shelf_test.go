package spool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"
)

// shelf is a JournalStore in memory whose nth call fails.
type shelf struct {
	limit  int64
	failAt int // counted over all calls, from 1; 0 for none

	mu    sync.Mutex
	calls int
	files map[int][]byte
	block []int // where writes ended, in bytes of the segment
}

var errShelf = errors.New("no space left")

func newShelf() *shelf { return &shelf{files: map[int][]byte{}} }

func (s *shelf) call() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls++; s.calls == s.failAt {
		return errShelf
	}
	return nil
}

func (s *shelf) Segments(context.Context) ([]int, error) {
	return slices.Sorted(maps.Keys(s.files)), s.call()
}

func (s *shelf) Open(_ context.Context, n int) (io.ReadCloser, error) {
	data, ok := s.files[n]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(io.MultiReader(bytes.NewReader(data[:len(data)/2]), failing(s.call), bytes.NewReader(data[len(data)/2:]))), s.call()
}

// failing is a reader of nothing that may fail.
type failing func() error

func (f failing) Read([]byte) (int, error) {
	if err := f(); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

func (s *shelf) Create(_ context.Context, n int) (Segment, error) {
	if _, ok := s.files[n]; ok {
		return nil, fs.ErrExist
	}
	s.files[n] = nil
	return &shelved{shelf: s, n: n}, s.call()
}

func (s *shelf) Remove(_ context.Context, n int) error {
	delete(s.files, n)
	return s.call()
}

func (s *shelf) Limits() (int64, time.Duration) { return s.limit, 0 }

type shelved struct {
	shelf *shelf
	n     int
}

func (s *shelved) Write(b []byte) (int, error) {
	if err := s.shelf.call(); err != nil {
		s.shelf.files[s.n] = append(s.shelf.files[s.n], b[:len(b)/2]...)
		return len(b) / 2, err
	}
	s.shelf.files[s.n] = append(s.shelf.files[s.n], b...)
	s.shelf.block = append(s.shelf.block, len(s.shelf.files[s.n]))
	return len(b), nil
}

func (s *shelved) Sync() error  { return s.shelf.call() }
func (s *shelved) Close() error { return s.shelf.call() }

func (s *shelf) clone() *shelf {
	out := newShelf()
	for n, data := range s.files {
		out.files[n] = bytes.Clone(data)
	}
	return out
}
