package merkle

import (
	"crypto/sha256"
	"hash"
)

// Builder is a Tree whose leaves are written piece by piece. It allocates nothing for a leaf. It is not for concurrent use.
type Builder struct {
	Tree
	leaf    hash.Hash
	sum     Hash // of the leaf that ended last
	started bool
}

// NewBuilder returns an empty tree.
func NewBuilder() *Builder { return &Builder{leaf: sha256.New()} }

// Write adds to the content of the present leaf. It never fails.
func (b *Builder) Write(p []byte) (int, error) {
	if !b.started {
		b.leaf.Reset()
		b.leaf.Write(leafPrefix)
		b.started = true
	}
	return b.leaf.Write(p)
}

// End ends the present leaf, which is empty where nothing was written, and returns its hash.
func (b *Builder) End() Hash {
	_, _ = b.Write(nil)
	b.started = false
	b.leaf.Sum(b.sum[:0])
	b.Add(b.sum)
	return b.sum
}
