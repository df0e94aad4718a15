package state

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

// lockStores are stores, and what else a lock must do with: a bucket with versions that takes the mark of a removed object for an
// object, and buckets that keep what they have got.
var lockStores = func() map[string]func(t *testing.T) bucket.Bucket {
	all := maps.Clone(stores)
	all["versions"] = func(t *testing.T) bucket.Bucket { return &marking{Bucket: openBucket(t, "mem://")} }
	all["retention"] = func(t *testing.T) bucket.Bucket { return &retaining{Bucket: openBucket(t, "mem://")} }
	return all
}()

// marking is a bucket that creates no key again that was removed.
type marking struct {
	bucket.Bucket
	mu      sync.Mutex
	removed map[string]bool
}

func (m *marking) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.removed[key] {
		return &bucket.Error{Op: "create", Key: key, Reason: bucket.Exists, Err: errors.New("its newest version is a mark")}
	}
	return m.Bucket.Create(ctx, key, body, size, contentType)
}

func (m *marking) Delete(ctx context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.removed == nil {
		m.removed = map[string]bool{}
	}
	m.removed[key] = true
	return m.Bucket.Delete(ctx, key)
}

// retaining is a bucket that neither removes an object nor replaces one.
type retaining struct{ bucket.Bucket }

func (r *retaining) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	err := r.Create(ctx, key, body, size, contentType)
	if err != nil {
		return r.refuse("upload", key)
	}
	return nil
}

func (r *retaining) Delete(_ context.Context, key string) error { return r.refuse("delete", key) }

func (r *retaining) refuse(op, key string) error {
	return &bucket.Error{Op: op, Key: key, Reason: bucket.Denied, Err: errors.New("the object is locked")}
}

// requireReleased says that nobody has the lock, and that what is left tells the next run its number.
func requireReleased(t testing.TB, b bucket.Bucket) {
	t.Helper()
	locks, err := lockStore(b, "").Locks(t.Context())
	require.NoError(t, err)
	require.Empty(t, locks)
	if _, keeps := b.(*retaining); keeps {
		return
	}
	keys := keysOf(t, b, "")
	require.NotEmpty(t, keys)
	for _, key := range keys {
		require.Contains(t, key, ".released.json")
	}
}

// locksThere are the keys of the locks that are there, held or not.
func locksThere(t testing.TB, b bucket.Bucket) []string {
	t.Helper()
	return slices.DeleteFunc(keysOf(t, b, ""), func(key string) bool { return strings.Contains(key, "-") })
}
