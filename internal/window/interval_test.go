package window

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// instants are drawn from few values around month, day and hour edges, so that they often touch and coincide.
func instants() *rapid.Generator[time.Time] {
	bases := []time.Time{
		time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC),
		time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 4, 17, 13, 0, 0, 0, time.UTC),
		time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC),
	}
	steps := []time.Duration{time.Microsecond, 500 * time.Microsecond, time.Millisecond, time.Second, time.Hour, 24 * time.Hour}
	return rapid.Custom(func(t *rapid.T) time.Time {
		base := rapid.SampledFrom(bases).Draw(t, "base")
		step := rapid.SampledFrom(steps).Draw(t, "step")
		return base.Add(time.Duration(rapid.IntRange(-40, 40).Draw(t, "steps")) * step)
	})
}

func intervals() *rapid.Generator[Interval] {
	return rapid.Custom(func(t *rapid.T) Interval {
		return New(instants().Draw(t, "from"), instants().Draw(t, "to"))
	})
}

func covered(is []Interval, at time.Time) bool {
	return slices.ContainsFunc(is, func(i Interval) bool { return i.Contains(at) })
}

// requireDisjoint holds Merge's and Subtract's promise: ascending, none empty, none touching.
func requireDisjoint(t *rapid.T, is []Interval) {
	for k, i := range is {
		require.False(t, i.Empty(), "%v", i)
		if k > 0 {
			require.True(t, is[k-1].To.Before(i.From), "%v does not end before %v", is[k-1], i)
		}
	}
}

// requireTiling says that the pieces cover the interval exactly, one after the other.
func requireTiling(t *rapid.T, whole Interval, pieces []Interval) {
	if whole.Empty() {
		require.Empty(t, pieces)
		return
	}
	at := whole.From
	for _, p := range pieces {
		require.False(t, p.Empty(), "%v", p)
		require.Equal(t, at, p.From)
		at = p.To
	}
	require.Equal(t, whole.To, at)
}

func TestIntervalIsHalfOpen(t *testing.T) {
	i := Millis(1000, 2000)
	require.True(t, i.Contains(i.From))
	require.False(t, i.Contains(i.To))
	require.True(t, i.Contains(i.To.Add(-1)))
	require.False(t, i.Overlaps(Millis(2000, 3000)), "touching is no overlap")
	require.True(t, i.Overlaps(Millis(1999, 3000)))
	require.Equal(t, time.Second, i.Duration())
	require.Equal(t, "[1970-01-01T00:00:01Z, 1970-01-01T00:00:02Z)", i.String())
}

func TestAnIntervalThatEndsBeforeItBeginsIsEmpty(t *testing.T) {
	for _, i := range []Interval{{}, Millis(5, 5), Millis(6, 5)} {
		require.True(t, i.Empty())
		require.Zero(t, i.Duration())
		require.Zero(t, i.Align())
		require.Empty(t, Split(i, 3))
		require.Empty(t, Merge([]Interval{i}))
		require.Empty(t, Subtract(i))
		require.Empty(t, Partitions(i, Day))
		require.False(t, i.Overlaps(Millis(0, 10)))
	}
}

func TestNewComparesEqualWhateverTheZone(t *testing.T) {
	now := time.Now()
	east := now.In(time.FixedZone("east", 5*3600+1800))
	require.True(t, New(now, now.Add(1)) == New(east, east.Add(1)))
}

func TestAlignWidensToWholeMilliseconds(t *testing.T) {
	i := New(time.Unix(0, 1_500_001), time.Unix(0, 2_000_001))
	require.Equal(t, Millis(1, 3), i.Align())
	require.Equal(t, Millis(-2, 0), New(time.Unix(0, -1_000_001), time.Unix(0, -1)).Align())
	require.Equal(t, Millis(1, 3), Millis(1, 3).Align())
}

func TestSplitTable(t *testing.T) {
	require.Equal(t, []Interval{Millis(0, 4), Millis(4, 7), Millis(7, 10)}, Split(Millis(0, 10), 3))
	require.Equal(t, []Interval{Millis(0, 1), Millis(1, 2)}, Split(Millis(0, 2), 5), "too short: one a millisecond")
	require.Equal(t, []Interval{Millis(0, 2)}, Split(Millis(0, 2), 0), "n below 1 counts as 1")
}

func TestSplitCoversInNearEqualMillisecondPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i, n := intervals().Draw(t, "interval"), rapid.IntRange(-1, 40).Draw(t, "n")
		pieces := Split(i, n)
		requireTiling(t, i, pieces)
		require.LessOrEqual(t, len(pieces), max(n, 1))
		shortest, longest := time.Duration(1<<62), time.Duration(0)
		for k, p := range pieces {
			if k > 0 {
				require.Zero(t, p.From.Nanosecond()%int(Resolution), "cut %v within a millisecond", p.From)
			}
			shortest, longest = min(shortest, p.Align().Duration()), max(longest, p.Align().Duration())
		}
		if len(pieces) > 0 {
			require.LessOrEqual(t, longest-shortest, Resolution)
			touched := int(i.Align().Duration() / Resolution)
			require.Len(t, pieces, min(max(n, 1), touched))
		}
	})
}

func TestSplitOfTheWidestRangesDoesNotOverflow(t *testing.T) {
	all := New(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
	pieces := Split(all, 1024)
	require.Len(t, pieces, 1024)
	require.Equal(t, all.From, pieces[0].From)
	require.Equal(t, all.To, pieces[1023].To)
}

func TestMergeKeepsEveryInstantInFewestIntervals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		is := rapid.SliceOfN(intervals(), 0, 8).Draw(t, "intervals")
		before := slices.Clone(is)
		merged := Merge(is)
		require.Equal(t, before, is, "the argument was changed")
		requireDisjoint(t, merged)
		at := instants().Draw(t, "at")
		require.Equal(t, covered(is, at), covered(merged, at))
		require.Equal(t, merged, Merge(merged))
		slices.Reverse(is)
		require.Equal(t, merged, Merge(is))
	})
}

func TestSubtractLeavesExactlyWhatIsInNoHole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := intervals().Draw(t, "interval")
		holes := rapid.SliceOfN(intervals(), 0, 6).Draw(t, "holes")
		rest := Subtract(i, holes...)
		requireDisjoint(t, rest)
		at := instants().Draw(t, "at")
		require.Equal(t, i.Contains(at) && !covered(holes, at), covered(rest, at))

		var inside []Interval
		for _, h := range holes {
			inside = append(inside, i.Intersect(h))
		}
		require.Equal(t, Merge([]Interval{i}), Merge(append(inside, rest...)), "the rest and the holes make the whole again")
		require.Equal(t, rest, Subtract(i, Merge(holes)...))
	})
}

func TestIntersectIsWhatLiesInBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, at := intervals().Draw(t, "a"), intervals().Draw(t, "b"), instants().Draw(t, "at")
		require.Equal(t, a.Contains(at) && b.Contains(at), a.Intersect(b).Contains(at))
		require.Equal(t, a.Intersect(b), b.Intersect(a))
		require.Equal(t, a.Overlaps(b), !a.Intersect(b).Empty())
	})
}
