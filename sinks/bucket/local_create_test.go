package bucket

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func openLocalFor(t *testing.T, root string, link func(from, to string) error) *local {
	t.Helper()
	b, err := Open(t.Context(), "file://"+root)
	require.NoError(t, err)
	l := b.(*local)
	if link != nil {
		l.link = link
	}
	return l
}

func noLinks(from, to string) error {
	return &os.LinkError{Op: "link", Old: from, New: to, Err: syscall.EPERM}
}

func create(t *testing.T, l *local, key, body string) error {
	return l.Create(t.Context(), key, strings.NewReader(body), int64(len(body)), "")
}

func TestOneWinsWithoutLinksToo(t *testing.T) {
	root := t.TempDir()
	var won atomic.Int64
	var wait sync.WaitGroup
	for range 12 {
		l := openLocalFor(t, root, noLinks)
		wait.Go(func() {
			switch err := create(t, l, "a/k", "body"); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 1, won.Load())
	left, err := os.ReadDir(filepath.Join(root, tempFolder))
	require.NoError(t, err)
	require.Len(t, left, 1, "the lock stays")
	_, err = openLocalFor(t, root, nil).First(t.Context(), "")
	require.NoError(t, err)
	require.Error(t, create(t, openLocalFor(t, root, noLinks), "a/k/below", "x"), "a file is no folder")
}

func TestALinkWhoseAnswerWasLostIsItsMakers(t *testing.T) {
	root := t.TempDir()
	l := openLocalFor(t, root, func(from, to string) error {
		if err := os.Link(from, to); err != nil {
			return err
		}
		return os.Link(from, to)
	})
	require.NoError(t, create(t, l, "k", "body"))
	require.ErrorIs(t, create(t, l, "k", "body"), fs.ErrExist)
	require.NoDirExists(t, filepath.Join(root, "_logferry"))
}

func TestAFolderOfTheNameIsNoObjectThatExists(t *testing.T) {
	for _, link := range []func(string, string) error{nil, noLinks} {
		l := openLocalFor(t, t.TempDir(), link)
		require.NoError(t, create(t, l, "a/b", "body"))
		err := create(t, l, "a", "body")
		require.ErrorContains(t, err, "folder")
		require.NotErrorIs(t, err, fs.ErrExist)
	}
}

func TestTheLockIsNotSweptAway(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, create(t, openLocalFor(t, root, noLinks), "k", "body"))
	lock := filepath.Join(root, tempFolder, createLock)
	then := time.Now().Add(-2 * staleAfter)
	require.NoError(t, os.Chtimes(lock, then, then))
	require.NoError(t, create(t, openLocalFor(t, root, nil), "l", "body"))
	require.FileExists(t, lock)
}
