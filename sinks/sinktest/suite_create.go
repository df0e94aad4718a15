package sinktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"logferry/sinks/bucket"
)

func createObject(ctx context.Context, b bucket.Bucket, key, body string) error {
	return b.Create(ctx, key, strings.NewReader(body), int64(len(body)), "application/json")
}

func creating(t *testing.T, s *suite) {
	const key = "_logferry/commits/1.json"
	ctx := t.Context()
	require.NoError(t, createObject(ctx, s.bucket, key, "first"))
	for _, body := range []string{"first", "second", ""} {
		require.ErrorIs(t, createObject(ctx, s.bucket, key, body), fs.ErrExist)
		require.Equal(t, "first", string(s.read(t, key)))
	}
	require.NoError(t, s.bucket.Upload(ctx, key, strings.NewReader("third"), 5, "text/plain"), "only creating looks")
	require.Equal(t, "third", string(s.read(t, key)))
	require.NoError(t, s.bucket.Delete(ctx, key))
	require.NoError(t, createObject(ctx, s.bucket, key, ""))
	require.Empty(t, s.read(t, key))
	large := strings.Repeat("0123456789", 300_000)
	require.NoError(t, createObject(ctx, s.bucket, "large", large))
	require.ErrorIs(t, createObject(ctx, s.bucket, "large", large[1:]), fs.ErrExist)
	require.Equal(t, large, string(s.read(t, "large")))
}

func creatingAtOnce(t *testing.T, s *suite) {
	for k := range 5 {
		key := fmt.Sprintf("_logferry/commits/%d.json", k)
		var won atomic.Int64
		var group errgroup.Group
		for caller := range int64(8) {
			group.Go(func() error {
				err := createObject(t.Context(), s.bucket, key, fmt.Sprint(caller))
				if err == nil {
					if before := won.Swap(1 + caller); before != 0 {
						return fmt.Errorf("%d and %d have won", before-1, caller)
					}
				} else if !errors.Is(err, fs.ErrExist) {
					return err
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		require.NotZero(t, won.Load())
		require.Equal(t, fmt.Sprint(won.Load()-1), string(s.read(t, key)))
	}
}

func spoiledCreation(t *testing.T, s *suite) {
	create := func(body io.Reader, size int64) error {
		return s.bucket.Create(t.Context(), "k", body, size, "text/plain")
	}
	require.Error(t, create(strings.NewReader("short"), 6))
	require.Error(t, create(strings.NewReader("long"), 3))
	require.ErrorIs(t, create(io.MultiReader(bytes.NewReader(make([]byte, 5)), failing{}), 10), ErrInjected)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, createObject(ctx, s.bucket, "k", "body"), context.Canceled)
	require.Empty(t, s.keysOf(t))
	for _, fault := range Faults {
		faulty := &Faulty{Bucket: s.bucket, N: 1, Fault: fault}
		err := createObject(t.Context(), faulty, "k", "body")
		require.ErrorIs(t, err, ErrInjected)
		require.NotErrorIs(t, err, fs.ErrExist)
		if err := createObject(t.Context(), faulty, "k", "body"); fault == After {
			require.ErrorIs(t, err, fs.ErrExist)
		} else {
			require.NoError(t, err)
		}
		require.Equal(t, "body", string(s.read(t, "k")))
		require.NoError(t, s.bucket.Delete(t.Context(), "k"))
	}
}

func firstKeys(t *testing.T, s *suite) {
	ctx := t.Context()
	_, err := s.bucket.First(ctx, "")
	require.ErrorIs(t, err, fs.ErrNotExist)
	keys := []string{
		"s/a/b/c", "s/a/b-c", "s/a-b", "s/a.b", "s/a0", "s/b/z", "s/ü", "s/Z", "t/1", "_logferry/commits/1", "_logferry/commits/2",
	}
	for i, key := range keys {
		require.NoError(t, createObject(ctx, s.bucket, key, strings.Repeat("x", i)))
	}
	slices.Sort(keys)
	prefixes := []string{"", "s", "s/", "s/a", "s/a/", "s/a/b", "s/a/b/", "s/a-", "s/a.", "s/a/b-", "s/b/", "s/b/z", "s/b/z/", "s/c", "none/", "none/none/", "_logferry/commits/", "_logferry/commits/2"}
	for len(keys) > 0 {
		for _, prefix := range prefixes {
			i := slices.IndexFunc(keys, func(key string) bool { return strings.HasPrefix(key, prefix) })
			first, err := s.bucket.First(ctx, prefix)
			if i < 0 {
				require.ErrorIs(t, err, fs.ErrNotExist, "prefix %q", prefix)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, keys[i], first.Key, "prefix %q", prefix)
			require.EqualValues(t, len(s.read(t, first.Key)), first.Size)
			require.False(t, first.ModTime.IsZero())
		}
		require.NoError(t, s.bucket.Delete(ctx, keys[0]))
		keys = keys[1:]
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err = s.bucket.First(ctx, "")
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.bucket.First(t.Context(), "../")
	require.Error(t, err)
	require.NotErrorIs(t, err, fs.ErrNotExist)
}
