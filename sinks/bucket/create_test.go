package bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"logferry/sinks/bucket"
)

func content(t *testing.T, b bucket.Bucket, key string) string {
	t.Helper()
	r, err := b.Open(t.Context(), key)
	require.NoError(t, err)
	defer r.Close()
	body, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(body)
}

// race lets many callers create each of some keys at once, each with a body of its own, and says who won.
func race(create func(caller int, key, body string) error, callers, keys int) (winners map[string][]int, err error) {
	winners = make(map[string][]int)
	var mu sync.Mutex
	for k := range keys {
		key := fmt.Sprintf("commits/%03d.json", k)
		var group errgroup.Group
		start := make(chan struct{})
		for caller := range callers {
			group.Go(func() error {
				<-start
				switch err := create(caller, key, fmt.Sprint("body of ", caller)); {
				case err == nil:
					mu.Lock()
					defer mu.Unlock()
					winners[key] = append(winners[key], caller)
				case !errors.Is(err, fs.ErrExist):
					return err
				}
				return nil
			})
		}
		close(start)
		if err := group.Wait(); err != nil {
			return nil, err
		}
	}
	return winners, nil
}

func TestOfManyThatCreateAKeyOneWins(t *testing.T) {
	for _, kind := range []string{"mem://", "file://"} {
		t.Run(kind, func(t *testing.T) {
			buckets := []bucket.Bucket{open(t, "mem://")}
			if kind == "file://" {
				root := t.TempDir()
				buckets = []bucket.Bucket{open(t, kind+root), open(t, kind+root)}
			}
			winners, err := race(func(caller int, key, body string) error {
				return buckets[caller%len(buckets)].Create(t.Context(), key, strings.NewReader(body), int64(len(body)), "text/plain")
			}, 16, 20)
			require.NoError(t, err)
			require.Len(t, winners, 20)
			for key, callers := range winners {
				require.Len(t, callers, 1, key)
				require.Equal(t, fmt.Sprint("body of ", callers[0]), content(t, buckets[0], key))
			}
		})
	}
}

// The test binary runs itself: see TestMain.
const raceRoot = "LOGFERRY_TEST_RACE_ROOT"

const processKeys = 60

func TestMain(m *testing.M) {
	if root := os.Getenv(raceRoot); root != "" {
		if err := createAll(root); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// createAll waits for its input to end, creates all keys and prints those that it has won.
func createAll(root string) error {
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	for k := range processKeys {
		// A bucket of its own for each key, as if each came from another run.
		ctx, key, body := context.Background(), fmt.Sprintf("c/%02d", k), fmt.Sprint(os.Getpid())
		b, err := bucket.Open(ctx, "file://"+root)
		if err != nil {
			return err
		}
		switch err := b.Create(ctx, key, strings.NewReader(body), int64(len(body)), "text/plain"); {
		case err == nil:
			fmt.Println(key, body)
		case !errors.Is(err, fs.ErrExist):
			return err
		}
	}
	return nil
}

func TestOfProcessesThatCreateAKeyOneWins(t *testing.T) {
	root := t.TempDir()
	var commands []*exec.Cmd
	var outputs []*strings.Builder
	var starts []io.Closer
	for range 3 {
		command := exec.CommandContext(t.Context(), os.Args[0])
		command.Env = append(os.Environ(), raceRoot+"="+root)
		output := &strings.Builder{}
		command.Stdout, command.Stderr = output, os.Stderr
		start, err := command.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, command.Start())
		commands, outputs, starts = append(commands, command), append(outputs, output), append(starts, start)
	}
	for _, start := range starts {
		require.NoError(t, start.Close())
	}
	won := make(map[string]string)
	for i, command := range commands {
		require.NoError(t, command.Wait())
		for line := range strings.Lines(outputs[i].String()) {
			key, body, _ := strings.Cut(strings.TrimSpace(line), " ")
			require.NotContains(t, won, key)
			won[key] = body
		}
	}
	require.Len(t, won, processKeys)
	b := open(t, "file://"+root)
	for key, body := range won {
		require.Equal(t, body, content(t, b, key))
	}
	require.NoDirExists(t, filepath.Join(root, "_logferry"), "no temporary file is left")
}

// s3Exists answers conditional requests as S3 does, the first ones with the given status.
func s3Exists(t *testing.T, there *atomic.Bool, statuses ...int) (bucket.Bucket, *atomic.Int64) {
	var puts atomic.Int64
	return openS3(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch r.Method {
		case http.MethodHead:
			if !there.Load() {
				w.WriteHeader(http.StatusNotFound)
			}
		case http.MethodPut:
			n := puts.Add(1)
			if r.Header.Get("If-None-Match") != "*" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			if int(n) <= len(statuses) {
				w.WriteHeader(statuses[n-1])
				code := map[int]string{http.StatusPreconditionFailed: "PreconditionFailed", http.StatusConflict: "ConditionalRequestConflict"}[statuses[n-1]]
				fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
			}
		}
	}), &puts
}

func TestS3SaysThatAnObjectExists(t *testing.T) {
	const conflict = http.StatusConflict
	tests := []struct {
		name     string
		statuses []int
		there    bool
		want     error
		puts     int64
	}{
		{"created", nil, false, nil, 1},
		{"there before", []int{http.StatusPreconditionFailed}, true, fs.ErrExist, 1},
		{"another request wins meanwhile", []int{conflict}, true, fs.ErrExist, 1},
		{"another request fails meanwhile", []int{conflict, conflict}, false, nil, 3},
		{"denied", []int{http.StatusForbidden}, false, fs.ErrPermission, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var there atomic.Bool
			there.Store(test.there)
			b, puts := s3Exists(t, &there, test.statuses...)
			err := b.Create(t.Context(), "k", strings.NewReader("x"), 1, "text/plain")
			require.ErrorIs(t, err, test.want)
			require.Equal(t, test.puts, puts.Load())
		})
	}
	var there atomic.Bool
	b, puts := s3Exists(t, &there, conflict, conflict, conflict, conflict)
	err := b.Create(t.Context(), "k", strings.NewReader("x"), 1, "text/plain")
	require.Error(t, err)
	require.NotErrorIs(t, err, fs.ErrExist, "it isn't known")
	require.EqualValues(t, 3, puts.Load())
	require.Error(t, b.Create(t.Context(), "k", io.MultiReader(strings.NewReader("x")), 1, "text/plain"), "the body can't be read again")
	require.EqualValues(t, 4, puts.Load())
}

func TestS3FindsTheFirstKeyWithOneSmallRequest(t *testing.T) {
	var requests []string
	pages := map[string]string{
		"":  `<IsTruncated>true</IsTruncated><NextContinuationToken>n</NextContinuationToken><Contents><Key>some/prefix/commits/</Key><Size>0</Size><LastModified>2026-04-17T00:00:00Z</LastModified></Contents>`,
		"n": `<IsTruncated>true</IsTruncated><NextContinuationToken>m</NextContinuationToken><Contents><Key>some/prefix/commits/1</Key><Size>3</Size><LastModified>2026-04-17T00:00:00Z</LastModified></Contents>`,
	}
	b := openS3(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		requests = append(requests, query.Get("prefix")+" "+query.Get("max-keys"))
		fmt.Fprintf(w, "<ListBucketResult>%s</ListBucketResult>", pages[query.Get("continuation-token")])
	})
	first, err := b.First(t.Context(), "commits/")
	require.NoError(t, err)
	require.Equal(t, "commits/1", first.Key, "a folder's marker is no object")
	require.EqualValues(t, 3, first.Size)
	require.Equal(t, []string{"some/prefix/commits/ 1", "some/prefix/commits/ 1"}, requests)
}
