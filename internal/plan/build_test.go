package plan

import (
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/config"
	"logferry/internal/state"
	"logferry/internal/window"
	"logferry/sinks/bucket"
)

// now is the plans' time.
var now = time.Date(2026, 5, 2, 3, 0, 0, 0, time.UTC)

func day(d, hour int) time.Time { return time.Date(2026, 4, d, hour, 0, 0, 0, time.UTC) }

// pipeline is a configuration: further YAML for its sections.
type pipeline struct {
	from, to, partition, lookback string
	source, transform, more       string
	sinks                         string
}

func (p pipeline) parse(t require.TestingT) *config.Pipeline {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	text := fmt.Sprintf(`version: 1
name: nightly
source: {api_key: "${KEY}"%s}
range: {from: %s, to: %s, partition: %s, lookback: %s}
transform: {%s}
sinks: %s
%s`, p.source, or(p.from, "2026-04-17"), or(p.to, "2026-04-20"), or(p.partition, "day"), or(p.lookback, "48h"), p.transform,
		or(p.sinks, "[{name: lake, url: \"file://./lake\"}]"), p.more)
	out, err := config.Parse("pipeline.yaml", []byte(text), config.Options{Now: now, Env: func(string) (string, bool) { return "key", true }})
	require.NoError(t, err)
	return out
}

// stateOf makes a state of entries.
func stateOf(t require.TestingT, shape state.Shape, entries ...state.Entry) *state.State {
	b, err := bucket.Open(tContext, "mem://")
	require.NoError(t, err)
	store := state.New(b, "", "nightly", state.Options{})
	st, err := store.Load(tContext)
	require.NoError(t, err)
	if len(entries) == 0 {
		return st
	}
	c := state.Change{Operation: "test", Shapes: map[string]state.Shape{shape.Hash(): shape}}
	for _, e := range entries {
		e.Version, e.Shape, e.Manifest = 1, shape.Hash(), strings.Repeat("ab", 32)
		c.Set = append(c.Set, e)
	}
	require.NoError(t, store.Commit(tContext, st, c))
	return st
}

// held is the entry of a day that was exported whole, with a hundred rows in one file.
func held(d int, asOf time.Time) state.Entry {
	p := window.PartitionOf(day(d, 0), window.Day)
	return state.Entry{
		Partition: p.Path(), From: day(d, 0), To: day(d+1, 0), AsOf: asOf, Rows: 100, Bytes: 1000,
		Files: []state.FileRef{{Sink: "lake", Key: path.Join(table, p.Path(), "part-00000.parquet"), Size: 1000}},
	}
}

// stored lists just the files of entries.
func stored(entries ...state.Entry) map[string]Listing {
	out := map[string]Listing{"lake": {}}
	for _, e := range entries {
		for _, f := range e.Files {
			if out[f.Sink] == nil {
				out[f.Sink] = Listing{}
			}
			out[f.Sink][f.Key] = f.Size
		}
	}
	return out
}

func input(t require.TestingT, p *config.Pipeline, st *state.State, files map[string]Listing) Input {
	rng, err := p.Range.Resolve(now)
	require.NoError(t, err)
	return Input{Pipeline: p, Range: rng, Now: now, State: st, Stored: files}
}

// lines are the steps of a plan in a line each: action, name, what is listed, the base, and the reasons.
func lines(pl *Plan) (out []string) {
	for _, s := range pl.Steps {
		line := fmt.Sprintf("%s %s", s.Action, s.Name())
		for _, l := range s.List {
			line += fmt.Sprintf(" [%s %s)", l.From.Format("02T15"), l.To.Format("02T15"))
		}
		if len(s.Base) > 0 {
			line += " on " + strings.Join(s.Base, "+")
		}
		if s.Retry {
			line += " retry"
		}
		out = append(out, line+": "+strings.Join(s.Reasons, "; "))
	}
	for _, o := range pl.Strays {
		out = append(out, "stray "+o.Key)
	}
	return out
}

func TestPlanNamesWhatHasToBeDoneAndWhy(t *testing.T) {
	settled := now // long after the lookback
	all := []state.Entry{held(17, settled), held(18, settled), held(19, settled)}
	plain := state.Shape(pipeline{}.parse(t).Shape())
	for name, c := range map[string]struct {
		pipeline pipeline
		entries  []state.Entry
		files    map[string]Listing // nil: those of the entries
		change   func(*Input)
		want     []string
	}{
		"nothing is there": {want: []string{
			"create dt=2026-04-17 [17T00 18T00): missing", "create dt=2026-04-18 [18T00 19T00): missing", "create dt=2026-04-19 [19T00 20T00): missing",
		}},
		"newest first": {change: func(in *Input) { in.NewestFirst = true }, want: []string{
			"create dt=2026-04-19 [19T00 20T00): missing", "create dt=2026-04-18 [18T00 19T00): missing", "create dt=2026-04-17 [17T00 18T00): missing",
		}},
		"everything is there": {entries: all},
		"one is missing":      {entries: all[1:], want: []string{"create dt=2026-04-17 [17T00 18T00): missing"}},
		"it grew": {
			entries:  []state.Entry{all[0], all[1], cut(all[2], day(19, 0), day(19, 7))},
			pipeline: pipeline{lookback: "0s"},
			want:     []string{"extend dt=2026-04-19 [19T07 20T00) on dt=2026-04-19: grew from 2026-04-19T07:00:00Z to 2026-04-20T00:00:00Z"},
		},
		"it grew, and late records are looked for": {
			entries: []state.Entry{all[0], all[1], asOf(cut(all[2], day(19, 0), day(19, 7)), day(19, 8))},
			want:    []string{"extend dt=2026-04-19 [19T00 20T00) on dt=2026-04-19: grew from 2026-04-19T07:00:00Z to 2026-04-20T00:00:00Z"},
		},
		"it begins earlier": {
			entries:  []state.Entry{cut(all[0], day(17, 9), day(18, 0)), all[1], all[2]},
			pipeline: pipeline{lookback: "0s"},
			want:     []string{"extend dt=2026-04-17 [17T00 17T09) on dt=2026-04-17: begins at 2026-04-17T00:00:00Z now, not at 2026-04-17T09:00:00Z"},
		},
		"it begins later: nothing is taken away": {entries: all, pipeline: pipeline{from: "2026-04-17T11:00:00Z"}},
		"within the lookback": {
			entries:  []state.Entry{asOf(all[0], day(29, 0)), asOf(all[1], day(29, 0)), asOf(all[2], day(29, 0))},
			pipeline: pipeline{lookback: "14d"}, change: func(in *Input) { in.Now = day(30, 0) },
			want: []string{
				"refresh dt=2026-04-17 [17T00 18T00) on dt=2026-04-17: ended less than 14d ago",
				"refresh dt=2026-04-18 [18T00 19T00) on dt=2026-04-18: ended less than 14d ago",
				"refresh dt=2026-04-19 [19T00 20T00) on dt=2026-04-19: ended less than 14d ago",
			},
			files: stored(all...),
		},
		"listed last within the lookback, which has passed since": {
			entries: []state.Entry{asOf(all[0], day(18, 2)), asOf(all[1], day(21, 1)), all[2]},
			want:    []string{"refresh dt=2026-04-17 [17T00 18T00) on dt=2026-04-17: not listed yet since the lookback of 48h has passed"},
		},
		"another filter": {
			entries: all[:1], pipeline: pipeline{to: "2026-04-18", source: `, filters: ["status == failed"], details: none`},
			want: []string{"replace dt=2026-04-17 [17T00 18T00): the configuration changed: source.details, source.filters"},
		},
		"another compression": {
			entries: all[:1], pipeline: pipeline{to: "2026-04-18", sinks: `[{name: lake, url: "file://./lake", compression: snappy}]`},
			want: []string{"replace dt=2026-04-17 on dt=2026-04-17: the configuration changed: sinks.lake.compression: the rows are read from the files"},
		},
		"another sink": {
			entries: all[:1], pipeline: pipeline{to: "2026-04-18", sinks: `[{name: lake, url: "file://./lake"}, {name: lines, url: "file://./l", format: ndjson}]`},
			want: []string{"replace dt=2026-04-17 on dt=2026-04-17: the configuration changed: sinks.lines.compression, sinks.lines.format: the rows are read from the files"},
		},
		"a file is missing": {
			entries: all[:1], pipeline: pipeline{to: "2026-04-18"}, files: stored(),
			want: []string{`replace dt=2026-04-17 [17T00 18T00): part-00000.parquet in sink "lake" is missing`},
		},
		"a file has another size": {
			entries: all[:1], pipeline: pipeline{to: "2026-04-18"}, files: map[string]Listing{"lake": {all[0].Files[0].Key: 999}},
			want: []string{`replace dt=2026-04-17 [17T00 18T00): part-00000.parquet in sink "lake" has other content than was committed (999 bytes)`},
		},
		"a killed run was about to give it that size": {
			entries: all[:1], pipeline: pipeline{to: "2026-04-18"}, files: map[string]Listing{"lake": {all[0].Files[0].Key: 999}},
			change: func(in *Input) { in.Pending = map[Object]bool{{"lake", all[0].Files[0].Key, 999}: true} },
		},
		"a killed run replaced it, and not the files of other sinks": {
			entries: all[:1], pipeline: pipeline{to: "2026-04-18"},
			change: func(in *Input) { in.Altered = map[Object]bool{{"lake", all[0].Files[0].Key, 1000}: true} },
			want:   []string{`replace dt=2026-04-17 [17T00 18T00): part-00000.parquet in sink "lake" has other content than was committed (1000 bytes)`},
		},
		"a file is missing in one of two sinks": {
			entries: []state.Entry{twice(all[0])}, files: stored(all[0]),
			pipeline: pipeline{to: "2026-04-18", sinks: `[{name: lake, url: "file://./lake"}, {name: copy, url: "file://./copy"}]`},
			change: func(in *Input) {
				in.Stored["copy"] = Listing{}
				in.State = stateOf(t, in.Pipeline.Shape(), twice(all[0]))
			},
			want: []string{`replace dt=2026-04-17 on dt=2026-04-17: part-00000.parquet in sink "copy" is missing: the rows are read from another sink`},
		},
		"quarantined records are due": {
			entries: []state.Entry{quarantined(all[0], now), quarantined(all[1], now.Add(time.Hour)), all[2]},
			want:    []string{"retry dt=2026-04-17 on dt=2026-04-17 retry: 3 quarantined records are due to be tried again"},
		},
		"only refreshes are asked for": {
			entries: []state.Entry{asOf(all[0], day(18, 2)), quarantined(all[1], now)}, change: func(in *Input) { in.RefreshOnly = true },
			want: []string{"refresh dt=2026-04-17 [17T00 18T00) on dt=2026-04-17: not listed yet since the lookback of 48h has passed"},
		},
		"it left the range":                    {entries: all, pipeline: pipeline{to: "2026-04-19"}},
		"it left the range, and that may show": {entries: all, pipeline: pipeline{to: "2026-04-19"}, change: func(in *Input) { in.AllowDelete = true }, want: []string{"delete dt=2026-04-19: left the declared range"}},
		"one is asked for anew": {
			entries: all, change: func(in *Input) { in.Replace = []Target{"dt=2026-04-18"} },
			want: []string{"replace dt=2026-04-18 [18T00 19T00): asked for with --replace"},
		},
		"one is targeted": {change: func(in *Input) { in.Targets = []Target{"dt=2026-04-18"} }, want: []string{"create dt=2026-04-18 [18T00 19T00): missing"}},
		"files are left over": {
			entries: all, files: map[string]Listing{"lake": {
				all[0].Files[0].Key: 1000, all[1].Files[0].Key: 1000, all[2].Files[0].Key: 1000,
				"tool_execution/dt=2026-04-18/part-00009.parquet": 5, "tool_execution/dt=2019-01-01/part-00000.parquet": 7, "tool_execution/notes.txt": 1,
			}},
			want: []string{"stray tool_execution/dt=2026-04-18/part-00009.parquet"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.files == nil {
				c.files = stored(c.entries...)
			}
			in := input(t, c.pipeline.parse(t), stateOf(t, plain, c.entries...), c.files)
			if c.change != nil {
				c.change(&in)
			}
			pl, err := Build(in)
			require.NoError(t, err)
			require.Equal(t, c.want, lines(pl))
			require.Equal(t, len(c.want) == 0, pl.Empty())
		})
	}
}

func cut(e state.Entry, from, to time.Time) state.Entry { e.From, e.To = from, to; return e }

func asOf(e state.Entry, at time.Time) state.Entry { e.AsOf = at; return e }

func quarantined(e state.Entry, due time.Time) state.Entry {
	e.Quarantined, e.RetryAt = 3, due
	return e
}

func twice(e state.Entry) state.Entry {
	other := e.Files[0]
	other.Sink = "copy"
	e.Files = append(e.Files[:1:1], other)
	return e
}

func TestWhatTheServiceHasDeletedIsNeverReplaced(t *testing.T) {
	p := pipeline{from: "2025-04-01", to: "2025-04-02", transform: "raw: true"}.parse(t)
	old := state.Entry{
		Partition: "dt=2025-04-01", From: time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2025, 4, 2, 0, 0, 0, 0, time.UTC), AsOf: now,
		Rows: 5, Files: []state.FileRef{{Sink: "lake", Key: "tool_execution/dt=2025-04-01/part-00000.parquet", Size: 9}},
	}
	pl, err := Build(input(t, p, stateOf(t, pipeline{}.parse(t).Shape(), old), stored(old)))
	require.NoError(t, err)
	require.Empty(t, lines(pl))
	require.Len(t, pl.Warnings, 1)
	require.Contains(t, pl.Warnings[0], "dt=2025-04-01 is kept as it is (the configuration changed: transform.raw): the service has deleted logs that are this old")
}

func TestATargetThatNamesNothingIsAnError(t *testing.T) {
	in := input(t, pipeline{}.parse(t), stateOf(t, nil), stored())
	in.Targets = []Target{"dt=2026-04-18", "dt=2026-04-21"}
	_, err := Build(in)
	var e *TargetError
	require.ErrorAs(t, err, &e)
	require.EqualValues(t, "dt=2026-04-21", e.Target)
}

func TestTargetsNamePartitionsThoseBelowThemAndProjects(t *testing.T) {
	for target, names := range map[Target][]string{
		"dt=2026-04-17":         {"dt=2026-04-17", "dt=2026-04-17/hour=03", "prod/dt=2026-04-17", "prod/dt=2026-04-17/hour=03"},
		"dt=2026-04-17/hour=03": {"dt=2026-04-17/hour=03", "prod/dt=2026-04-17/hour=03"},
		"prod":                  {"prod/dt=2026-04-17"},
		"project=prod":          {"prod/dt=2026-04-17"},
		"prod/dt=2026-04-17":    {"prod/dt=2026-04-17"},
	} {
		for _, name := range names {
			require.True(t, target.matches(name), "%s %s", target, name)
		}
		require.False(t, target.matches("dt=2026-04-18"), target)
		require.False(t, target.matches("dt=2026-04-170"), target)
	}
}

func TestAnotherPartitionSizeIsPlannedFromWhatIsThereOrRefused(t *testing.T) {
	all := []state.Entry{held(17, now), held(18, now), held(19, now)}
	plain := state.Shape(pipeline{}.parse(t).Shape())
	hours := pipeline{partition: "hour"}
	pl, err := Build(input(t, hours.parse(t), stateOf(t, plain, all...), stored(all...)))
	require.NoError(t, err)
	require.Equal(t, 72, pl.Count(Create))
	require.Equal(t, 3, pl.Count(Delete))
	require.Empty(t, pl.Steps[0].List, "no request lists anything")
	require.Equal(t, []string{"dt=2026-04-17"}, pl.Steps[0].Base)
	require.Equal(t, Delete, pl.Steps[74].Action, "what is there goes last")

	month := pipeline{partition: "month", from: "2026-04-17", to: "2026-04-20"}
	pl, err = Build(input(t, month.parse(t), stateOf(t, plain, all...), stored(all...)))
	require.NoError(t, err)
	require.Equal(t, []string{"dt=2026-04-17", "dt=2026-04-18", "dt=2026-04-19"}, pl.Steps[0].Base)

	var e *LayoutError
	for name, in := range map[string]Input{
		"a part of a day would stay": input(t, pipeline{partition: "hour", from: "2026-04-17T05:00:00Z"}.parse(t), stateOf(t, plain, all...), stored(all...)),
		"only some are targeted": func() Input {
			in := input(t, hours.parse(t), stateOf(t, plain, all...), stored(all...))
			in.Targets = []Target{"dt=2026-04-17"}
			return in
		}(),
	} {
		_, err = Build(in)
		require.ErrorAs(t, err, &e, name)
	}

	// Rows that must come from the API again can be had only while the service keeps them.
	in := input(t, pipeline{partition: "hour", transform: "raw: true"}.parse(t), stateOf(t, plain, all...), stored(all...))
	pl, err = Build(in)
	require.NoError(t, err)
	require.Empty(t, pl.Steps[0].Base)
	in.Now = day(17, 0).Add(Retention + time.Hour)
	_, err = Build(in)
	require.ErrorAs(t, err, &e)
}
