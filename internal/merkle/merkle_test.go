package merkle

import (
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The leaves and roots of the tests of the Certificate Transparency project; the root of the empty tree is the first.
var (
	knownLeaves = []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	knownRoots  = []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
)

func unhex(t require.TestingT, text string) []byte {
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func TestRootsAreThoseOfCertificateTransparency(t *testing.T) {
	tree, built := &Tree{}, NewBuilder()
	for i := 0; ; i++ {
		root := tree.Root()
		require.Equal(t, knownRoots[i], hex.EncodeToString(root[:]), "%d leaves", i)
		require.Equal(t, root, built.Root())
		if i == len(knownLeaves) {
			return
		}
		content := unhex(t, knownLeaves[i])
		tree.Add(HashLeaf(content))
		_, _ = built.Write(content[:len(content)/2])
		_, _ = built.Write(content[len(content)/2:])
		require.Equal(t, HashLeaf(content), built.End())
		require.EqualValues(t, i+1, tree.Size())
	}
}

// definition is the tree as RFC 9162, 2.1.1 defines it.
func definition(leaves []Hash) Hash {
	switch len(leaves) {
	case 0:
		return Hash(unhex(panics{}, knownRoots[0]))
	case 1:
		return leaves[0]
	}
	k := int(highestBit(int64(len(leaves) - 1)))
	left, right := definition(leaves[:k]), definition(leaves[k:])
	return hashNode(&left, &right)
}

// path is the proof of leaf m as RFC 9162, 2.1.3.1 defines it.
func path(m int, leaves []Hash) []Hash {
	if len(leaves) <= 1 {
		return nil
	}
	k := int(highestBit(int64(len(leaves) - 1)))
	if m < k {
		return append(path(m, leaves[:k]), definition(leaves[k:]))
	}
	return append(path(m-k, leaves[k:]), definition(leaves[:k]))
}

type panics struct{}

func (panics) Errorf(string, ...any) {}
func (panics) FailNow()              { panic("failed") }

func randomLeaves(n int) []Hash {
	random := rand.New(rand.NewPCG(1, uint64(n)))
	leaves := make([]Hash, n)
	for i := range leaves {
		for j := range leaves[i] {
			leaves[i][j] = byte(random.Uint32())
		}
	}
	return leaves
}

func TestProofsAreThoseOfTheDefinitionAndHold(t *testing.T) {
	for n := 1; n <= 40; n++ {
		leaves := randomLeaves(n)
		for m := range n {
			var tree Tree
			tree.Track(int64(m))
			for i, leaf := range leaves {
				_, ok := tree.Proof()
				require.Equal(t, i > m, ok)
				tree.Add(leaf)
			}
			root := tree.Root()
			require.Equal(t, definition(leaves), root, "%d leaves", n)
			proof, ok := tree.Proof()
			require.True(t, ok)
			require.Equal(t, path(m, leaves), proof.Path, "leaf %d of %d", m, n)
			require.NoError(t, VerifyProof(root, leaves[m], proof))
		}
	}
}

func TestAProofOfAnythingElseIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 70).Draw(t, "leaves")
		m := rapid.IntRange(0, n-1).Draw(t, "leaf")
		leaves := randomLeaves(n)
		var tree Tree
		tree.Track(int64(m))
		for _, leaf := range leaves {
			tree.Add(leaf)
		}
		root := tree.Root()
		good, _ := tree.Proof()
		require.NoError(t, VerifyProof(root, leaves[m], good))

		bad, leaf := good, leaves[m]
		bad.Path = append([]Hash(nil), good.Path...)
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			leaf[3] ^= 1
		case 1:
			root[3] ^= 1
		case 2:
			if len(bad.Path) == 0 {
				return
			}
			bad.Path[rapid.IntRange(0, len(bad.Path)-1).Draw(t, "at")][0] ^= 1
		case 3:
			bad.Path = append(bad.Path, leaf)
		case 4:
			if len(bad.Path) == 0 {
				return
			}
			bad.Path = bad.Path[:len(bad.Path)-1]
		case 5:
			bad.Index = bad.Size + rapid.Int64Range(0, 5).Draw(t, "beyond")
		}
		require.ErrorIs(t, VerifyProof(root, leaf, bad), ErrNotProven)
	})
}

func TestANodeIsNoLeaf(t *testing.T) {
	leaves := randomLeaves(2)
	var tree, other Tree
	for _, leaf := range leaves {
		tree.Add(leaf)
	}
	other.Add(HashLeaf(append(append([]byte(nil), leaves[0][:]...), leaves[1][:]...)))
	require.NotEqual(t, tree.Root(), other.Root())
}

func TestALeafCostsNoAllocation(t *testing.T) {
	b, content := NewBuilder(), make([]byte, 700)
	for range 1 << 12 {
		_, _ = b.Write(content)
		b.End()
	}
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		_, _ = b.Write(content)
		b.End()
	}))
}

func BenchmarkLeaf(b *testing.B) {
	builder, content := NewBuilder(), make([]byte, 700)
	for b.Loop() {
		_, _ = builder.Write(content)
		builder.End()
	}
}
