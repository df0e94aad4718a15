package engines_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/state"
	"logferry/sinks/bucket"
)

// threeYears is how many hours the long history has.
const threeYears = 26_280

var firstHour = time.Date(2023, 11, 28, 0, 0, 0, 0, time.UTC)

// history is a pipeline of hourly partitions that has run for long. All but the newest hour of what it declares is there.
type history struct {
	*world
	hours   int           // that the state has
	bucket  bucket.Bucket // where it lies; nil for what the URL says
	url     string        // of the sink
	written []int64       // bytes of the nth commit, the checkpoint that came with it included
}

// newHistory commits so many hours one by one in memory.
func newHistory(t testing.TB, w *world, hours int) *history {
	t.Helper()
	m := newMemory()
	h := &history{world: w, hours: hours, bucket: m, url: "mem://"}
	p := h.pipeline()
	shape := state.Shape(p.Shape())
	counted := &counting{Bucket: m}
	store := state.New(counted, "_logferry/years/", "years", state.Options{Version: "test"})
	ctx := context.Background()
	st, err := store.Load(ctx)
	require.NoError(t, err)
	for n := range hours {
		e := hourly(n, shape.Hash())
		before := counted.bytes
		require.NoError(t, store.Commit(ctx, st, state.Change{
			Operation: "apply", Config: p.Hash(), Set: []state.Entry{e}, Shapes: map[string]state.Shape{shape.Hash(): shape},
		}))
		h.written = append(h.written, counted.bytes-before)
		require.NoError(t, m.put(e.Files[0].Key, strings.NewReader(content), true))
	}
	return h
}

// content stands for a data file: a plan looks at its size only.
const content = "PAR1 PAR1"

// hourly is the nth hour. It has no manifest: neither a plan nor another hour looks at it.
func hourly(n int, shape string) state.Entry {
	from := firstHour.Add(time.Duration(n) * time.Hour)
	partition := from.Format("dt=2006-01-02/hour=15")
	sum := sha256.Sum256([]byte(partition))
	return state.Entry{
		Partition: partition, Version: 1, Manifest: hex.EncodeToString(sum[:]), From: from, To: from.Add(time.Hour), AsOf: from.Add(2 * time.Hour),
		Shape: shape, Rows: 1000, Bytes: int64(len(content)),
		Files: []state.FileRef{{Sink: "lake", Key: "tool_execution/" + partition + "/part-00000.parquet", Size: int64(len(content))}},
	}
}

// pipeline declares one hour more than the state has.
func (h *history) pipeline() *config.Pipeline {
	h.t.Helper()
	end := firstHour.Add(time.Duration(h.hours+1) * time.Hour)
	h.at(end.Add(time.Hour))
	return h.world.pipeline(map[string]any{
		"name":  "years",
		"sinks": []any{map[string]any{"name": "lake", "url": h.url}},
		"range": map[string]any{"from": firstHour.Format(time.RFC3339), "to": end.Format(time.RFC3339), "partition": "hour", "lookback": "0s"},
	})
}

// session opens the pipeline on the history, through a bucket that counts.
func (h *history) session(t testing.TB) (*apply.Session, *counting) {
	t.Helper()
	p := h.pipeline()
	o := h.options()
	counted := &counting{}
	o.WrapBucket = func(_ string, b bucket.Bucket) bucket.Bucket {
		counted.Bucket = b
		if h.bucket != nil {
			counted.Bucket = h.bucket
		}
		if t, ok := counted.Bucket.(tree); ok {
			return struct {
				*counting
				tree
			}{counted, t}
		}
		return counted
	}
	s, err := apply.Open(context.Background(), p, o)
	require.NoError(t, err)
	return s, counted
}

// copyTo makes the same history out of plain files in a bucket's folder.
func (h *history) copyTo(t testing.TB, p *place) *history {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(16)
	for o := range h.bucket.List(context.Background(), "") {
		group.Go(func() error {
			name := filepath.Join(p.folder, "lake", filepath.FromSlash(o.Key))
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return err
			}
			return os.WriteFile(name, read(t, h.bucket, o.Key), 0o600)
		})
	}
	require.NoError(t, group.Wait())
	return &history{world: h.world, hours: h.hours, url: p.url("lake"), written: h.written}
}

// tree is what remote buckets have and a plan of a long history asks for.
type tree interface {
	Folders(ctx context.Context, prefix string) (folders []string, objects []bucket.Object, err error)
}

// counting notes what is asked for below _logferry/.
type counting struct {
	bucket.Bucket
	mu       sync.Mutex
	objects  map[string]bool // that were read or written
	requests int             // of all kinds but removals
	bytes    int64           // written
}

// note takes in a request; key is "" for a listing.
func (c *counting) note(prefix, key string, size int64) {
	if !strings.HasPrefix(prefix, "_logferry/") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	c.bytes += size
	if key == "" {
		return
	}
	if c.objects == nil {
		c.objects = map[string]bool{}
	}
	c.objects[key] = true
}

func (c *counting) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	c.note(key, key, 0)
	return c.Bucket.Open(ctx, key)
}

func (c *counting) First(ctx context.Context, prefix string) (bucket.Object, error) {
	c.note(prefix, "", 0)
	return c.Bucket.First(ctx, prefix)
}

func (c *counting) List(ctx context.Context, prefix string) iter.Seq2[bucket.Object, error] {
	c.note(prefix, "", 0)
	return c.Bucket.List(ctx, prefix)
}

func (c *counting) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	c.note(key, key, size)
	return c.Bucket.Upload(ctx, key, body, size, contentType)
}

func (c *counting) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	c.note(key, key, size)
	return c.Bucket.Create(ctx, key, body, size, contentType)
}
