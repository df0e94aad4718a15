package plan

import (
	"context"
	"path"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/internal/state"
	"logferry/internal/window"
)

var tContext = context.Background()

// TestCarryingAPlanOutLeavesNothingToDo: whatever the state was, once the steps are done the same plan is empty after the
// lookback, nothing that was covered is lost, and everything that is declared is covered.
func TestCarryingAPlanOutLeavesNothingToDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lookback := rapid.SampledFrom([]string{"0s", "6h", "48h", "30d"}).Draw(t, "lookback")
		granularity := rapid.SampledFrom([]string{"hour", "day"}).Draw(t, "partition")
		from := day(10, 0).Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "from")) * time.Hour)
		to := from.Add(time.Duration(rapid.IntRange(1, 80).Draw(t, "hours")) * time.Hour)
		p := pipeline{from: from.Format(time.RFC3339), to: to.Format(time.RFC3339), partition: granularity, lookback: lookback}.parse(t)
		var entries []state.Entry
		for _, s := range window.Partitions(window.New(from.Add(-24*time.Hour), to.Add(24*time.Hour)), p.Range.Partition) {
			if rapid.Bool().Draw(t, "there") {
				entries = append(entries, someEntry(t, s))
			}
		}
		in := input(t, p, stateOf(t, p.Shape(), entries...), stored(entries...))
		in.Now = to.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "age")) * time.Hour)
		pl, err := Build(in)
		require.NoError(t, err)
		after := carryOut(t, in, pl)

		for _, e := range entries {
			now, ok := after.Get("", e.Partition)
			require.True(t, ok, "nothing disappears")
			require.False(t, now.From.After(e.From) || now.To.Before(e.To), "%s covers less than it did", e.Partition)
		}
		for _, s := range window.Partitions(in.Range, p.Range.Partition) {
			e, ok := after.Get("", s.Partition.Path())
			require.True(t, ok, "%s is declared", s.Partition)
			require.False(t, e.From.After(s.Interval.From) || e.To.Before(s.Interval.To), "%s is not covered", s.Partition)
		}
		in.State, in.Stored, in.Now = after, stored(after.All()...), in.Now.Add(40*24*time.Hour)
		last, err := Build(in)
		require.NoError(t, err)
		for _, s := range last.Steps {
			require.Equal(t, Refresh, s.Action, "%s: %v", s.Name(), s.Reasons)
		}
		in.State = carryOut(t, in, last)
		last, err = Build(in)
		require.NoError(t, err)
		require.True(t, last.Empty(), "%v", lines(last))
	})
}

func someEntry(t *rapid.T, s window.Slice) state.Entry {
	whole := s.Partition.Interval()
	e := state.Entry{
		Partition: s.Partition.Path(), From: whole.From, To: whole.To, Rows: 3, Bytes: 30,
		AsOf: whole.To.Add(time.Duration(rapid.IntRange(-2, 100).Draw(t, "as of")) * time.Hour),
	}
	if rapid.Bool().Draw(t, "partial") {
		e.From = e.From.Add(whole.Duration() / 4)
	}
	if rapid.Bool().Draw(t, "growing") {
		e.To = e.To.Add(-whole.Duration() / 3)
	}
	e.Files = []state.FileRef{{Sink: "lake", Key: path.Join(table, e.Partition, "part-00000.parquet"), Size: 30}}
	return e
}

// carryOut is what apply makes of the state, without data.
func carryOut(t require.TestingT, in Input, pl *Plan) *state.State {
	entries := map[string]state.Entry{}
	for _, e := range in.State.All() {
		entries[e.Name()] = e
	}
	for _, s := range pl.Steps {
		e := entries[s.Name()]
		var listed []window.Interval
		for _, l := range s.List {
			listed = append(listed, l.Window())
		}
		if e.Version > 0 && len(s.Base) > 0 {
			listed = append(listed, window.New(e.From, e.To))
		}
		require.Empty(t, window.Subtract(window.New(s.From, s.To), listed...), "%s claims to cover what nobody listed", s.Name())
		whole := len(s.List) == 1 && s.List[0].From.Equal(s.From) && s.List[0].To.Equal(s.To)
		if whole || e.AsOf.IsZero() {
			e.AsOf = in.Now
		}
		e.Partition, e.From, e.To = s.Partition, s.From, s.To
		e.Files = []state.FileRef{{Sink: "lake", Key: path.Join(table, e.Partition, "part-00000.parquet"), Size: 30}}
		entries[s.Name()] = e
	}
	var all []state.Entry
	for _, e := range entries {
		all = append(all, e)
	}
	return stateOf(t, in.Pipeline.Shape(), all...)
}
