package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"logferry/internal/merkle"
	"logferry/internal/state"
)

// ProofFormat is the version of proofs.
const ProofFormat = 1

// Proof shows somebody who has nothing but a head of a history that a row is in it. Its JSON names are stable.
type Proof struct {
	Type      string `json:"type"`   // "proof"
	Format    int    `json:"format"` // ProofFormat
	Pipeline  string `json:"pipeline"`
	LogID     string `json:"log_id"`
	Partition string `json:"partition"` // below its project's name
	Version   int    `json:"version"`   // of the partition

	Row   []byte   `json:"row"`   // its canonical form, see table.Canonical; base64
	Leaf  string   `json:"leaf"`  // hash of it in the Merkle tree; hashes are hex
	Index int64    `json:"index"` // of the row in its partition, from 0
	Size  int64    `json:"size"`  // rows of the partition
	Path  []string `json:"path"`  // the other halves on the way from the leaf to the root
	Root  string   `json:"root"`

	Manifest Sealed   `json:"manifest"` // has the root
	Commits  []Sealed `json:"commits"`  // from the one that gave the partition the manifest to the head
	Head     string   `json:"head"`     // SERIAL:HASH of the last of them
}

// Sealed is an object of the state and its hash.
type Sealed struct {
	SHA256  string `json:"sha256"` // hex
	Content []byte `json:"content"`
}

// Seal returns the object with a content.
func Seal(content []byte) Sealed {
	sum := sha256.Sum256(content)
	return Sealed{SHA256: hex.EncodeToString(sum[:]), Content: content}
}

// opened reads the object with parse, if it has its hash.
func opened[T any](s *Sealed, what string, parse func(content []byte) (*T, error)) (*T, error) {
	if Seal(s.Content).SHA256 != s.SHA256 {
		return nil, fmt.Errorf("the content of %s has not the hash that the proof gives it", what)
	}
	out, err := parse(s.Content)
	if err != nil {
		return nil, fmt.Errorf("the content of %s can't be read: %w", what, err)
	}
	return out, nil
}

// CheckProof says what keeps the proof from showing that its record is in the histories of the heads that were written down. Each of
// them that is of the proof's time has to be one of its commits, and one of them at least. It returns the newest of these.
func CheckProof(p *Proof, heads []Anchor) (Anchor, error) {
	if p.Type != "proof" || p.Format != ProofFormat {
		return Anchor{}, fmt.Errorf("it is no proof of format %d", ProofFormat)
	}
	if err := p.checkRow(); err != nil {
		return Anchor{}, err
	}
	m, err := opened(&p.Manifest, "the manifest", state.ParseManifest)
	if err != nil {
		return Anchor{}, err
	}
	key := state.EntryKey{Project: m.Project, Partition: m.Partition}
	if m.Root != p.Root || m.Rows != p.Size || key.String() != p.Partition || m.Version != p.Version || m.Pipeline != p.Pipeline {
		return Anchor{}, errors.New("the manifest is of another partition, or has another root or number of rows")
	}
	commits, err := p.chain()
	if err != nil {
		return Anchor{}, err
	}
	at, err := newestHead(commits, heads)
	if err != nil {
		return Anchor{}, err
	}
	for i, c := range commits[:at+1] {
		manifest, changed := change(c, key)
		if i == 0 && manifest != p.Manifest.SHA256 {
			return Anchor{}, fmt.Errorf("commit %d does not give %s the manifest", c.Serial, p.Partition)
		}
		if i > 0 && changed {
			return Anchor{}, fmt.Errorf("commit %d replaces or removes %s: the record may not be there any more", c.Serial, p.Partition)
		}
	}
	return Anchor{Serial: commits[at].Serial, Hash: commits[at].Hash}, nil
}

// checkRow follows the way from the row to the root.
func (p *Proof) checkRow() error {
	id, err := RowID(p.Row)
	switch {
	case err != nil:
		return err
	case id != p.LogID:
		return fmt.Errorf("the row is that of the record %q", id)
	}
	leaf, root, way := merkle.HashLeaf(p.Row), merkle.Hash{}, merkle.Proof{Index: p.Index, Size: p.Size}
	if hex.EncodeToString(leaf[:]) != p.Leaf {
		return errors.New("the row has not the hash that the proof gives it")
	}
	for i, text := range append(slices.Clone(p.Path), p.Root) {
		sum, err := hex.DecodeString(text)
		if err != nil || len(sum) != len(root) {
			return fmt.Errorf("%q is no SHA-256", text)
		}
		if i < len(p.Path) {
			way.Path = append(way.Path, merkle.Hash(sum))
		} else {
			root = merkle.Hash(sum)
		}
	}
	return merkle.VerifyProof(root, leaf, way)
}

// chain reads the commits and checks that each names the one before.
func (p *Proof) chain() ([]*state.Commit, error) {
	out := make([]*state.Commit, len(p.Commits))
	for i := range p.Commits {
		c, err := opened(&p.Commits[i], fmt.Sprintf("commit %d of the proof", i+1), state.ParseCommit)
		if err != nil {
			return nil, err
		}
		c.Hash = p.Commits[i].SHA256
		if i > 0 && (c.Previous != out[i-1].Hash || c.Serial != out[i-1].Serial+1 || c.Lineage != out[i-1].Lineage) || c.Pipeline != p.Pipeline {
			return nil, fmt.Errorf("commit %d does not follow the one before it in the proof", c.Serial)
		}
		out[i] = c
	}
	return out, nil
}

// newestHead is the index of the newest commit that was written down.
func newestHead(commits []*state.Commit, heads []Anchor) (int, error) {
	newest := -1
	for i, c := range commits {
		for _, h := range heads {
			switch same := h.Hash == c.Hash; {
			case same && (h.Serial == 0 || h.Serial == c.Serial):
				newest = i
			case same || h.Serial == c.Serial:
				return 0, fmt.Errorf("commit %d has the hash %s, and %s was written down", c.Serial, c.Hash, h)
			}
		}
	}
	if newest < 0 {
		return 0, errors.New("none of its commits was written down: the proof is of another history, or of another time; make it anew for a newer head")
	}
	return newest, nil
}

// change returns what a commit does to a partition: the manifest that it gives it, "" where it removes it, and whether it does anything.
func change(c *state.Commit, key state.EntryKey) (manifest string, changed bool) {
	for i := range c.Changes {
		if c.Changes[i].Key() != key {
			continue
		}
		if e := c.Changes[i].Set; e != nil {
			return e.Manifest, true
		}
		return "", true
	}
	return "", false
}

// Sets says whether a commit gives a partition the manifest that the entry has, or does anything else to it.
func Sets(c *state.Commit, e *state.Entry) (sets, otherwise bool) {
	manifest, changed := change(c, e.EntryKey())
	return changed && manifest == e.Manifest, changed && manifest != e.Manifest
}
