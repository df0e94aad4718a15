package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"logferry/sinks/bucket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testPrefix   = "_logferry/nightly/"
	testPipeline = "nightly"
)

var testTime = time.Date(2026, 4, 18, 1, 2, 3, 456000, time.UTC)

// testShape is what rows of test entries look like.
var testShape = Shape{"source.details": `"all"`, "transform.raw": "true"}

func testOptions() Options {
	return Options{
		Now: func() time.Time { return testTime }, Version: "1.2.3",
		User: "alice", Host: "mill", Machine: "machine-a", NewID: counter(),
	}
}

// counter makes IDs that are the same in each run of a test.
func counter() func() string {
	var mu sync.Mutex
	n := 0
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprintf("00000000-0000-4000-8000-%012d", n)
	}
}

// stores are the kinds of buckets that tests go through.
var stores = map[string]func(t *testing.T) bucket.Bucket{
	"memory": func(t *testing.T) bucket.Bucket { return openBucket(t, "mem://") },
	"folder": func(t *testing.T) bucket.Bucket { return openBucket(t, "file://"+t.TempDir()) },
}

func openBucket(t testing.TB, url string) bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(context.Background(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bucket.Close(b)) })
	return b
}

func testStore(b bucket.Bucket) *Store { return New(b, testPrefix, testPipeline, testOptions()) }

// testEntry is a partition n hours after the first, in a version.
func testEntry(n, version int) Entry {
	from := time.Date(2023, 5, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour)
	partition := from.Format("dt=2006-01-02/hour=15")
	return Entry{
		Partition: partition, Version: version, Manifest: hexSum(fmt.Appendf(nil, "%d %d", n, version)),
		From: from, To: from.Add(time.Hour), AsOf: from.Add(3*time.Hour + 123456*time.Microsecond), Shape: testShape.Hash(),
		Rows: int64(1000 + n), Bytes: int64(200_000 + 17*n),
		Files: []FileRef{{Sink: "lake", Key: "tool_execution/" + partition + "/part-00000.parquet", Size: int64(200_000 + 17*n)}},
	}
}

func testChange(n, version int) Change {
	return Change{
		Operation: "apply", Config: "c0ffee", Set: []Entry{testEntry(n, version)},
		Shapes: map[string]Shape{testShape.Hash(): testShape},
	}
}

// commitEach commits one change after the other on a state that is loaded first.
func commitEach(t testing.TB, s *Store, changes ...Change) *State {
	t.Helper()
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	for _, c := range changes {
		require.NoError(t, s.Commit(t.Context(), st, c))
	}
	return st
}

// testChanges are n changes of partitions of their own.
func testChanges(n int) []Change {
	changes := make([]Change, n)
	for i := range changes {
		changes[i] = testChange(i, 1)
	}
	return changes
}

// requireSame says that two states hold the same.
func requireSame(t require.TestingT, want, got *State) {
	require.Equal(t, want.Lineage, got.Lineage)
	require.Equal(t, want.Serial, got.Serial)
	require.Equal(t, want.Head, got.Head)
	require.Equal(t, want.Shapes, got.Shapes)
	require.Equal(t, want.All(), got.All())
	require.Equal(t, want.slots, got.slots)
	requireSameList(t, want.refs, got.refs)
	require.Len(t, got.checkpoints, len(want.checkpoints))
	for i := range want.checkpoints {
		w, err := encode(want.checkpoints[i])
		require.NoError(t, err)
		g, err := encode(got.checkpoints[i])
		require.NoError(t, err)
		require.Equal(t, string(w), string(g))
	}
	requireSameList(t, want.recent, got.recent)
	requireSameList(t, want.recentShapes, got.recentShapes)
}

// requireSameList compares lists of which an empty one may be nil.
func requireSameList[T any](t require.TestingT, want, got []T) {
	require.Equal(t, append([]T{}, want...), append([]T{}, got...))
}

var errInjected = errors.New("injected failure")

// tap counts what is asked of a bucket and can fail or watch each operation.
type tap struct {
	bucket.Bucket
	// before and after are called with the operation and key; an error is what the caller gets. After means that it was
	// done.
	before, after func(op, key string) error

	mu    sync.Mutex
	ops   map[string]int
	bytes int64 // written
}

func (p *tap) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ops, p.bytes = nil, 0
}

func (p *tap) total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, count := range p.ops {
		n += count
	}
	return n
}

func (p *tap) do(op, key string, size int64, f func() error) error {
	p.mu.Lock()
	if p.ops == nil {
		p.ops = map[string]int{}
	}
	p.ops[op]++
	p.bytes += size
	p.mu.Unlock()
	if p.before != nil {
		if err := p.before(op, key); err != nil {
			return err
		}
	}
	if err := f(); err != nil {
		return err
	}
	if p.after != nil {
		return p.after(op, key)
	}
	return nil
}

func (p *tap) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return p.do("upload", key, size, func() error { return p.Bucket.Upload(ctx, key, body, size, contentType) })
}

func (p *tap) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return p.do("create", key, size, func() error { return p.Bucket.Create(ctx, key, body, size, contentType) })
}

func (p *tap) Open(ctx context.Context, key string) (r io.ReadCloser, err error) {
	err = p.do("open", key, 0, func() error { r, err = p.Bucket.Open(ctx, key); return err })
	if err != nil && r != nil {
		_ = r.Close()
	}
	return r, err
}

func (p *tap) First(ctx context.Context, prefix string) (o bucket.Object, err error) {
	err = p.do("first", prefix, 0, func() error { o, err = p.Bucket.First(ctx, prefix); return err })
	return o, err
}

func (p *tap) Delete(ctx context.Context, key string) error {
	return p.do("delete", key, 0, func() error { return p.Bucket.Delete(ctx, key) })
}

func (p *tap) List(ctx context.Context, prefix string) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		var objects []bucket.Object
		err := p.do("list", prefix, 0, func() error {
			for o, err := range p.Bucket.List(ctx, prefix) {
				if err != nil {
					return err
				}
				objects = append(objects, o)
			}
			return nil
		})
		for _, o := range objects {
			if !yield(o, nil) {
				return
			}
		}
		if err != nil {
			yield(bucket.Object{}, err)
		}
	}
}

// put replaces an object, as nobody should.
func put(t testing.TB, b bucket.Bucket, key, content string) {
	t.Helper()
	require.NoError(t, b.Upload(t.Context(), key, strings.NewReader(content), int64(len(content)), jsonType))
}

func get(t testing.TB, b bucket.Bucket, key string) string {
	t.Helper()
	r, err := b.Open(t.Context(), key)
	require.NoError(t, err)
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return string(content)
}

// keysOf lists what is below a prefix.
func keysOf(t testing.TB, b bucket.Bucket, prefix string) []string {
	t.Helper()
	keys := []string{}
	for o, err := range b.List(t.Context(), prefix) {
		require.NoError(t, err)
		keys = append(keys, o.Key)
	}
	return keys
}

// requireUnusable says that err reports an object of a kind and gives advice.
func requireUnusable(t require.TestingT, err error, kind Kind, key string) {
	var unusable *UnusableError
	require.ErrorAs(t, err, &unusable)
	require.Equal(t, kind.String(), unusable.Kind.String(), "%v", err)
	require.Equal(t, key, unusable.Key)
	require.NotEmpty(t, unusable.Hint())
}

// ignorant is a bucket that replaces what it is told to create.
type ignorant struct{ bucket.Bucket }

func (i ignorant) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return i.Upload(ctx, key, body, size, contentType)
}
