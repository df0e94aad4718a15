package merkle

import "errors"

// Proof shows that a leaf is in a tree: with it the root follows from the leaf.
type Proof struct {
	Index int64  // of the leaf, from 0
	Size  int64  // how many leaves the tree has
	Path  []Hash // the other halves on the way from the leaf to the root
}

// track collects the proof of one leaf while the tree grows. A nil track collects nothing.
type track struct {
	index int64
	path  []Hash
	// The full subtree that holds the leaf so far: size leaves from start on. size is 0 before the leaf came.
	start, size int64
}

// Track makes the tree collect what proves the leaf with an index, counted from 0, that is yet to be added. Calling it again
// tracks another leaf instead.
func (t *Tree) Track(index int64) { t.tracked = &track{index: index} }

func (k *track) begin(at int64) {
	if k != nil && at == k.index {
		k.start, k.size = at, 1
	}
}

// join notes that two full subtrees of size leaves each become one; right begins with leaf start.
func (k *track) join(left, right Hash, start, size int64) {
	if k == nil || k.size != size {
		return
	}
	switch k.start {
	case start:
		k.path = append(k.path, left)
		k.start -= size
	case start - size:
		k.path = append(k.path, right)
	default:
		return
	}
	k.size *= 2
}

// Proof returns the proof of the tracked leaf in the tree as it is now; ok says that there is such a leaf.
func (t *Tree) Proof() (p Proof, ok bool) {
	k := t.tracked
	if k == nil || k.size == 0 {
		return Proof{}, false
	}
	p = Proof{Index: k.index, Size: t.size, Path: append([]Hash(nil), k.path...)}
	// Which of the full subtrees has the leaf; what is right of it counts as one node.
	at, start := 0, int64(0)
	for size := highestBit(t.size); start+size <= k.start; size = highestBit(t.size - start) {
		start += size
		at++
	}
	last := len(t.subtrees) - 1
	if at < last {
		right := t.subtrees[last]
		for i := last - 1; i > at; i-- {
			right = hashNode(&t.subtrees[i], &right)
		}
		p.Path = append(p.Path, right)
	}
	for i := at - 1; i >= 0; i-- {
		p.Path = append(p.Path, t.subtrees[i])
	}
	return p, true
}

func highestBit(n int64) int64 {
	bit := int64(1)
	for bit <= n/2 {
		bit *= 2
	}
	return bit
}

// ErrNotProven says that a proof does not lead from the leaf to the root.
var ErrNotProven = errors.New("the proof does not lead from this leaf to this root")

// VerifyProof says whether the proof shows that the tree with the root has the leaf at the proof's place. It is the algorithm of
// RFC 9162, 2.1.3.2.
func VerifyProof(root, leaf Hash, p Proof) error {
	if p.Index < 0 || p.Index >= p.Size {
		return ErrNotProven
	}
	at, last, node := p.Index, p.Size-1, leaf
	for i := range p.Path {
		if last == 0 {
			return ErrNotProven
		}
		if at&1 == 1 || at == last {
			node = hashNode(&p.Path[i], &node)
			for at&1 == 0 && at != 0 {
				at, last = at>>1, last>>1
			}
		} else {
			node = hashNode(&node, &p.Path[i])
		}
		at, last = at>>1, last>>1
	}
	if last != 0 || node != root {
		return ErrNotProven
	}
	return nil
}
