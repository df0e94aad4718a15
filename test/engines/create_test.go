package engines_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"logferry/sinks/bucket"
)

// Below 16 MiB an object is sent with one request, above in parts.
var bodySizes = map[string]int{"one request": 100, "just one request": 16<<20 - 1, "parts": 17 << 20}

// bodyOf is a body of a caller's own.
func bodyOf(caller, size int) string {
	name := fmt.Sprintf("caller %d, ", caller)
	return strings.Repeat(name, size/len(name)+1)[:size]
}

// sum reads an object.
func sum(t *testing.T, b bucket.Bucket, key string) [sha256.Size]byte {
	t.Helper()
	r, err := b.Open(t.Context(), key)
	require.NoError(t, err)
	defer r.Close()
	h := sha256.New()
	_, err = io.Copy(h, r)
	require.NoError(t, err)
	return [sha256.Size]byte(h.Sum(nil))
}

func TestOfManyWhoCreateAnObjectExactlyOneWins(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		for name, size := range bodySizes {
			t.Run(name, func(t *testing.T) {
				p := s.place(t)
				callers, rounds := 4, 1
				if size < 1<<20 {
					callers, rounds = 24, 5
				}
				var clients []bucket.Bucket // one each, as of runs that know nothing of one another
				for range callers {
					clients = append(clients, p.open("lake"))
				}
				for round := range rounds {
					key := fmt.Sprintf("_logferry/p/commits/%d.json", round)
					winner := createAtOnce(t, clients, key, size)
					require.Equal(t, sha256.Sum256([]byte(bodyOf(winner, size))), sum(t, clients[0], key))
				}
				requireNoParts(t, p)
			})
		}
	})
}

// createAtOnce lets every client create the key and returns the one that did.
func createAtOnce(t *testing.T, clients []bucket.Bucket, key string, size int) (winner int) {
	t.Helper()
	var mu sync.Mutex
	var winners []int
	var group errgroup.Group
	start := make(chan struct{})
	for caller, b := range clients {
		group.Go(func() error {
			body := bodyOf(caller, size)
			<-start
			err := b.Create(t.Context(), key, strings.NewReader(body), int64(size), "application/json")
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				winners = append(winners, caller)
			} else if !errors.Is(err, fs.ErrExist) {
				return err
			}
			return nil
		})
	}
	close(start)
	require.NoError(t, group.Wait(), "the others are told that there is one")
	require.Len(t, winners, 1)
	return winners[0]
}

func TestAnObjectIsCreatedOnceWhateverItsSize(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		p := s.place(t)
		b := p.open("lake")
		for name, size := range bodySizes {
			t.Run(name, func(t *testing.T) {
				create := func(caller int) error {
					return b.Create(t.Context(), name, strings.NewReader(bodyOf(caller, size)), int64(size), "application/json")
				}
				require.NoError(t, create(1))
				require.ErrorIs(t, create(2), fs.ErrExist)
				require.ErrorIs(t, create(1), fs.ErrExist, "with the same bytes too")
				require.Equal(t, sha256.Sum256([]byte(bodyOf(1, size))), sum(t, b, name))
				require.NoError(t, b.Delete(t.Context(), name))
				require.NoError(t, create(3))
				require.Equal(t, sha256.Sum256([]byte(bodyOf(3, size))), sum(t, b, name))
			})
		}
		requireNoParts(t, p)
	})
}

func TestAKilledUploadInPartsLeavesNoObject(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		p := s.place(t)
		b := p.open("")
		requireKilled(t, childVar+"="+p.url(""))
		require.Empty(t, keysOf(t, b, ""))
		if s.unfinished != nil {
			keys, err := s.unfinished(t.Context(), p.name)
			require.NoError(t, err)
			require.Equal(t, []string{"k"}, keys, "it was under way")
		}
		body := bodyOf(1, 17<<20)
		require.NoError(t, b.Create(t.Context(), "k", strings.NewReader(body), int64(len(body)), "text/plain"))
		require.Equal(t, body, string(read(t, b, "k")))
		if s.name != "S3" {
			requireNoParts(t, p)
			return
		}
		removed, err := bucket.RemoveUnfinished(t.Context(), p.open("elsewhere"), "k", time.Now().Add(time.Hour))
		require.NoError(t, err)
		require.Zero(t, removed, "what is not below the URL is somebody else's")
		removed, err = bucket.RemoveUnfinished(t.Context(), b, "l", time.Now().Add(time.Hour))
		require.NoError(t, err)
		require.Zero(t, removed, "nor what has another prefix")
		_, err = bucket.RemoveUnfinished(t.Context(), b, "", time.Now().Add(time.Hour))
		require.Error(t, err)
		removed, err = bucket.RemoveUnfinished(t.Context(), b, "k", time.Now().Add(-time.Hour))
		require.NoError(t, err)
		require.Zero(t, removed, "it may be under way")
		removed, err = bucket.RemoveUnfinished(t.Context(), b, "k", time.Now().Add(time.Hour))
		require.NoError(t, err)
		require.Equal(t, 1, removed)
		requireNoParts(t, p)
	})
}

func TestTheFirstKeyIsFoundAmongMoreThanAPage(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		p := s.place(t)
		b := p.open("lake")
		const objects = 1100 // more than a page of a listing holds
		var group errgroup.Group
		group.SetLimit(16)
		for n := range objects {
			group.Go(func() error {
				key := fmt.Sprintf("_logferry/p/commits/%012d-%d.json", 999_999_999_999-n, n)
				return b.Upload(t.Context(), key, strings.NewReader("{}"), 2, "application/json")
			})
		}
		require.NoError(t, group.Wait())
		for _, prefix := range []string{"_logferry/p/commits/9", "_logferry/p/commits/", "_logferry/", ""} {
			first, err := b.First(t.Context(), prefix)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("_logferry/p/commits/%012d-%d.json", 999_999_999_999-(objects-1), objects-1), first.Key)
			require.EqualValues(t, 2, first.Size)
		}
		for _, prefix := range []string{"_logferry/p/commits/8", "_logferry/p/checkpoints/", "tool_execution/"} {
			_, err := b.First(t.Context(), prefix)
			require.ErrorIs(t, err, fs.ErrNotExist)
		}
		require.Len(t, keysOf(t, b, "_logferry/"), objects)
		folders, inThem, err := b.(tree).Folders(t.Context(), "_logferry/p/commits/")
		require.NoError(t, err)
		require.Empty(t, folders)
		require.Len(t, inThem, objects)
	})
}
