package bucket_test

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

func open(t *testing.T, url string) bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bucket.Close(b)) })
	return b
}

func put(t *testing.T, b bucket.Bucket, key, body string) {
	t.Helper()
	require.NoError(t, b.Upload(t.Context(), key, strings.NewReader(body), int64(len(body)), "text/plain"))
}

// filesIn returns what is below folder, folders with a slash.
func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	found := []string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		if entry.IsDir() {
			relative += "/"
		}
		found = append(found, relative)
		return err
	}))
	return found
}

func TestFileURLsNameFolders(t *testing.T) {
	work := t.TempDir()
	t.Chdir(work)
	absolute := t.TempDir()
	for url, want := range map[string]string{
		"file://./out/deep":                    filepath.Join(work, "out/deep/k"),
		"file://" + absolute:                   filepath.Join(absolute, "k"),
		"file://localhost" + absolute + "/a b": filepath.Join(absolute, "a b/k"),
		"file://" + absolute + "/c%20d/":       filepath.Join(absolute, "c d/k"),
		"file://./p?prefix=x/y/&create_dir=true&metadata=skip&no_tmp_dir=1": filepath.Join(work, "p/x/y/k"),
		"file://.": filepath.Join(work, "k"),
	} {
		put(t, open(t, url), "k", "v")
		require.FileExists(t, want, url)
	}
}

func TestURLsThatNameNoBucketAreRefused(t *testing.T) {
	for url, want := range map[string]string{
		"file://out/x":                  "file://./out/x",
		"file://":                       "no folder",
		"file://./out?metadata=sidecar": "always skip",
		"file://./out?create=1":         `unknown parameter "create"`,
		"file://./out?prefix=../x":      "..",
		"file://./out#1":                "%23",
		"s3://bucket/a/../b":            "..",
		"mem://b/a//b":                  "empty segment",
		"nosuch://bucket":               "nosuch",
		"http://[::1":                   "cannot be parsed",
	} {
		_, err := bucket.Open(t.Context(), url)
		require.ErrorContains(t, err, want, url)
	}
}

func TestErrorsShowNeitherUserNorQueryOfTheURL(t *testing.T) {
	require.Equal(t, "s3://bucket/prefix", bucket.Redact("s3://user:secret@bucket/prefix?key=secret#secret"))
	for _, url := range []string{"mem://b/a//b?token=secret", "http://[::1?secret", "file://./out?metadata=skip&secret=secret1"} {
		_, err := bucket.Open(t.Context(), url)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "secret1")
		require.NotContains(t, err.Error(), "token=")
	}
}

func TestFoldersAndFilesAreTheOwnersOnly(t *testing.T) {
	root := t.TempDir()
	put(t, open(t, "file://"+root), "tool_execution/dt=2026-04-17/part-00000.parquet", "data")
	require.Equal(t, []string{"tool_execution/", "tool_execution/dt=2026-04-17/", "tool_execution/dt=2026-04-17/part-00000.parquet"}, filesIn(t, root))
	for path, mode := range map[string]os.FileMode{"tool_execution": 0o700, "tool_execution/dt=2026-04-17": 0o700, "tool_execution/dt=2026-04-17/part-00000.parquet": 0o600} {
		info, err := os.Stat(filepath.Join(root, path))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
}

func TestNothingButDataFilesIsSeenWhileAnUploadRuns(t *testing.T) {
	root := t.TempDir()
	b := open(t, "file://"+root)
	put(t, b, "tool_execution/a.parquet", "old")
	var seen []string
	body := readerFunc(func(p []byte) (int, error) {
		seen = filesIn(t, filepath.Join(root, "tool_execution"))
		return copy(p, "new"), io.EOF
	})
	require.NoError(t, b.Upload(t.Context(), "tool_execution/b.parquet", body, 3, ""))
	require.Equal(t, []string{"a.parquet"}, seen)
	require.Equal(t, []string{"a.parquet", "b.parquet"}, filesIn(t, filepath.Join(root, "tool_execution")))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestFoldersThatBecomeEmptyAreRemovedUnlessOthersMadeThem(t *testing.T) {
	parent := t.TempDir()
	made, given := filepath.Join(parent, "made/lake"), filepath.Join(parent, "given")
	require.NoError(t, os.Mkdir(given, 0o755))
	for _, root := range []string{made, given} {
		b := open(t, "file://"+root)
		put(t, b, "a/b/c", "1")
		put(t, b, "a/d", "2")
		require.NoError(t, b.Delete(t.Context(), "a/b/c"))
		require.Equal(t, []string{"a/", "a/d"}, filesIn(t, root))
		require.NoError(t, b.Delete(t.Context(), "a"), "a folder is no object")
		require.NoError(t, b.Delete(t.Context(), "a/d"))
		require.Error(t, b.Upload(t.Context(), "x/y", strings.NewReader("short"), 10, ""))
	}
	require.Equal(t, []string{"given/"}, filesIn(t, parent))
}

func TestTemporaryFilesOfKilledProcessesAreRemovedAfterADay(t *testing.T) {
	root := t.TempDir()
	temp := filepath.Join(root, "_logferry/tmp")
	require.NoError(t, os.MkdirAll(temp, 0o700))
	for name, age := range map[string]time.Duration{"upload-old": 61 * time.Minute, "upload-new": 59 * time.Minute} {
		path := filepath.Join(temp, name)
		require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
		then := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(path, then, then))
	}
	b := open(t, "file://"+root)
	var keys []string
	for object, err := range b.List(t.Context(), "") {
		require.NoError(t, err)
		keys = append(keys, object.Key)
	}
	require.Empty(t, keys, "they are no objects")
	_, err := b.First(t.Context(), "")
	require.ErrorIs(t, err, os.ErrNotExist)
	put(t, b, "k", "v")
	require.Equal(t, []string{"_logferry/", "_logferry/tmp/", "_logferry/tmp/upload-new", "k"}, filesIn(t, root))
}

func TestListingAFolderThatIsNotThereIsEmpty(t *testing.T) {
	for range open(t, "file://"+t.TempDir()+"/none").List(t.Context(), "") {
		t.Fatal("there is nothing")
	}
}

func TestAFolderIsNoObject(t *testing.T) {
	b := open(t, "file://"+t.TempDir())
	put(t, b, "a/b", "x")
	_, err := b.Open(t.Context(), "a")
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Error(t, b.Upload(t.Context(), "a", strings.NewReader("x"), 1, ""))
	require.Error(t, b.Upload(t.Context(), "a/b/c", strings.NewReader("x"), 1, ""))
}

func TestThePathOfAURLIsAPrefixOfTheKeys(t *testing.T) {
	// Two openings of mem:// share nothing, so the prefix shows in that the bucket works; its place is Go CDK's.
	b := open(t, "mem://bucket/some/prefix/")
	put(t, b, "k/1", "v")
	var keys []string
	for object, err := range b.List(t.Context(), "k/") {
		require.NoError(t, err)
		keys = append(keys, object.Key)
	}
	require.Equal(t, []string{"k/1"}, keys)
}

func TestAStoppedListingStops(t *testing.T) {
	for _, url := range []string{"mem://", "file://" + t.TempDir()} {
		b := open(t, url)
		for _, key := range []string{"a", "b/c", "d"} {
			put(t, b, key, "v")
		}
		n := 0
		for range b.List(t.Context(), "") {
			if n++; n == 2 {
				break
			}
		}
		require.Equal(t, 2, n)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range b.List(ctx, "") {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
}

func FuzzKeysStayBelowTheFolder(f *testing.F) {
	for _, key := range []string{"a/b", "../a", "a/../../b", "/etc/passwd", `..\x`, "a//b", "a/.", "\x00", "ü/ß", "__0x2f__", "a/./b", "a\u0085b", strings.Repeat("a/", 600)} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if slices.ContainsFunc(strings.Split(key, "/"), func(s string) bool { return len(s) > 200 }) {
			return // file systems allow 255 bytes
		}
		parent := t.TempDir()
		b, err := bucket.Open(t.Context(), (&url.URL{Scheme: "file", Path: parent + "/root"}).String())
		require.NoError(t, err)
		if err := b.Upload(t.Context(), key, bytes.NewReader([]byte("x")), 1, ""); err != nil {
			require.Error(t, bucket.ValidKey(key))
			require.Empty(t, filesIn(t, parent))
			return
		}
		require.NoError(t, bucket.ValidKey(key))
		require.FileExists(t, filepath.Join(parent, "root", filepath.FromSlash(key)))
		var keys []string
		for object, err := range b.List(t.Context(), "") {
			require.NoError(t, err)
			keys = append(keys, object.Key)
		}
		require.Equal(t, []string{key}, keys)
	})
}
