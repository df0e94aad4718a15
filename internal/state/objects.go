package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"golang.org/x/sync/errgroup"
)

// ObjectKind is what an object below a state's prefix is, by the folder it lies in.
type ObjectKind string

// The kinds of objects. Unknown ones were put there by something else.
const (
	CommitObject     ObjectKind = "commit"
	CheckpointObject ObjectKind = "checkpoint"
	ManifestObject   ObjectKind = "manifest"
	PendingObject    ObjectKind = "pending"
	LockObject       ObjectKind = "lock"
	LastRunObject    ObjectKind = "last run"
	SignatureObject  ObjectKind = "signature"
	ProbeObject      ObjectKind = "probe" // left by a run that was killed while it tried the bucket out
	UnknownObject    ObjectKind = ""
)

var folderKinds = map[string]ObjectKind{
	commitsFolder: CommitObject, checkpointsFolder: CheckpointObject, manifestsFolder: ManifestObject,
	pendingFolder: PendingObject, locksFolder: LockObject, probeFolder: ProbeObject,
	signaturesFolder: SignatureObject,
}

// Names collects what a history names. The zero value is empty.
//
//	var names state.Names
//	for c, err := range store.History(ctx) { …; names.Add(c) }
//	for object, err := range store.Objects(ctx, &names) { … }
type Names struct {
	keys   map[string]string // SHA-256 by key below the prefix
	newest int64             // serial
}

// Add takes in a commit: itself, its checkpoints, and the manifests of the partitions that it set.
func (n *Names) Add(c *Commit) {
	if n.keys == nil {
		n.keys = map[string]string{}
	}
	n.keys[commitKey(c.Serial)] = c.Hash
	n.newest = max(n.newest, c.Serial)
	for _, ref := range c.Checkpoints {
		n.keys[ref.Key] = ref.SHA256
	}
	for i := range c.Changes {
		if e := c.Changes[i].Set; e != nil {
			n.keys[ManifestKey(e.Project, e.Partition, e.Version, e.Manifest)] = e.Manifest
		}
	}
}

// has says whether a key, below the prefix, is named.
func (n *Names) has(key string) bool {
	serial, isCommit := parseCommitKey(key)
	return n.keys[key] != "" || isCommit && serial > n.newest
}

// Found is an object below a state's prefix.
type Found struct {
	Key  string // in the bucket
	Kind ObjectKind
	Size int64 // bytes
	// Named says that the history names it, or that it is a commit that another run has added to it meanwhile. Of a commit,
	// checkpoint or manifest that isn't named, a run was killed, or lost a race, before the commit that would have named it: it is
	// never read. Signatures (see SignatureUse), notes, locks, probes and the last run's end are never named.
	Named bool
}

// Objects yields all objects below the prefix, in no particular order. With no prefix it yields those in the state's folders
// only.
func (s *Store) Objects(ctx context.Context, names *Names) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		for object, err := range s.bucket.List(ctx, s.prefix) {
			if err != nil {
				yield(Found{}, fmt.Errorf("list state objects: %w", err))
				return
			}
			key := object.Key[len(s.prefix):]
			kind := kindOf(key)
			if kind == UnknownObject && s.prefix == "" {
				continue
			}
			if !yield(Found{Key: object.Key, Kind: kind, Size: object.Size, Named: names.has(key)}, nil) {
				return
			}
		}
	}
}

// CheckNamed reads every checkpoint and manifest that the names have, also those that newer ones have replaced, but for the
// manifests of present, which their readers check. It tells broken, from several goroutines, of each that is missing or altered.
func (s *Store) CheckNamed(ctx context.Context, names *Names, present []Entry, broken func(*UnusableError)) error {
	skip := make(map[string]bool, len(present))
	for i := range present {
		e := &present[i]
		skip[ManifestKey(e.Project, e.Partition, e.Version, e.Manifest)] = true
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for key, sha := range names.keys {
		if skip[key] || kindOf(key) == CommitObject {
			continue
		}
		group.Go(func() error {
			_, err := s.named(groupCtx, key, sha, "the history")
			var unusable *UnusableError
			if errors.As(err, &unusable) {
				broken(unusable)
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("read what the history names: %w", err)
	}
	return nil
}

// CheckLeftover says what is wrong with a checkpoint or manifest that is not named: nothing is with what a killed run left,
// whose name is that of its content. What is wrong is an *UnusableError.
func (s *Store) CheckLeftover(ctx context.Context, o Found) error {
	key := o.Key[len(s.prefix):]
	content, err := s.read(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	name := ""
	switch o.Kind {
	case ManifestObject:
		m, err := decode[Manifest](o.Key, content)
		if err != nil {
			return err
		}
		name = ManifestKey(m.Project, m.Partition, m.Version, hexSum(content))
	case CheckpointObject:
		c, err := decodeCheckpoint(o.Key, content)
		if err != nil {
			return err
		}
		name = c.key(hexSum(content))
	default:
		return nil
	}
	if name != key {
		broken := unusable(o.Key, Malformed, "its content belongs under another name, %s, and no commit names it", name)
		broken.Advice = "find out who put it there, and remove it"
		return broken
	}
	return nil
}

func kindOf(key string) ObjectKind {
	if key == lockFileName || key == idFile {
		return LockObject // LockFile's, where the state is a local folder
	}
	if key == lastRunFile {
		return LastRunObject
	}
	folder, _, _ := strings.Cut(key, "/")
	return folderKinds[folder+"/"]
}
