package logsim

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestUnmixUndoesMix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Uint64().Draw(t, "x")
		require.Equal(t, x, unmix(mix(x)))
	})
}

func TestAnIDLeadsBackToItsRecordAndSortsLikeItsNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := newStream(rapid.Uint64().Draw(t, "seed"), saltID)
		project, n := rapid.IntRange(0, 1000).Draw(t, "project"), rapid.IntRange(0, 1<<numberBits-1).Draw(t, "n")
		number := idNumber(key, project, n)
		id := string(appendID(nil, number))
		parsed, ok := parseID(id)
		require.True(t, ok)
		gotProject, gotN := idRecord(key, parsed)
		require.Equal(t, []int{project, n}, []int{gotProject, gotN})

		other := rapid.Uint64().Draw(t, "other")
		require.Equal(t, number < other, id < string(appendID(nil, other)))
	})
}

func TestWhatIsNoIDIsRefused(t *testing.T) {
	for _, id := range []string{"", "log_", "log_0000000000000x", "ca_0000000000000xx", "log_zzzzzzzzzzzzz", "log_00000000000i0", "log_ünïcodeünïc"} {
		_, ok := parseID(id)
		require.False(t, ok, id)
	}
}

func TestPermuteIsABijection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3000).Draw(t, "n")
		key := newStream(rapid.Uint64().Draw(t, "seed"), saltOrder)
		seen := make([]bool, n)
		for r := range n {
			at := permute(key, r, n)
			require.False(t, seen[at])
			seen[at] = true
		}
	})
}
