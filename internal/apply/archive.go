package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"logferry/internal/state"
	"logferry/internal/verify"
	"logferry/sinks"
	"logferry/sinks/bucket"
)

// Archive is an export that is looked at without its pipeline file.
type Archive struct {
	// Places are what holds data, the first sink first: bucket URLs or folders, each with the name of its sink and "=" before it
	// or, for one place alone, without.
	Places   []string
	State    string // bucket URL or folder of the state, "" where it lies in the first place
	Pipeline string // "" where there is one only
	// WrapBucket, for tests, gets each bucket that is opened with its URL; nil otherwise.
	WrapBucket func(url string, b bucket.Bucket) bucket.Bucket
}

// AmbiguousError says that an archive holds the states of several pipelines.
type AmbiguousError struct{ Pipelines []string }

func (e *AmbiguousError) Error() string {
	return "the archive has the states of several pipelines: " + strings.Join(e.Pipelines, ", ")
}

// Hint is what the user can do about it.
func (e *AmbiguousError) Hint() string { return "name one with --pipeline" }

// VerifyArchive verifies an export with nothing but its buckets, or a copy of them: no pipeline file, no credentials of the API. It writes
// nothing but temporary files of this machine.
func VerifyArchive(ctx context.Context, a Archive, o VerifyOptions) (*verify.Report, error) {
	v, err := openArchive(ctx, a, "verify")
	if err != nil {
		return nil, err
	}
	defer v.close()
	return verify.Run(ctx, verify.Options{
		Store: v.store, Sinks: v.sinks, Dir: v.dir, Deep: o.Deep, Targets: o.Targets, Anchors: o.Anchors, Keys: o.Keys, Progress: o.Progress,
	})
}

type archive struct {
	Archive
	dir     string
	cleanup []func() error
	store   *state.Store
	state   *state.State  // nil where it is broken
	broken  error         // a *state.UnusableError
	bucket  bucket.Bucket // of the state,
	prefix  string        // below which it lies
	sinks   []*sinks.Sink
}

// openArchive opens all of an archive, also where its state is broken. The caller closes it.
func openArchive(ctx context.Context, a Archive, purpose string) (_ *archive, err error) {
	dir, remove, err := workDir(purpose)
	if err != nil {
		return nil, err
	}
	v := &archive{Archive: a, dir: dir, cleanup: []func() error{func() error { remove(); return nil }}}
	defer func() {
		if err != nil {
			v.close()
		}
	}()
	if err := v.openState(ctx); err != nil {
		return nil, err
	}
	var broken *state.UnusableError
	if v.state, err = v.store.Load(ctx); errors.As(err, &broken) {
		v.state, v.broken = nil, err
	} else if err != nil {
		return nil, err
	}
	return v, v.openSinks(ctx, v.state)
}

func (a *archive) close() {
	for _, c := range slices.Backward(a.cleanup) {
		_ = c() // what was only read can't be lost
	}
}

// open opens a bucket URL or a folder.
func (a *archive) open(ctx context.Context, place string) (bucket.Bucket, error) {
	url, err := placeURL(place)
	if err != nil {
		return nil, err
	}
	b, err := bucket.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	a.cleanup = append(a.cleanup, func() error { return bucket.Close(b) })
	if a.WrapBucket != nil {
		return a.WrapBucket(url, b), nil
	}
	return b, nil
}

// placeURL is the URL of a bucket URL or a folder.
func placeURL(place string) (string, error) {
	if strings.Contains(place, "://") {
		return place, nil
	}
	folder, err := filepath.Abs(place)
	if err != nil {
		return "", fmt.Errorf("the folder %s: %w", place, err)
	}
	return "file://" + escapePath(filepath.ToSlash(folder)), nil
}

// escapePath writes a path so that it may stand in a URL.
func escapePath(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23").Replace(path)
}

// openState finds the state, and in it the pipeline.
func (a *archive) openState(ctx context.Context) error {
	place, folder := a.State, ""
	if place == "" {
		_, place = splitPlace(a.Places[0])
		folder = stateFolder
	}
	b, err := a.open(ctx, place)
	if err != nil {
		return fmt.Errorf("open the state: %w", err)
	}
	if a.Pipeline == "" {
		found, err := pipelinesIn(ctx, b, folder)
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return &NoStateError{Place: bucket.Redact(place) + "/" + folder, Archive: true}
		case len(found) > 1:
			return &AmbiguousError{found}
		}
		a.Pipeline = found[0]
	}
	a.bucket, a.prefix = b, folder+a.Pipeline+"/"
	a.store = state.New(b, a.prefix, a.Pipeline, state.Options{})
	return nil
}

// pipelinesIn are the names of the pipelines that have commits below a folder.
func pipelinesIn(ctx context.Context, b bucket.Bucket, folder string) ([]string, error) {
	found := map[string]bool{}
	for o, err := range b.List(ctx, folder) {
		if err != nil {
			return nil, fmt.Errorf("look for a state: %w", err)
		}
		name, rest, _ := strings.Cut(strings.TrimPrefix(o.Key, folder), "/")
		if strings.HasPrefix(rest, "commits/") {
			found[name] = true
		}
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// splitPlace takes the name of a sink from before a place.
func splitPlace(text string) (name, place string) {
	name, place, named := strings.Cut(text, "=")
	if !named || strings.ContainsAny(name, ":/.\\") {
		return "", text
	}
	return name, place
}

// openSinks opens the places as the sinks that the state knows. st is nil where it can't be loaded.
func (a *archive) openSinks(ctx context.Context, st *state.State) error {
	for _, text := range a.Places {
		name, place := splitPlace(text)
		if name == "" && len(a.Places) > 1 {
			return fmt.Errorf("of several places each needs the name of its sink: NAME=%s", place)
		}
		if name == "" {
			name = firstSink(st)
		}
		b, err := a.open(ctx, place)
		if err != nil {
			return err
		}
		url, err := placeURL(place)
		if err != nil {
			return err
		}
		s, err := sinks.Open(ctx, sinks.Options{Name: name, URL: url, Bucket: b, Format: sinks.Parquet, StagingDir: a.dir, Memory: sinks.MinMemory})
		if err != nil {
			return err
		}
		a.sinks = append(a.sinks, s)
		a.cleanup = append(a.cleanup, s.Close)
	}
	return a.checkNames(st)
}

// UnknownSinkError says that a place was given the name of a sink that an archive does not have.
type UnknownSinkError struct {
	Name string
	Has  []string // the names that it has
}

func (e *UnknownSinkError) Error() string {
	return fmt.Sprintf("the archive has no sink %q; it has %s", e.Name, strings.Join(e.Has, ", "))
}

// Hint is what the user can do about it.
func (*UnknownSinkError) Hint() string {
	return "give each place the name of its sink: --archive NAME=URL"
}

// checkNames compares the names of the places with those of the state, as far as that can be read.
func (a *archive) checkNames(st *state.State) error {
	if st == nil {
		return nil
	}
	has := map[string]bool{}
	for _, e := range st.All() {
		for _, f := range e.Files {
			has[f.Sink] = true
		}
	}
	for _, s := range a.sinks {
		if len(has) > 0 && !has[s.Name()] {
			return &UnknownSinkError{Name: s.Name(), Has: slices.Sorted(maps.Keys(has))}
		}
	}
	return nil
}

// firstSink is the name of the sink that the state lies in: files stand in the state in the order of the sinks, so it is the one that
// most often is the first of a partition.
func firstSink(st *state.State) string {
	best, count := "archive", map[string]int{}
	if st == nil {
		return best
	}
	for _, e := range st.All() {
		if len(e.Files) > 0 {
			count[e.Files[0].Sink]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		if count[name] > count[best] {
			best = name
		}
	}
	return best
}
