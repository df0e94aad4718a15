package window

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func granularityValues() *rapid.Generator[Granularity] {
	return rapid.SampledFrom([]Granularity{Hour, Day, Month})
}

func TestGranularityNames(t *testing.T) {
	for _, g := range []Granularity{Hour, Day, Month} {
		back, err := ParseGranularity(g.String())
		require.NoError(t, err)
		require.Equal(t, g, back)
	}
	for _, s := range []string{"", "Day", "week", "days"} {
		_, err := ParseGranularity(s)
		require.Error(t, err, s)
	}
	require.Equal(t, "window.Granularity(0)", Granularity(0).String())
	require.Panics(t, func() { Granularity(0).Start(time.Time{}) })
}

func TestPartitionPaths(t *testing.T) {
	at := time.Date(2026, 4, 17, 13, 45, 1, 5, time.UTC)
	for g, want := range map[Granularity]string{Hour: "dt=2026-04-17/hour=13", Day: "dt=2026-04-17", Month: "month=2026-04"} {
		require.Equal(t, want, PartitionOf(at, g).Path())
	}
	west := time.Date(2026, 4, 17, 22, 0, 0, 0, time.FixedZone("west", -5*3600))
	require.Equal(t, "dt=2026-04-18/hour=03", PartitionOf(west, Hour).Path(), "a partition belongs to UTC")
}

func TestParsePartitionRefusesEveryOtherSpelling(t *testing.T) {
	for _, path := range []string{
		"", "dt=", "dt=2026-4-17", "dt=2026-02-29", "dt=2026-04-17/", "/dt=2026-04-17", "dt=2026-04-17/hour=24", "dt=2026-04-17/hour=7",
		"dt=2026-04-17/hour=13.5", "dt=2026-04-17/hour=", "month=2026-13", "month=2026-04-17", "date=2026-04-17", "DT=2026-04-17", "dt=2026-04-17 ",
	} {
		_, err := ParsePartition(path)
		require.Error(t, err, path)
	}
}

func TestParsePartitionInvertsPath(t *testing.T) {
	first := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	end := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	rapid.Check(t, func(t *rapid.T) {
		p := PartitionOf(time.Unix(rapid.Int64Range(first, end-1).Draw(t, "at"), 0), granularityValues().Draw(t, "granularity"))
		back, err := ParsePartition(p.Path())
		require.NoError(t, err)
		require.True(t, p == back, "%v is not %v", back, p)
	})
}

func TestStartAndNextEncloseTheInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, g := instants().Draw(t, "at"), granularityValues().Draw(t, "granularity")
		start, next := g.Start(at), g.Next(at)
		require.True(t, New(start, next).Contains(at))
		require.Equal(t, start, g.Start(start))
		require.Equal(t, next, g.Next(start))
		require.Equal(t, next, g.Start(next), "partitions follow one another without a gap")
		require.Equal(t, start, g.Start(next.Add(-1)))
	})
}

func TestPartitionsTileTheRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i, g := intervals().Draw(t, "range"), granularityValues().Draw(t, "granularity")
		if i.Duration() > 3*366*24*time.Hour {
			i.To = i.From.AddDate(3, 0, 0)
		}
		slices := Partitions(i, g)
		parts := make([]Interval, len(slices))
		for k, s := range slices {
			parts[k] = s.Interval
			require.Equal(t, g, s.Partition.Granularity)
			require.Equal(t, i.Intersect(s.Partition.Interval()), s.Interval)
			inner := k > 0 && k < len(slices)-1
			require.True(t, s.Whole() || !inner, "only the ends may be clipped: %v", s)
		}
		requireTiling(t, i, parts)
	})
}

func TestPartitionsTable(t *testing.T) {
	i := New(time.Date(2026, 2, 27, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	days := Partitions(i, Day)
	require.Len(t, days, 3, "the end is excluded, so 2 March is not touched")
	require.Equal(t, "dt=2026-02-27", days[0].Partition.String())
	require.False(t, days[0].Whole())
	require.True(t, days[2].Whole())
	require.Len(t, Partitions(i, Month), 2)
	require.Len(t, Partitions(i, Hour), 60)
}
