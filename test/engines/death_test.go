package engines_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/sinks/bucket"
	"logferry/test/engines/front"
)

// patience is how long a client may take to give a server up.
const patience = 2 * time.Minute

// gone is a bucket whose server can die, and the way to the server that it then still has.
type gone struct {
	*front.Front
	place          *place
	direct, behind bucket.Bucket
}

func newGone(t *testing.T, s *store) *gone {
	t.Helper()
	p := s.place(t)
	f, err := front.New(s.addr)
	require.NoError(t, err)
	t.Cleanup(f.Close)
	g := &gone{Front: f, place: p, direct: p.open("")}
	g.behind = g.open("")
	return g
}

// open opens the bucket behind the front.
func (g *gone) open(prefix string) bucket.Bucket {
	p := *g.place
	p.addr = g.Addr()
	p.store.setenv(p.t, p.addr)
	defer p.store.setenv(p.t, p.store.addr)
	return p.open(prefix)
}

// send is Upload or Create of a bucket.
type send func(b bucket.Bucket, ctx context.Context, key string, body io.Reader, size int64, contentType string) error

var (
	sends = map[string]send{"upload": bucket.Bucket.Upload, "create": bucket.Bucket.Create}
	sizes = map[string]int{"one request": 6 << 20, "parts": 20 << 20}
	asks  = map[string]func(context.Context, bucket.Bucket) error{
		"list": func(ctx context.Context, b bucket.Bucket) (err error) {
			for _, err = range b.List(ctx, "") {
				if err == nil {
					return errors.New("there is no object")
				}
			}
			return err
		},
		"first":  func(ctx context.Context, b bucket.Bucket) error { _, err := b.First(ctx, ""); return err },
		"open":   func(ctx context.Context, b bucket.Bucket) error { _, err := b.Open(ctx, "k"); return err },
		"delete": func(ctx context.Context, b bucket.Bucket) error { return b.Delete(ctx, "k") },
	}
)

// All cases wait for a client to give its server up, and do so side by side.
func TestAServerDies(t *testing.T) {
	eachStoreAtOnce(t, func(t *testing.T, s *store) map[string]func(*testing.T) {
		cases := map[string]func(*testing.T){"during a run": newGone(t, s).diesDuringARun(t)}
		for size, bytes := range sizes {
			for op, send := range sends {
				g := newGone(t, s)
				cases["during "+op+", "+size] = func(t *testing.T) { g.diesDuring(t, op, send, bytes) }
			}
		}
		g := newGone(t, s)
		g.DieAfter(1)
		for op, ask := range asks {
			cases["before "+op] = func(t *testing.T) { g.isGivenUp(t, op, ask) }
		}
		return cases
	})
}

// diesDuring sends an object half-way: it is as it was, and can be sent once the server is back.
func (g *gone) diesDuring(t *testing.T, op string, send send, size int) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	body := bodyOf(1, size)
	var before []string
	if op == "upload" {
		upload(t, g.direct, "k", "before")
		before = []string{"k"}
	}
	g.DieAfter(int64(size) * 3 / 4)
	err := send(g.behind, ctx, "k", strings.NewReader(body), int64(size), "text/plain")
	require.True(t, g.Dead())
	var failure *bucket.Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, bucket.Other, failure.Reason, "%v", err)
	require.Equal(t, op, failure.Op)
	require.Equal(t, before, keysOf(t, g.direct, ""))
	if op == "upload" {
		require.Equal(t, "before", string(read(t, g.direct, "k")))
	}
	g.Revive()
	require.NoError(t, send(g.behind, ctx, "k", strings.NewReader(body), int64(size), "text/plain"))
	require.Equal(t, body, string(read(t, g.direct, "k")))
}

// isGivenUp says that an operation ends.
func (g *gone) isGivenUp(t *testing.T, op string, ask func(context.Context, bucket.Bucket) error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var failure *bucket.Error
	require.ErrorAs(t, ask(ctx, g.behind), &failure)
	require.Equal(t, bucket.Other, failure.Reason, "%v", failure)
	require.Equal(t, op, failure.Op)
}

// diesDuringARun prepares a run that is completed by the next one.
func (g *gone) diesDuringARun(t *testing.T) func(*testing.T) {
	l := lifeAt(t, g.place, few, false)
	l.at(end.Add(5 * 24 * time.Hour)) // nothing is late any more
	p := l.with("", nil)
	sinks := map[string]bucket.Bucket{"lake": g.open("lake"), "lines": g.open("lines")}
	return func(t *testing.T) {
		l.t, l.lake.t = t, t
		o := l.options()
		o.WrapBucket = func(sink string, _ bucket.Bucket) bucket.Bucket { return &dying{Bucket: sinks[sink], front: g.Front} }
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, err := apply.Run(ctx, p, o)
		require.Error(t, err)
		require.NoError(t, ctx.Err())
		require.True(t, g.Dead(), "%v", err)
		g.Revive()
		l.apply(p)
		l.sound(p)
		l.isAtRest(p)
	}
}

// dying is a bucket whose server dies in the middle of a data file.
type dying struct {
	bucket.Bucket
	front *front.Front
}

func (d *dying) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if strings.HasPrefix(key, "tool_execution/") {
		d.front.DieAfter(size / 2)
	}
	return d.Bucket.Upload(ctx, key, body, size, contentType)
}
