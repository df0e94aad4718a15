package sinks

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"logferry/sinks/bucket"
)

// WriteObject stores body under key, below the sink's URL, replacing what is there: whole or not at all. Keys and errors
// are those of package bucket.
func (s *Sink) WriteObject(ctx context.Context, key string, body []byte, contentType string) error {
	if err := s.bucket.Upload(ctx, key, bytes.NewReader(body), int64(len(body)), contentType); err != nil {
		return s.wrap(err)
	}
	return nil
}

// UploadObject is WriteObject for a body of so many bytes that need not be in memory. A remote store may read it twice if it
// is an io.Seeker.
func (s *Sink) UploadObject(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if err := s.bucket.Upload(ctx, key, body, size, contentType); err != nil {
		return s.wrap(err)
	}
	return nil
}

// ReadObject returns the object's content. errors.Is(err, fs.ErrNotExist) says that there is none.
func (s *Sink) ReadObject(ctx context.Context, key string) ([]byte, error) {
	r, err := s.bucket.Open(ctx, key)
	if err != nil {
		return nil, s.wrap(err)
	}
	body, err := io.ReadAll(r)
	if e := r.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, s.wrap(fmt.Errorf("read %q: %w", key, err))
	}
	return body, nil
}

// OpenObject returns the object's content as it comes in. The caller closes it.
func (s *Sink) OpenObject(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := s.bucket.Open(ctx, key)
	if err != nil {
		return nil, s.wrap(err)
	}
	return r, nil
}

// HashObject reads the object whole and returns its SHA-256, hex, and its size in bytes. What it reads is written to copyTo too.
// errors.Is(err, fs.ErrNotExist) says that there is none.
func (s *Sink) HashObject(ctx context.Context, key string, copyTo io.Writer) (sum string, size int64, err error) {
	body, err := s.OpenObject(ctx, key)
	if err != nil {
		return "", 0, err
	}
	defer body.Close()
	h := sha256.New()
	if size, err = io.Copy(io.MultiWriter(h, copyTo), body); err != nil {
		return "", 0, s.wrap(fmt.Errorf("read %q: %w", key, err))
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// List yields the objects whose keys start with prefix, in no particular order. An error ends it.
func (s *Sink) List(ctx context.Context, prefix string) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		for object, err := range s.bucket.List(ctx, prefix) {
			if err != nil {
				err = s.wrap(err)
			}
			if !yield(object, err) {
				return
			}
		}
	}
}

// Delete removes a data file or an object in Quarantine; other keys are refused (*ForeignKeyError). That there is none is no error.
func (s *Sink) Delete(ctx context.Context, key string) error {
	if err := own(key); err != nil {
		return s.wrap(err)
	}
	if err := s.bucket.Delete(ctx, key); err != nil {
		return s.wrap(err)
	}
	return nil
}

func (s *Sink) wrap(err error) error { return fmt.Errorf("sink %q: %w", s.options.Name, err) }

// RetainedError says that objects were to be removed and are kept by the bucket. What else was to be removed is gone. It matches
// bucket.ErrRetained.
type RetainedError struct {
	Sink string
	Keys []string
	Err  error // of the last of them
}

func (e *RetainedError) Error() string {
	return fmt.Sprintf("sink %q keeps %d objects: %v", e.Sink, len(e.Keys), e.Err)
}

func (e *RetainedError) Unwrap() error { return e.Err }

// RemoveParts removes the data files directly below a partition's folder, of whatever format, whose keys are not to be kept. The error is
// a *RetainedError where all that is left of them is what the bucket keeps.
func (s *Sink) RemoveParts(ctx context.Context, prefix string, keep map[string]bool) error {
	// The keys are collected first: a listing may miss objects that are removed while it goes on.
	var surplus []string
	for object, err := range s.bucket.List(ctx, prefix+"/part-") {
		if err != nil {
			return s.wrap(fmt.Errorf("look for earlier files: %w", err))
		}
		if name := strings.TrimPrefix(object.Key, prefix+"/"); !keep[object.Key] && partName.MatchString(name) {
			surplus = append(surplus, object.Key)
		}
	}
	if err := s.DeleteAll(ctx, surplus); err != nil {
		return fmt.Errorf("remove earlier files: %w", err)
	}
	return nil
}

// DeleteAll is Delete for several objects. One that the bucket keeps does not hold the others up: the error is a *RetainedError then.
func (s *Sink) DeleteAll(ctx context.Context, keys []string) error {
	kept := &RetainedError{Sink: s.options.Name}
	for _, key := range keys {
		err := s.Delete(ctx, key)
		switch {
		case errors.Is(err, bucket.ErrRetained):
			kept.Keys, kept.Err = append(kept.Keys, key), err
		case err != nil:
			return err
		}
	}
	if len(kept.Keys) > 0 {
		return kept
	}
	return nil
}
