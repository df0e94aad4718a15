package engines_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Others may write to each of the buckets too, also with names that begin as this pipeline's.
func TestARunRemovesOldUnfinishedUploadsOfItsPipelineAlone(t *testing.T) {
	l := newLife(t, stores[0], few, false)
	stateAt, spool := l.lake.store.place(t), l.lake.store.place(t)
	l.sections["state"] = map[string]any{"url": stateAt.url("ferry")}
	l.sections["extract"] = map[string]any{"rate": map[string]any{"headroom": "0%"}, "spool": spool.url("spool")}
	l.at(end.Add(5 * 24 * time.Hour))
	l.kill(l.with("", nil), 20)
	kept := keysOf(t, spool.open(""), "spool/")
	require.NotEmpty(t, kept)
	own, _, _ := strings.Cut(strings.TrimPrefix(kept[0], "spool/"), "/") // the folder of this pipeline and state

	cases := []struct {
		at            *place
		ours, foreign []string
	}{
		{l.lake, []string{
			"lake/tool_execution/dt=2026-04-16/part-00000.parquet", "lake/_logferry/quarantine/dt=2026-04-16.ndjson", "lines/tool_execution/x",
		}, []string{"lake/tool_execution2/x", "lake/x", "lake2/tool_execution/x", "tool_execution/x", "_logferry/life/x"}},
		{stateAt, []string{"ferry/life/checkpoints/x"}, []string{"ferry/life2/checkpoints/x", "ferry/other/x", "life/x", "ferry2/life/x", "x"}},
		{spool, []string{"spool/" + own + "/x"}, []string{"spool/life-01234567/x", "spool/" + own + "2/x", own + "/x", "spool/x"}},
	}
	for _, c := range cases {
		for _, key := range slices.Concat(c.ours, c.foreign) {
			require.NoError(t, server.Begin(t.Context(), c.at.name, key))
		}
		require.NoError(t, server.Age(c.at.name, 25*time.Hour))
		for _, key := range c.ours {
			require.NoError(t, server.Begin(t.Context(), c.at.name, key), "a run that lives")
		}
	}
	l.apply(l.with("", nil))
	for _, c := range cases {
		left, err := server.Unfinished(t.Context(), c.at.name)
		require.NoError(t, err)
		require.ElementsMatch(t, slices.Concat(c.ours, c.foreign), left, "those of others, and what began a moment ago")
	}
	for _, c := range cases {
		require.NoError(t, server.Age(c.at.name, 25*time.Hour))
	}
	l.apply(l.with("", nil))
	for _, c := range cases {
		left, err := server.Unfinished(t.Context(), c.at.name)
		require.NoError(t, err)
		require.ElementsMatch(t, c.foreign, left)
	}
}
