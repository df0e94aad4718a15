package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/state"
)

func TestWhatAPartitionHasMustBeHadAgainUnlessItWasAskedForOrFiltersLeaveMoreOut(t *testing.T) {
	all := []state.Entry{held(17, now), held(18, now), held(19, now)}
	two := `, filters: ["status == failed", "tool_slug == A"]`
	for name, c := range map[string]struct {
		was, is string
		fewer   bool // asked for
		may     bool
	}{
		"other columns":       {},
		"with a word":         {fewer: true, may: true},
		"another filter":      {was: two, is: `, filters: ["status == success"]`, may: true},
		"a filter more":       {is: two, may: true},
		"a filter less":       {was: two, is: `, filters: ["tool_slug == A"]`},
		"no filter":           {was: two},
		"the other way round": {was: two, is: `, filters: ["tool_slug == A", "status == failed"]`},
	} {
		t.Run(name, func(t *testing.T) {
			was := state.Shape(pipeline{source: c.was}.parse(t).Shape())
			for partition, steps := range map[string]int{"day": 3, "hour": 72} {
				in := input(t, pipeline{source: c.is, transform: "raw: true", partition: partition}.parse(t), stateOf(t, was, all...), stored(all...))
				in.AllowFewer = c.fewer
				pl, err := Build(in)
				require.NoError(t, err)
				require.GreaterOrEqual(t, len(pl.Steps), steps)
				require.Equal(t, []string{"dt=2026-04-17"}, pl.Steps[0].Held, partition)
				require.Equal(t, c.may, pl.Steps[0].Fewer, partition)
				require.Equal(t, c.fewer, slices.ContainsFunc(pl.Warnings, func(w string) bool { return strings.HasPrefix(w, "--allow-fewer") }))
				require.Empty(t, pl.Steps[0].Base)
			}
		})
	}
}

// Records that come late are not left to the next run where the size changes meanwhile.
func TestWhatIsRecentIsListedAgainInPartitionsOfAnotherSizeToo(t *testing.T) {
	listed := day(20, 1) // after the lookback of the 17th, and not of the others
	all := []state.Entry{held(17, listed), held(18, listed), held(19, listed)}
	plain := state.Shape(pipeline{}.parse(t).Shape())
	month := pipeline{partition: "month"}
	pl, err := Build(input(t, month.parse(t), stateOf(t, plain, all...), stored(all...)))
	require.NoError(t, err)
	require.Equal(t, []string{"dt=2026-04-17", "dt=2026-04-18", "dt=2026-04-19"}, pl.Steps[0].Base)
	require.Equal(t, []Interval{{day(18, 0), day(20, 0)}}, pl.Steps[0].List)

	pl, err = Build(input(t, pipeline{partition: "hour"}.parse(t), stateOf(t, plain, all...), stored(all...)))
	require.NoError(t, err)
	for i := range 72 {
		s := pl.Steps[i]
		if i < 24 {
			require.Empty(t, s.List, s.Name())
		} else {
			require.Equal(t, []Interval{{s.From, s.To}}, s.List, s.Name())
		}
		require.Len(t, s.Base, 1)
	}
}
