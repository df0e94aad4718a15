package spool

import (
	"bytes"
	"context"
	"io"
	"iter"
	"path"
	"slices"
	"time"
)

// JournalObjects is the bucket that keeps a journal for machines without a lasting disk. The methods may be called
// concurrently.
type JournalObjects interface {
	// Put stores an object, whole or not at all.
	Put(ctx context.Context, key string, data []byte) error
	// Get returns an object's content. The caller closes it.
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	// List yields the keys that begin with a prefix, in any order.
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
	// Delete removes an object. That there is none is no error.
	Delete(ctx context.Context, key string) error
}

// Bounds of a segment that is an object: it is uploaded when it has so many bytes, or so long after its first.
const (
	objectBytes = 4 << 20
	objectAge   = 5 * time.Second
)

type objectJournal struct {
	objects JournalObjects
	prefix  string
}

// ObjectJournal keeps a journal as objects below a prefix, which ends with a slash or is "". A crash costs the seconds
// since the last upload.
func ObjectJournal(objects JournalObjects, prefix string) JournalStore {
	return &objectJournal{objects: objects, prefix: prefix}
}

func (o *objectJournal) Segments(ctx context.Context) ([]int, error) {
	var numbers []int
	for key, err := range o.objects.List(ctx, o.prefix) {
		if err != nil {
			return nil, err
		}
		if n, ok := segmentNumber(path.Base(key)); ok && key == o.key(n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

func (o *objectJournal) key(n int) string { return o.prefix + segmentName(n) }

func (o *objectJournal) Open(ctx context.Context, n int) (io.ReadCloser, error) {
	return o.objects.Get(ctx, o.key(n))
}

func (o *objectJournal) Create(ctx context.Context, n int) (Segment, error) {
	return &objectSegment{put: func(data []byte) error { return o.objects.Put(ctx, o.key(n), data) }}, nil
}

func (o *objectJournal) Remove(ctx context.Context, n int) error {
	return o.objects.Delete(ctx, o.key(n))
}

func (o *objectJournal) Limits() (int64, time.Duration) { return objectBytes, objectAge }

// objectSegment holds a segment until it is uploaded.
type objectSegment struct {
	bytes.Buffer
	put func(data []byte) error
}

// Sync does nothing: a segment is uploaded once.
func (s *objectSegment) Sync() error { return nil }

func (s *objectSegment) Close() error { return s.put(s.Bytes()) }
