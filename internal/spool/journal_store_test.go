package spool

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestALocalJournalIsPrivateAndLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent := t.TempDir()
		dir := filepath.Join(parent, "spool", "of a partition")
		require.NoError(t, os.MkdirAll(filepath.Dir(dir), 0o755))
		require.NoError(t, os.Mkdir(dir, 0o755))
		store := LocalJournal(dir)
		j := create(t, store)
		want := written(t, j, 0, 6)
		require.NoError(t, j.Close())
		info, err := os.Stat(dir)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
		info, err = os.Stat(filepath.Join(dir, "00000001.journal"))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())

		require.NoError(t, os.WriteFile(filepath.Join(dir, "1.journal"), nil, 0o600))
		got, replay := readAll(t, store)
		require.Equal(t, want, got, "a file of another name is none of it")
		require.NoError(t, os.Remove(filepath.Join(dir, "1.journal")))
		j, err = replay.Append(t.Context(), JournalOptions{})
		require.NoError(t, err)
		want = append(want, written(t, j, 6, 2)...)
		require.NoError(t, j.Close())
		got, _ = readAll(t, store)
		require.Equal(t, want, got)
		require.NoError(t, j.Remove(t.Context()))
		require.NoDirExists(t, dir)
	})
}

func TestALocalJournalWithoutAFolderIsNone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	_, replay := readAll(t, LocalJournal(dir))
	require.Nil(t, replay)
	j := create(t, LocalJournal(dir))
	require.NoError(t, j.Close())
	require.NoDirExists(t, dir, "nothing was written")
}

func TestASegmentIsNeverOverwritten(t *testing.T) {
	store := LocalJournal(t.TempDir())
	s, err := store.Create(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, err = store.Create(t.Context(), 1)
	require.ErrorIs(t, err, fs.ErrExist)
}

// objects is a bucket in memory.
type objects struct {
	data map[string][]byte
	puts []time.Duration
	from time.Time
}

func (o *objects) Put(_ context.Context, key string, data []byte) error {
	o.data[key] = bytes.Clone(data)
	o.puts = append(o.puts, time.Since(o.from))
	return nil
}

func (o *objects) Get(_ context.Context, key string) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(o.data[key])), nil
}

func (o *objects) List(_ context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, key := range slices.Backward(slices.Sorted(maps.Keys(o.data))) {
			if strings.HasPrefix(key, prefix) && !yield(key, nil) {
				return
			}
		}
	}
}

func (o *objects) Delete(_ context.Context, key string) error {
	delete(o.data, key)
	return nil
}

func TestAJournalOfObjectsIsUploadedEveryFiveSecondsOrFourMebibytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket := &objects{data: map[string][]byte{"spool/x/other": nil, "spool/x/00000001.journal/y": nil}, from: time.Now()}
		store := ObjectJournal(bucket, "spool/x/")
		j := create(t, store)
		require.NoError(t, addNth(j, 0))
		time.Sleep(20 * time.Second)
		synctest.Wait()
		require.Equal(t, []time.Duration{objectAge + blockAge}, bucket.puts)
		noise := make([]byte, objectBytes)
		for i := range noise {
			noise[i] = byte(i*i>>7) ^ byte(i*2654435761>>13)
		}
		require.NoError(t, j.AddBad(noise))
		require.NoError(t, j.AddBad(noise))
		synctest.Wait()
		require.GreaterOrEqual(t, len(bucket.puts), 2, "full: uploaded at once")
		require.NoError(t, addNth(j, 1))
		require.NoError(t, j.Close())
		got, replay := readAll(t, store)
		require.Len(t, got, 4)
		require.Equal(t, nthLine(1), got[3])
		require.NotEmpty(t, replay.parts)
		require.NoError(t, j.Remove(t.Context()))
		require.Len(t, bucket.data, 2, "other objects stay")
	})
}
