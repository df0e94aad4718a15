package engines_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"iter"
	"strings"
	"sync"

	"logferry/sinks/bucket"
)

// memory is a bucket that costs next to nothing: mem:// sorts all its keys for each page of a listing.
type memory struct {
	mu      sync.Mutex
	objects map[string][]byte
}

func newMemory() *memory { return &memory{objects: map[string][]byte{}} }

func (m *memory) put(key string, body io.Reader, absent bool) error {
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.objects[key]; there && absent {
		return &bucket.Error{Op: "create", Key: key, Reason: bucket.Exists, Err: fs.ErrExist}
	}
	m.objects[key] = content
	return nil
}

func (m *memory) Upload(_ context.Context, key string, body io.Reader, _ int64, _ string) error {
	return m.put(key, body, false)
}

func (m *memory) Create(_ context.Context, key string, body io.Reader, _ int64, _ string) error {
	return m.put(key, body, true)
}

func (m *memory) Open(_ context.Context, key string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	content, there := m.objects[key]
	if !there {
		return nil, &bucket.Error{Op: "open", Key: key, Reason: bucket.NotFound, Err: fs.ErrNotExist}
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// found are the objects below a prefix.
func (m *memory) found(prefix string) []bucket.Object {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []bucket.Object
	for key, content := range m.objects {
		if strings.HasPrefix(key, prefix) {
			out = append(out, bucket.Object{Key: key, Size: int64(len(content))})
		}
	}
	return out
}

func (m *memory) List(_ context.Context, prefix string) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		for _, o := range m.found(prefix) {
			if !yield(o, nil) {
				return
			}
		}
	}
}

func (m *memory) First(_ context.Context, prefix string) (first bucket.Object, err error) {
	for _, o := range m.found(prefix) {
		if first.Key == "" || o.Key < first.Key {
			first = o
		}
	}
	if first.Key == "" {
		return first, &bucket.Error{Op: "first", Key: prefix, Reason: bucket.NotFound, Err: fs.ErrNotExist}
	}
	return first, nil
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
	return nil
}
