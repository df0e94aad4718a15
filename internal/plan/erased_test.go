package plan

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAPlanSaysWhatARemovalForgets: only of partitions that are removed for good.
func TestAPlanSaysWhatARemovalForgets(t *testing.T) {
	outside, within := held(16, now), held(17, now)
	outside.Erased, within.Erased = 3, 5
	p := pipeline{}.parse(t)
	in := input(t, p, stateOf(t, p.Shape(), outside, within), stored(outside, within))
	pl, err := Build(in)
	require.NoError(t, err)
	require.Empty(t, pl.Warnings, "nothing is removed")

	in.AllowDelete = true
	pl, err = Build(in)
	require.NoError(t, err)
	require.Equal(t, 1, pl.Count(Delete))
	require.Len(t, pl.Warnings, 1)
	require.Contains(t, pl.Warnings[0], "3 records were erased from partitions that are removed now")
}
