package config

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/internal/window"
)

func TestResolve(t *testing.T) {
	day := func(d int) Time { return Time{at: time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC)} }
	settled := time.Date(2026, 11, 23, 2, 15, 0, 123e6, time.UTC)
	empty := func(ago time.Duration) window.Interval {
		at := settled.Add(15*time.Minute - ago)
		return window.New(at, at)
	}
	for name, c := range map[string]struct {
		from, to Time
		want     window.Interval
		failed   string
	}{
		"both given":                       {day(1), day(3), window.New(day(1).at, day(3).at), ""},
		"to now means now - settle":        {day(1), Time{kind: now}, window.New(day(1).at, settled), ""},
		"to after now - settle is clipped": {day(1), day(29), window.New(day(1).at, settled), ""},
		"to between now - settle and now":  {day(1), Time{kind: relative, ago: time.Minute}, window.New(day(1).at, settled), ""},
		"ages count from now":              {Time{kind: relative, ago: 6 * time.Hour}, Time{kind: relative, ago: 5 * time.Hour}, window.New(settled.Add(15*time.Minute-6*time.Hour), settled.Add(15*time.Minute-5*time.Hour)), ""},
		"nothing is old enough yet":        {Time{kind: relative, ago: time.Minute}, Time{kind: now}, empty(time.Minute), ""},
		"nothing up to to is old enough":   {Time{kind: relative, ago: 2 * time.Minute}, day(29), empty(2 * time.Minute), ""},
		"ends before it starts":            {day(3), day(1), window.Interval{}, "range.to"},
		"ends where it starts":             {day(3), day(3), window.Interval{}, "range.to"},
		"starts in the future":             {day(24), Time{kind: now}, window.Interval{}, "range.from"},
		"starts and ends in the future":    {day(24), day(29), window.Interval{}, "range.from"},
	} {
		t.Run(name, func(t *testing.T) {
			r := Range{From: c.from, To: c.to, Settle: 15 * time.Minute}
			got, err := r.Resolve(clock)
			if c.failed != "" {
				var re *RangeError
				require.ErrorAs(t, err, &re)
				require.Equal(t, c.failed, re.Key)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestAResolvedRangeIsSettledAlignedAndAsDeclared(t *testing.T) {
	moments := rapid.Custom(func(t *rapid.T) Time {
		offset := time.Duration(rapid.Int64Range(-1000, 1000).Draw(t, "s")) * time.Second
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return Time{kind: now}
		case 1:
			return Time{kind: relative, ago: offset.Abs()}
		}
		return Time{at: clock.Truncate(time.Second).Add(offset).UTC()}
	})
	rapid.Check(t, func(t *rapid.T) {
		r := Range{From: moments.Draw(t, "from"), To: moments.Draw(t, "to"), Settle: time.Duration(rapid.IntRange(0, 900).Draw(t, "settle")) * time.Second}
		got, err := r.Resolve(clock)
		if err != nil || got.Empty() {
			require.Zero(t, got.Duration())
			return
		}
		require.False(t, got.To.After(clock.Add(-r.Settle)), "exports what is not settled")
		require.False(t, got.To.After(r.To.At(clock, r.Settle)))
		require.Equal(t, r.From.At(clock, r.Settle), got.From)
		require.Equal(t, got, got.Align())
	})
}
