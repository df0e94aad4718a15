package engines_test

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
	"logferry/internal/plan"
	"logferry/internal/verify"
)

// life is a pipeline with a sink of each format in one bucket, and its state in the first of them or in a bucket of its own.
type life struct {
	*world
	lake     *place
	sections map[string]any
}

func newLife(t *testing.T, s *store, o logsim.Options, stateApart bool) *life {
	t.Helper()
	return lifeAt(t, s.place(t), o, stateApart)
}

// lifeAt is a life in a bucket that is there.
func lifeAt(t *testing.T, lake *place, o logsim.Options, stateApart bool) *life {
	t.Helper()
	l := &life{world: newWorld(t, o), lake: lake}
	l.sections = map[string]any{"sinks": []any{
		map[string]any{"name": "lake", "url": l.lake.url("lake"), "format": "parquet"},
		map[string]any{"name": "lines", "url": l.lake.url("lines"), "format": "ndjson", "compression": "gzip"},
	}}
	if stateApart {
		l.sections["state"] = map[string]any{"url": lake.store.place(t).url("ferry")}
	}
	return l
}

// with is the pipeline with a section more.
func (l *life) with(name string, section any) *config.Pipeline {
	sections := maps.Clone(l.sections)
	if name != "" {
		sections[name] = section
	}
	return l.pipeline(sections)
}

// sound says that both sinks hold what the API shows, and that the state knows them byte for byte.
func (l *life) sound(p *config.Pipeline) {
	l.t.Helper()
	l.requireRows(l.lake, "lake")
	l.requireRows(l.lake, "lines")
	report := l.verify(p)
	require.True(l.t, report.OK, "%+v", report.Findings)
	require.EqualValues(l.t, 2*len(l.truth()), report.RowsRead)
	require.Zero(l.t, report.Leftovers)
}

// aWorld has records that come late, and some that are odd.
var aWorld = logsim.Options{
	Seed: 31, Late: logsim.Late{Share: 0.1, After: 24 * time.Hour},
	Records: logsim.Records{Count: 900, From: begin, To: end, MedianPayload: 300, MaxPayload: 20_000, Odd: logsim.Odd{Share: 0.05}},
}

func TestALife(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		for name, apart := range map[string]bool{"state beside the data": false, "state in a bucket of its own": true} {
			t.Run(name, func(t *testing.T) {
				l := newLife(t, s, aWorld, apart)
				l.isKilled(4)
				l.isBornAndGrows()
				l.isChanged()
				l.isDamaged()
				l.ends()
			})
		}
	})
}

// isBornAndGrows completes the first export, and exports again what was late.
func (l *life) isBornAndGrows() {
	p := l.with("", nil)
	l.apply(p)
	l.sound(p)
	seen := len(l.truth())

	l.at(end.Add(5 * 24 * time.Hour))
	p = l.with("", nil)
	require.Equal(l.t, map[string]plan.Action{"dt=2026-04-17": plan.Refresh, "dt=2026-04-18": plan.Refresh}, l.actions(p))
	second := l.apply(p)
	require.Positive(l.t, second.NewRecords)
	require.EqualValues(l.t, len(l.truth()), int64(seen)+second.NewRecords)
	require.LessOrEqual(l.t, second.Requests.Detail, second.NewRecords, "only new records are fetched")
	l.sound(p)
	l.isAtRest(p)
}

// isAtRest says that there is nothing to do, and that doing it asks the API for nothing.
func (l *life) isAtRest(p *config.Pipeline) {
	l.t.Helper()
	require.Empty(l.t, l.actions(p))
	before := l.requests()
	sum := l.apply(p)
	require.Zero(l.t, sum.Partitions.Written)
	require.Equal(l.t, before, l.requests())
}

// isChanged declares a column more.
func (l *life) isChanged() {
	p := l.with("transform", map[string]any{"raw": true})
	require.Equal(l.t, map[string]plan.Action{
		"dt=2026-04-16": plan.Replace, "dt=2026-04-17": plan.Replace, "dt=2026-04-18": plan.Replace,
	}, l.actions(p))
	l.apply(p)
	l.sound(p)
	l.isAtRest(p)
	l.sections["transform"] = map[string]any{"raw": true}
}

// isDamaged overwrites an object with a longer one, another with as many bytes, and removes a third.
func (l *life) isDamaged() {
	p := l.with("", nil)
	lake, lines := l.lake.open("lake"), l.lake.open("lines")
	longer := "tool_execution/dt=2026-04-16/part-00000.parquet"
	upload(l.t, lake, longer, "no Parquet at all")
	gone := "tool_execution/dt=2026-04-18/part-00000.ndjson.gz"
	require.NoError(l.t, lines.Delete(l.t.Context(), gone))
	require.Equal(l.t, map[string]plan.Action{"dt=2026-04-16": plan.Replace, "dt=2026-04-18": plan.Replace}, l.actions(p))
	before := l.requests()
	l.apply(p)
	require.Equal(l.t, before, l.requests(), "the rows are read from the other sink")
	l.sound(p)

	same := "tool_execution/dt=2026-04-17/part-00000.parquet"
	content := read(l.t, lake, same)
	content[len(content)/2] ^= 1
	upload(l.t, lake, same, string(content))
	require.Empty(l.t, l.actions(p), "a plan looks at sizes only")
	report := l.verify(p)
	require.False(l.t, report.OK)
	require.Len(l.t, report.Findings, 1)
	require.Equal(l.t, verify.Altered, report.Findings[0].Kind)
	require.Equal(l.t, same, report.Findings[0].Key)
	l.replace(p, "dt=2026-04-17")
	l.sound(p)
	l.isAtRest(p)
}

// replace makes a partition anew.
func (l *life) replace(p *config.Pipeline, target plan.Target) {
	l.t.Helper()
	s := l.open(p)
	ctx, unlock, err := s.Lock(l.t.Context(), "apply", nil)
	require.NoError(l.t, err)
	defer unlock()
	pl, err := s.Plan(ctx, apply.PlanOptions{Replace: []plan.Target{target}})
	require.NoError(l.t, err)
	require.Len(l.t, pl.Steps, 1)
	_, err = s.Apply(ctx, pl)
	require.NoError(l.t, err)
}

// ends removes all of it.
func (l *life) ends() {
	p := l.with("", nil)
	l.destroy(p)
	require.Empty(l.t, dataFiles(l.t, l.lake, "lake"))
	require.Empty(l.t, dataFiles(l.t, l.lake, "lines"))
	st, err := l.open(p).Load(l.t.Context())
	require.NoError(l.t, err)
	require.Zero(l.t, st.Len())
	requireNoParts(l.t, l.lake)
}
