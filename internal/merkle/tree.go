// Package merkle is the hash tree of RFC 9162 (and RFC 6962 before it) with SHA-256: one hash over a list of leaves, and
// short proofs that a leaf is in the list.
//
//	empty list  SHA-256 of nothing
//	leaf        SHA-256(0x00 || content)
//	node        SHA-256(0x01 || left || right)
//
// The left part of a node holds as many leaves as the greatest power of two that is less than all of them.
package merkle

import "crypto/sha256"

// Hash is the hash of a leaf, of a node or of a whole tree.
type Hash = [sha256.Size]byte

// Tree takes in leaves one after the other. It holds as many hashes as the number of its leaves has binary digits. The zero
// Tree is empty. It is not for concurrent use.
type Tree struct {
	size int64
	// subtrees are the roots of the full subtrees, one for each set bit of size, the largest first.
	subtrees []Hash
	tracked  *track
}

// Add appends a leaf by its hash; see HashLeaf.
func (t *Tree) Add(leaf Hash) {
	t.tracked.begin(t.size)
	node := leaf
	for level := 0; t.size>>level&1 == 1; level++ {
		last := len(t.subtrees) - 1
		left := t.subtrees[last]
		t.subtrees = t.subtrees[:last]
		t.tracked.join(left, node, t.size-t.size%(1<<level), 1<<level)
		node = hashNode(&left, &node)
	}
	t.subtrees = append(t.subtrees, node)
	t.size++
}

// Size is how many leaves there are.
func (t *Tree) Size() int64 { return t.size }

// Root is the hash of the tree as it is now. More leaves may be added afterwards.
func (t *Tree) Root() Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	last := len(t.subtrees) - 1
	root := t.subtrees[last]
	for i := last - 1; i >= 0; i-- {
		root = hashNode(&t.subtrees[i], &root)
	}
	return root
}

// HashLeaf is the hash of a leaf's content.
func HashLeaf(content []byte) Hash {
	h := sha256.New()
	h.Write(leafPrefix)
	h.Write(content)
	return Hash(h.Sum(nil))
}

var leafPrefix = []byte{0}

func hashNode(left, right *Hash) Hash {
	var node [1 + 2*sha256.Size]byte
	node[0] = 1
	copy(node[1:], left[:])
	copy(node[1+sha256.Size:], right[:])
	return sha256.Sum256(node[:])
}
