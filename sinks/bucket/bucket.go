// Package bucket is a flat store of objects below a URL: a folder of this machine, memory, or a bucket of S3, Google
// Cloud Storage or Azure. It knows nothing of rows.
package bucket

import (
	"context"
	"io"
	"iter"
	"time"
)

// Bucket holds objects under slash-separated keys. Keys must satisfy ValidKey. All methods may be called concurrently;
// errors are of type *Error and match fs.ErrNotExist, fs.ErrExist and fs.ErrPermission where they apply.
type Bucket interface {
	// Upload stores size bytes of body under key, replacing what is there. The object appears whole or not at all: a
	// cancelled ctx, an error of body and a body that is shorter or longer than size leave the key as it was.
	// When it returns nil the object outlives a crash of this machine.
	Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error

	// Create is Upload for a key that no object has. errors.Is(err, fs.ErrExist) says that one has it, which stays as it
	// was: of any number of concurrent calls, from any number of processes, one creates it. Where a store's client repeats
	// a request whose answer was lost, the object may be the caller's own: its content tells. body is read again if it is
	// an io.Seeker and the store asks for that. A store that ignores conditions replaces the object.
	Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error

	// Open returns the object's content. The caller closes it.
	Open(ctx context.Context, key string) (io.ReadCloser, error)

	// List yields the objects whose key starts with prefix, in no particular order. An error ends it.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]

	// First returns the object with the smallest key, in byte order, of those whose key starts with prefix.
	// errors.Is(err, fs.ErrNotExist) says that there is none. It costs one small request in a remote store, and one read of
	// each folder on the way in a local one.
	First(ctx context.Context, prefix string) (Object, error)

	// Delete removes the object. That there is none is no error.
	Delete(ctx context.Context, key string) error
}

// Object is what a listing says of an object.
type Object struct {
	Key     string
	Size    int64 // bytes
	ModTime time.Time
}
