package apply

import (
	"context"
	"errors"
	"io"
	"slices"

	"logferry/internal/state"
	"logferry/sinks"
	"logferry/sinks/bucket"
)

// freeKeys are the keys of n files of the first version, from one on, that has none of those that are taken.
func freeKeys(sink *sinks.Sink, prefix string, n, version int, taken []string) []string {
	for ; ; version++ {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = sink.FileKey(prefix, i, version)
		}
		if !slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(taken, key) }) {
			return keys
		}
	}
}

// beside gives a sink's files keys that no object has, where the bucket keeps those that would be replaced: what is there now, or what a
// run has left that was killed before its commit. The manifest names the new ones.
func (s *step) beside(ctx context.Context, w *writer, m *state.Manifest) ([]string, error) {
	var taken []string
	for o, err := range w.sink.List(ctx, s.prefix()+"/part-") {
		if err != nil {
			return nil, err
		}
		taken = append(taken, o.Key)
	}
	keys := freeKeys(w.sink, s.prefix(), len(w.files), max(m.Version, 2), taken)
	n := 0
	for i := range m.Files {
		if m.Files[i].Sink == w.sink.Name() {
			m.Files[i].Key = keys[n]
			n++
		}
	}
	return keys, nil
}

// allBeside is beside for every sink.
func (s *step) allBeside(ctx context.Context, out writers, keys [][]string, m *state.Manifest) (err error) {
	for i, w := range out {
		if keys[i], err = s.beside(ctx, w, m); err != nil {
			return err
		}
	}
	return nil
}

// mostLeft is how many objects of runs that were killed before their commit are passed over.
const mostLeft = 100

// uploadQuarantine uploads the quarantine object of a version, under the key of the next one that is free where the bucket keeps what a
// run has left that was killed before its commit.
func (s *step) uploadQuarantine(ctx context.Context, m *state.Manifest, body io.ReadSeeker, size int64) (key string, err error) {
	for version := m.Version; version < m.Version+mostLeft; version++ {
		if _, err = body.Seek(0, io.SeekStart); err != nil {
			return "", err
		}
		key = quarantineKey(m.Project, m.Partition, version)
		if s.known != nil && s.known.QuarantineObject != nil && s.known.QuarantineObject.Key == key {
			continue
		}
		if err = s.run.sinks[0].UploadObject(ctx, key, body, size, "application/x-ndjson"); !errors.Is(err, bucket.ErrRetained) {
			return key, err
		}
	}
	return "", err
}
