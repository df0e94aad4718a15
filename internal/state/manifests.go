package state

import (
	"context"
	"fmt"
	"path"
)

// ManifestKey is where a manifest lies below the prefix; sha is the SHA-256, hex, of its bytes.
func ManifestKey(project, partition string, version int, sha string) string {
	return path.Join(manifestsFolder, project, partition, fmt.Sprintf("%05d-%.16s.json", version, sha))
}

// HasManifest says whether a manifest of a partition's version is there, whether or not a commit names it.
func (s *Store) HasManifest(ctx context.Context, project, partition string, version int) (bool, error) {
	keys, err := s.list(ctx, path.Join(manifestsFolder, project, partition, fmt.Sprintf("%05d-", version)))
	if err != nil {
		return false, fmt.Errorf("look for a manifest: %w", err)
	}
	return len(keys) > 0, nil
}

// PutManifest stores the manifest and returns the SHA-256, hex, that names it. That the same manifest is there already is
// no error.
func (s *Store) PutManifest(ctx context.Context, m *Manifest) (sha string, err error) {
	content, err := s.encodeManifest(m)
	if err != nil {
		return "", err
	}
	sha = hexSum(content)
	if err := s.createNamed(ctx, ManifestKey(m.Project, m.Partition, m.Version, sha), content, jsonType); err != nil {
		return "", fmt.Errorf("write manifest: %w", err)
	}
	return sha, nil
}

func (s *Store) encodeManifest(m *Manifest) ([]byte, error) {
	if m.Pipeline != s.pipeline || m.Version < 1 || !(EntryKey{Project: m.Project, Partition: m.Partition}).valid() {
		return nil, fmt.Errorf("the manifest of %q/%q, version %d, is not one of the pipeline %q", m.Project, m.Partition, m.Version, s.pipeline)
	}
	return encode(m)
}

// decodeManifest reads the object under key, and checks what a reader depends on.
func decodeManifest(key string, content []byte) (*Manifest, error) {
	m, err := decode[Manifest](key, content)
	if err != nil {
		return nil, err
	}
	if problem := m.erasedProblem(); problem != "" {
		return nil, unusable(key, Malformed, "%s", problem)
	}
	return m, nil
}

// Manifest reads the manifest of an entry and checks that it is the one that was committed. One that is missing, altered
// or of a newer format is an *UnusableError.
func (s *Store) Manifest(ctx context.Context, e *Entry) (*Manifest, error) {
	key := ManifestKey(e.Project, e.Partition, e.Version, e.Manifest)
	content, err := s.named(ctx, key, e.Manifest, "the state of "+e.Name())
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	m, err := decodeManifest(s.prefix+key, content)
	if err == nil && (m.Pipeline != s.pipeline || m.Project != e.Project || m.Partition != e.Partition || m.Version != e.Version) {
		err = unusable(s.prefix+key, OtherPipeline, "it is the manifest of version %d of %s of the pipeline %q", m.Version, path.Join(m.Project, m.Partition), m.Pipeline)
	}
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	return m, nil
}
