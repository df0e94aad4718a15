package apply_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/state"
	"logferry/sinks/bucket"
)

// nobody is a user that no record has.
func nobody() apply.EraseOptions {
	return apply.EraseOptions{UserIDs: []string{"nobody"}, Reason: "request 4711"}
}

// smallErasing is of one project without anything odd.
func smallErasing(t *testing.T) *erasing {
	return newErasing(t, func(o *logsim.Options, e *export) {
		single(o)
		o.Records.Count, e.details = 40, "none"
	})
}

// find searches without the lock.
func (w *erasing) find(o apply.EraseOptions) *apply.Erasable {
	w.t.Helper()
	s := w.open()
	defer s.Close()
	_, err := s.Load(w.t.Context())
	require.NoError(w.t, err)
	found, err := s.FindErasable(w.t.Context(), o)
	require.NoError(w.t, err)
	return found
}

// oneDay is a change to one partition of one project: a run that is stopped in its middle has replaced nothing.
func oneDay(o *logsim.Options, e *export) {
	single(o)
	e.to = e.from.AddDate(0, 0, 1)
	o.Records.To = e.to
}

// stop kills a run in the middle, so that a journal is left.
func (w *erasing) stop(by *stopper) {
	w.t.Helper()
	ctx, cancel := context.WithCancelCause(w.t.Context())
	defer cancel(nil)
	by.cancel = cancel
	by.at.Store(by.requests.Load() + 20)
	_, err := apply.Run(ctx, w.config(w.export), apply.Options{Now: clock, Version: "test", Events: by})
	require.ErrorIs(w.t, err, errStopped)
}

// TestWhatKilledRunsLeftIsToldBeforeItIsRemoved: also where nothing else is found; and where there is nothing, nothing is done.
func TestWhatKilledRunsLeftIsToldBeforeItIsRemoved(t *testing.T) {
	stop := &stopper{}
	w := newErasingBehind(t, stop.around, oneDay)
	w.mustRun(w.export)
	require.True(t, w.find(nobody()).Nothing())
	before := w.parts()
	_, _, out, err := w.erase(nobody())
	require.NoError(t, err)
	require.Zero(t, out.Unfinished+out.StraysRemoved)
	require.Equal(t, before, w.parts())

	stray := filepath.Join(w.sinkDir(0), "tool_execution", "dt=2026-04-16", "part-00007.parquet")
	foreign := filepath.Join(w.sinkDir(0), "tool_execution", "dt=2026-01-01", "part-00007.parquet")
	aside := filepath.Join(w.sinkDir(0), "_logferry", "quarantine", "dt=2026-04-16.00099.ndjson")
	for _, path := range []string{stray, foreign, aside} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte("anybody's"), 0o600))
	}
	w.raw = true
	w.stop(stop)
	found := w.find(nobody())
	require.Empty(t, found.Partitions)
	require.False(t, found.Nothing())
	require.Positive(t, found.Unfinished)
	require.Equal(t, []int{2, 1}, []int{found.Strays, found.Unsearched})
	require.FileExists(t, stray, "it was only looked for")
	_, _, out, err = w.erase(nobody())
	require.NoError(t, err)
	require.Equal(t, []int{found.Unfinished, 2, 1}, []int{out.Unfinished, out.StraysRemoved, out.Unsearched})
	require.NoFileExists(t, stray)
	require.NoFileExists(t, aside)
	require.FileExists(t, foreign)
}

// TestAJournalInTheFolderOfBeforeIsErased: extract.spool was given a bucket meanwhile.
func TestAJournalInTheFolderOfBeforeIsErased(t *testing.T) {
	stop := &stopper{}
	w := newErasingBehind(t, stop.around, oneDay)
	w.mustRun(w.export)
	w.raw = true
	w.stop(stop)
	held := func() (out []string) {
		for _, dir := range w.scratch {
			out = append(out, journals(t, dir)...)
		}
		return out
	}
	require.NotEmpty(t, held())
	w.extract = map[string]any{"spool": "file://" + t.TempDir()}
	_, _, out, err := w.erase(w.options())
	require.NoError(t, err)
	require.Positive(t, out.Unfinished)
	require.Empty(t, held())
}

// TestAPartitionThatASinkHasOtherwiseIsWrittenAnew: a killed run may have put the person's rows there, and the search reads another sink.
func TestAPartitionThatASinkHasOtherwiseIsWrittenAnew(t *testing.T) {
	for name, alter := range map[string]func(w *erasing, path string){
		"half replaced":                func(w *erasing, _ string) { w.halfReplaced("dt=2026-04-16") },
		"of another size":              func(_ *erasing, path string) { require.NoError(t, os.WriteFile(path, []byte("{}\n"), 0o600)) },
		"altered, and read first":      func(w *erasing, _ string) { w.flip(0, "dt=2026-04-16") },
		"missing, and nobody has rows": func(_ *erasing, path string) { require.NoError(t, os.Remove(path)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := smallErasing(t)
			w.mustRun(w.export)
			path := filepath.Join(w.sinkDir(1), "tool_execution", "dt=2026-04-16", "part-00000.ndjson")
			require.FileExists(t, path)
			alter(w, path)
			found, parts, _, err := w.erase(nobody())
			require.NoError(t, err)
			if strings.HasPrefix(name, "missing") {
				require.Empty(t, found.Partitions)
				return
			}
			require.Len(t, parts, 1)
			require.Zero(t, parts[0].Rows)
			require.True(t, found.Partitions[0].Altered)
			require.Equal(t, "dt=2026-04-16", found.Partitions[0].Name())
			w.mustEqual(w.export, w.sources(w.export))
			w.settled()
		})
	}
}

// flip alters a byte of a partition's file in a sink.
func (w *erasing) flip(sink int, partition string) {
	w.t.Helper()
	for path, content := range w.parts() {
		if strings.HasPrefix(path, w.sinkDir(sink)) && strings.Contains(path, partition+"/part-00000") {
			b := []byte(content)
			b[len(b)/2] ^= 1
			require.NoError(w.t, os.WriteFile(path, b, 0o600))
			return
		}
	}
	require.Fail(w.t, "no such file")
}

// halfReplaced leaves the note of a run that was killed when one of a partition's files was replaced.
func (w *erasing) halfReplaced(partition string) {
	w.t.Helper()
	s := w.open()
	defer s.Close()
	_, err := s.Load(w.t.Context())
	require.NoError(w.t, err)
	entry, _ := s.State().Get("", partition)
	m, _, err := s.Manifest(w.t.Context(), "", partition)
	require.NoError(w.t, err)
	m.Version, m.Previous = m.Version+1, entry.Manifest
	m.Files[1].SHA256 = strings.Repeat("0", 64)
	b, err := bucket.Open(w.t.Context(), "file://"+w.sinkDir(0))
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, bucket.Close(b)) }()
	require.NoError(w.t, state.New(b, "_logferry/"+m.Pipeline+"/", m.Pipeline, state.Options{}).PutPending(w.t.Context(), m))
}

// keepingSome is a bucket that keeps the objects with some text in their keys.
type keepingSome struct {
	bucket.Bucket
	part string
}

func (k keepingSome) Delete(ctx context.Context, key string) error {
	if strings.Contains(key, k.part) {
		return &bucket.Error{Op: "delete", Key: key, Reason: bucket.Retained, Err: errors.New("kept")}
	}
	return k.Bucket.Delete(ctx, key)
}

// TestAKeptFileOfAnotherPartitionIsNoFailure: it was not removed, and nothing that was erased is in it.
func TestAKeptFileOfAnotherPartitionIsNoFailure(t *testing.T) {
	w := smallErasing(t)
	w.mustRun(w.export)
	for _, day := range []string{"dt=2026-04-16", "dt=2026-04-17"} {
		path := filepath.Join(w.sinkDir(0), "tool_execution", day, "part-00007.parquet")
		require.NoError(t, os.WriteFile(path, []byte("anybody's"), 0o600))
	}
	o := w.options()
	o.Targets = append(o.Targets, "dt=2026-04-16")
	w.wrap = func(_ string, b bucket.Bucket) bucket.Bucket { return keepingSome{b, "dt=2026-04-17/part-00007"} }
	_, _, out, err := w.erase(o)
	require.NoError(t, err)
	require.Positive(t, out.Rows)
	require.Equal(t, []int{0, 1}, []int{out.StraysRemoved, out.StraysKept}, "the other one went with what was replaced")
	require.Zero(t, out.Retained)

	w.wrap = func(_ string, b bucket.Bucket) bucket.Bucket { return keepingSome{b, "/part-00007"} }
	path := filepath.Join(w.sinkDir(0), "tool_execution", "dt=2026-04-16", "part-00007.parquet")
	require.NoError(t, os.WriteFile(path, []byte("anybody's"), 0o600))
	w.flip(0, "dt=2026-04-16")
	_, _, out, err = w.erase(o)
	var left *apply.EraseLeftError
	require.ErrorAs(t, err, &left)
	require.EqualValues(t, 1, left.Objects, "counted once")
	require.Equal(t, []int{0, 1}, []int{out.StraysRemoved, out.StraysKept})
}

// TestADamagedManifestElsewhereDoesNotFailAnErasure that did all that it was to do.
func TestADamagedManifestElsewhereDoesNotFailAnErasure(t *testing.T) {
	w := smallErasing(t)
	w.mustRun(w.export)
	for path := range w.everyByte() {
		if strings.Contains(path, "/manifests/dt=2026-04-17/") {
			require.NoError(t, os.WriteFile(path, []byte("{}\n"), 0o600))
		}
	}
	aside := filepath.Join(w.sinkDir(0), "_logferry", "quarantine", "dt=2026-04-17.ndjson")
	require.NoError(t, os.MkdirAll(filepath.Dir(aside), 0o755))
	require.NoError(t, os.WriteFile(aside, []byte("anybody's"), 0o600))
	o := w.options()
	o.Targets = append(o.Targets, "dt=2026-04-16")
	_, _, out, err := w.erase(o)
	require.NoError(t, err)
	require.Positive(t, out.Rows)
	require.Equal(t, 1, out.Unsearched)
	require.FileExists(t, aside)
}

// deaf fails to open the manifest of a second version.
type deaf struct{ bucket.Bucket }

func (d deaf) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if strings.Contains(key, "/manifests/") && strings.Contains(key, "/00002-") {
		return nil, errKilled
	}
	return d.Bucket.Open(ctx, key)
}

// TestWhatWasErasedIsToldWithoutReadingItBack: a commit is a fact, and the summary has what it did.
func TestWhatWasErasedIsToldWithoutReadingItBack(t *testing.T) {
	w := smallErasing(t)
	w.mustRun(w.export)
	w.wrap = func(_ string, b bucket.Bucket) bucket.Bucket { return deaf{b} }
	found, parts, out, err := w.erase(w.options())
	require.NoError(t, err)
	require.Equal(t, found.Rows, out.Rows)
	require.Equal(t, len(found.Partitions), len(parts))
	require.Equal(t, 2, parts[0].Version)
	w.wrap = nil
	s := w.open()
	defer s.Close()
	_, err = s.Load(t.Context())
	require.NoError(t, err)
	m, _, err := s.Manifest(t.Context(), "", parts[0].Partition)
	require.NoError(t, err)
	require.Equal(t, []string{m.IDs, m.Root}, []string{parts[0].IDsAfter, parts[0].RootAfter})
	require.WithinDuration(t, clock, m.Erasures[0].At, time.Second)
}
