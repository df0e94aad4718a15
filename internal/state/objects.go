package state

import (
	"context"
	"fmt"
	"iter"
	"strings"
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
	ProbeObject      ObjectKind = "probe" // left by a run that was killed while it tried the bucket out
	UnknownObject    ObjectKind = ""
)

var folderKinds = map[string]ObjectKind{
	commitsFolder: CommitObject, checkpointsFolder: CheckpointObject, manifestsFolder: ManifestObject,
	pendingFolder: PendingObject, locksFolder: LockObject, probeFolder: ProbeObject,
}

// Names collects what a history names. The zero value is empty.
//
//	var names state.Names
//	for c, err := range store.History(ctx) { …; names.Add(c) }
//	for object, err := range store.Objects(ctx, &names) { … }
type Names struct {
	keys   map[string]bool
	newest int64 // serial
}

// Add takes in a commit: itself, its checkpoints, and the manifests of the partitions that it set.
func (n *Names) Add(c *Commit) {
	if n.keys == nil {
		n.keys = map[string]bool{}
	}
	n.keys[commitKey(c.Serial)] = true
	n.newest = max(n.newest, c.Serial)
	for _, ref := range c.Checkpoints {
		n.keys[ref.Key] = true
	}
	for i := range c.Changes {
		if e := c.Changes[i].Set; e != nil {
			n.keys[ManifestKey(e.Project, e.Partition, e.Version, e.Manifest)] = true
		}
	}
}

// has says whether a key, below the prefix, is named.
func (n *Names) has(key string) bool {
	serial, isCommit := parseCommitKey(key)
	return n.keys[key] || isCommit && serial > n.newest
}

// Found is an object below a state's prefix.
type Found struct {
	Key  string // in the bucket
	Kind ObjectKind
	Size int64 // bytes
	// Named says that the history names it, or that it is a commit that another run has added to it meanwhile. Of a commit, checkpoint or manifest that isn't named, a run was killed, or
	// lost a race, before the commit that would have named it: it is never read. Notes, locks, probes and the last run's end are never named.
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
