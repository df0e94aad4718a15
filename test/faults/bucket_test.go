package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"time"

	"logferry/sinks/bucket"
)

// storeTimeout is how long a bucket that hangs does so where nobody gives up.
const storeTimeout = 300 * time.Millisecond

// faulty is a bucket in which things go wrong.
type faulty struct {
	bucket.Bucket
	in *injector
}

// what an object is by its key, for messages.
func what(key string) string {
	for _, part := range []string{"commits", "manifests", "checkpoints", "pending", "locks", "quarantine", "probe"} {
		if strings.Contains(key, "/"+part+"/") {
			return strings.TrimSuffix(part, "s")
		}
	}
	for _, part := range []string{"owner.json", "last-run.json", "check-"} {
		if strings.Contains(key, part) {
			return strings.TrimSuffix(strings.TrimSuffix(part, ".json"), "-")
		}
	}
	if strings.HasPrefix(key, "tool_execution/") {
		return "data"
	}
	return key
}

// begin decides what goes wrong with an operation. An error is its end.
func (f *faulty) begin(ctx context.Context, v verb, key string) (kind, error) {
	k := f.in.next(store, v, string(v)+" "+what(key))
	switch k {
	case fails, stops, dies:
		return k, f.failure(v, key, errInjected)
	case hangs:
		select {
		case <-ctx.Done():
			return k, f.failure(v, key, ctx.Err())
		case <-time.After(storeTimeout):
			return k, f.failure(v, key, context.DeadlineExceeded)
		}
	}
	return k, nil
}

func (f *faulty) failure(v verb, key string, err error) error {
	reason := bucket.Other
	switch {
	case errors.Is(err, fs.ErrNotExist):
		reason = bucket.NotFound
	case errors.Is(err, fs.ErrExist):
		reason = bucket.Exists
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		reason = bucket.Canceled
	}
	return &bucket.Error{Op: string(v), Key: key, Reason: reason, Err: err}
}

// Upload implements bucket.Bucket.
func (f *faulty) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return f.write(ctx, upload, f.Bucket.Upload, key, body, size, contentType)
}

// Create implements bucket.Bucket.
func (f *faulty) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return f.write(ctx, create, f.Bucket.Create, key, body, size, contentType)
}

type put func(ctx context.Context, key string, body io.Reader, size int64, contentType string) error

func (f *faulty) write(ctx context.Context, v verb, do put, key string, body io.Reader, size int64, contentType string) error {
	k, err := f.begin(ctx, v, key)
	if err != nil {
		return err
	}
	switch k {
	case half:
		return do(ctx, key, io.MultiReader(io.LimitReader(body, size/2), failing{}), size, contentType)
	case loses:
		_, err := io.Copy(io.Discard, body)
		return err
	case halves:
		return do(ctx, key, io.LimitReader(body, size/2), size/2, contentType)
	case alters, twice:
		content, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		if k == alters {
			return do(ctx, key, bytes.NewReader(f.in.flip(content)), size, contentType)
		}
		if err := do(ctx, key, bytes.NewReader(content), size, contentType); err != nil {
			return err
		}
		return do(ctx, key, bytes.NewReader(content), size, contentType)
	}
	err = do(ctx, key, body, size, contentType)
	switch {
	case k == lost:
		return f.hidden(v, key, err)
	case k == there && err == nil:
		return f.failure(v, key, fs.ErrExist)
	}
	return err
}

// hidden is the error of an operation whose answer was lost: the caller learns nothing from it.
func (f *faulty) hidden(v verb, key string, err error) error {
	return f.failure(v, key, fmt.Errorf("%w: the answer was lost: %v", errInjected, err)) //nolint:errorlint // see above
}

// Open implements bucket.Bucket.
func (f *faulty) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	k, err := f.begin(ctx, open, key)
	if err != nil {
		return nil, err
	}
	if k == hides {
		return nil, f.failure(open, key, fs.ErrNotExist)
	}
	r, err := f.Bucket.Open(ctx, key)
	if err != nil || k == "" {
		return r, err
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	switch k {
	case lost:
		return nil, f.hidden(open, key, nil)
	case cuts:
		return io.NopCloser(io.MultiReader(bytes.NewReader(content[:len(content)/2]), failing{})), nil
	case short:
		content = content[:len(content)/2]
	case damaged:
		content = f.in.flip(content)
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// List implements bucket.Bucket.
func (f *faulty) List(ctx context.Context, prefix string) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		k, err := f.begin(ctx, list, prefix)
		if err != nil {
			yield(bucket.Object{}, err)
			return
		}
		if k == hides {
			return
		}
		for o, err := range f.Bucket.List(ctx, prefix) {
			if !yield(o, err) {
				return
			}
		}
		if k == lost {
			yield(bucket.Object{}, f.hidden(list, prefix, nil))
		}
	}
}

// First implements bucket.Bucket.
func (f *faulty) First(ctx context.Context, prefix string) (bucket.Object, error) {
	k, err := f.begin(ctx, first, prefix)
	switch {
	case err != nil:
		return bucket.Object{}, err
	case k == hides:
		return bucket.Object{}, f.failure(first, prefix, fs.ErrNotExist)
	case k == lost:
		return bucket.Object{}, f.hidden(first, prefix, nil)
	}
	return f.Bucket.First(ctx, prefix)
}

// Delete implements bucket.Bucket.
func (f *faulty) Delete(ctx context.Context, key string) error {
	k, err := f.begin(ctx, remove, key)
	if err != nil {
		return err
	}
	if k == keeps {
		return nil
	}
	err = f.Bucket.Delete(ctx, key)
	if k == twice && err == nil {
		err = f.Bucket.Delete(ctx, key)
	}
	if k == lost {
		return f.hidden(remove, key, err)
	}
	return err
}
