package sinktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync/atomic"

	"logferry/sinks/bucket"
)

// ErrInjected is the failure that a Faulty bucket makes.
var ErrInjected = errors.New("injected failure")

// Fault says how an operation of a Faulty bucket fails.
type Fault uint8

// The faults.
const (
	Before  Fault = iota // nothing happens
	Halfway              // an upload's body ends in an error after half of it; other operations fail as Before
	After                // it happens, and is reported as failed: the answer was lost
)

// Faults are all of them.
var Faults = []Fault{Before, Halfway, After}

func (f Fault) String() string { return [...]string{"before", "halfway", "after"}[f] }

// Faulty is a bucket whose N-th operation (1 is the first) fails. The zero N never does.
type Faulty struct {
	bucket.Bucket
	N     int64
	Fault Fault
	count atomic.Int64
}

// Operations is how many there have been.
func (f *Faulty) Operations() int64 { return f.count.Add(0) }

func (f *Faulty) hit() bool { return f.count.Add(1) == f.N }

// Upload implements bucket.Bucket.
func (f *Faulty) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return f.put(ctx, f.Bucket.Upload, key, body, size, contentType)
}

// Create implements bucket.Bucket.
func (f *Faulty) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return f.put(ctx, f.Bucket.Create, key, body, size, contentType)
}

func (f *Faulty) put(ctx context.Context, put func(context.Context, string, io.Reader, int64, string) error, key string, body io.Reader, size int64, contentType string) error {
	if !f.hit() {
		return put(ctx, key, body, size, contentType)
	}
	switch f.Fault {
	case Before:
		return ErrInjected
	case Halfway:
		body = io.MultiReader(io.LimitReader(body, size/2), failing{})
	}
	return lost(put(ctx, key, body, size, contentType))
}

// lost hides what an operation answered. Its error is not joined: the caller must not learn from it either.
func lost(err error) error {
	if err == nil {
		return ErrInjected
	}
	return fmt.Errorf("%w: %v", ErrInjected, err) //nolint:errorlint // see above
}

// Open implements bucket.Bucket.
func (f *Faulty) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if f.hit() {
		return nil, ErrInjected
	}
	return f.Bucket.Open(ctx, key)
}

// List implements bucket.Bucket.
func (f *Faulty) List(ctx context.Context, prefix string) iter.Seq2[bucket.Object, error] {
	if !f.hit() {
		return f.Bucket.List(ctx, prefix)
	}
	return func(yield func(bucket.Object, error) bool) {
		if f.Fault == After {
			for object, err := range f.Bucket.List(ctx, prefix) {
				if !yield(object, err) {
					return
				}
			}
		}
		yield(bucket.Object{}, ErrInjected)
	}
}

// Delete implements bucket.Bucket.
func (f *Faulty) Delete(ctx context.Context, key string) error {
	if !f.hit() {
		return f.Bucket.Delete(ctx, key)
	}
	if f.Fault != After {
		return ErrInjected
	}
	return lost(f.Bucket.Delete(ctx, key))
}

// First implements bucket.Bucket.
func (f *Faulty) First(ctx context.Context, prefix string) (bucket.Object, error) {
	if f.hit() {
		return bucket.Object{}, ErrInjected
	}
	return f.Bucket.First(ctx, prefix)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, ErrInjected }
