package apply_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/plan"
)

// TestAPersonIsErasedFromEverywhere: rows in every sink and project, quarantine, and what a killed run had fetched.
func TestAPersonIsErasedFromEverywhere(t *testing.T) {
	w := newErasing(t, func(o *logsim.Options, _ *export) { o.Details.DeniedShare = 0.1 })
	w.mustRun(w.export)
	w.mustEqual(w.export, w.sources(w.export))
	gone := w.exported()

	requests := w.listed()
	var logs bytes.Buffer
	s, err := apply.Open(t.Context(), w.config(w.export), apply.Options{Now: clock, Version: "test", Logger: slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	require.NoError(t, err)
	ctx, unlock, err := s.Lock(t.Context(), "erase", nil)
	require.NoError(t, err)
	before := s.State().Serial
	found, err := s.FindErasable(ctx, w.options())
	require.NoError(t, err)
	require.Equal(t, before, s.State().Serial)
	require.EqualValues(t, len(gone), found.Rows)
	require.Positive(t, found.Quarantined)
	require.Equal(t, 4, found.Searched)
	var parts []apply.ErasedPartition
	out, err := s.Erase(ctx, found, func(p apply.ErasedPartition) { parts = append(parts, p) })
	require.NoError(t, err)
	require.EqualValues(t, len(gone), out.Rows)
	require.Equal(t, requests, w.listed(), "nothing was asked of the API")

	// It is told by digests and counts, and of nobody.
	part := parts[0]
	manifest, ok, err := s.Manifest(ctx, part.Project, part.Partition)
	require.True(t, ok)
	require.NoError(t, err)
	require.Equal(t, "erase", manifest.Action)
	require.Len(t, manifest.Erasures, 1)
	erasure := manifest.Erasures[0]
	require.Equal(t, part.IDsBefore, erasure.IDsBefore)
	require.Equal(t, manifest.IDs, erasure.IDsAfter)
	require.NotEqual(t, erasure.IDsBefore, erasure.IDsAfter)
	require.NotEqual(t, erasure.RootBefore, erasure.RootAfter)
	require.Equal(t, part.Rows, erasure.Rows)
	require.Equal(t, "request 4711", erasure.Reason)
	require.Equal(t, clock.UTC(), erasure.At)
	entry, _ := s.State().Get(part.Project, part.Partition)
	require.Equal(t, manifest.ErasedSet().Len(), entry.Erased)
	require.GreaterOrEqual(t, entry.Erased, erasure.Rows)
	unlock()
	s.Close()
	for _, user := range w.users {
		require.NotContains(t, logs.String()+text(t, parts, out, found)+fmt.Sprintf("%+v %#v %v", found, found, *found), user)
	}

	w.nowhere()
	for _, id := range gone { // the versions before still name what was in quarantine, by ids
		w.without(id, "/manifests/")
	}
	w.mustEqual(w.export, w.others())
	serial := w.applyOnce(apply.PlanOptions{}).Serial // which tries again what else is in quarantine
	w.mustEqual(w.export, w.others())
	report := w.settled()
	require.EqualValues(t, len(gone), report.Census.Erased)
	require.GreaterOrEqual(t, report.Erased, out.Rows)

	again, _, nothing, err := w.erase(w.options())
	require.NoError(t, err)
	require.Empty(t, again.Partitions)
	require.Equal(t, serial, nothing.Serial, "nothing is committed where there is nothing to erase")
}

// listed is how many list requests the simulator has had.
func (w *erasing) listed() int { return w.sim.Stats().Requests[logsim.List] }

// TestWhatWasErasedDoesNotComeBack whatever is done with the partitions later.
func TestWhatWasErasedDoesNotComeBack(t *testing.T) {
	all := apply.PlanOptions{Replace: []plan.Target{"one", "two"}}
	removeFiles := func(w *erasing, sinks ...int) {
		for _, i := range sinks {
			require.NoError(t, os.RemoveAll(filepath.Join(w.sinkDir(i), "tool_execution")))
		}
	}
	for name, c := range map[string]struct {
		change  func(w *erasing)
		options apply.PlanOptions
		then    func(w *erasing)
	}{
		"asked for anew":         {options: all},
		"asked for anew, count":  {options: all, change: func(w *erasing) { w.span = map[string]any{"lookback": "0s"}; w.reconcile = "fail" }},
		"listed again, count":    {change: func(w *erasing) { w.span = map[string]any{"lookback": "60d"}; w.reconcile = "fail" }, then: func(w *erasing) { w.span = nil }},
		"other columns":          {change: func(w *erasing) { w.raw = true }},
		"hours":                  {change: func(w *erasing) { w.partition = "hour" }, then: func(w *erasing) { w.partition = "day" }},
		"hours with other rows":  {change: func(w *erasing) { w.partition, w.raw = "hour", true }},
		"a sink that is emptied": {change: func(w *erasing) { removeFiles(w, 0) }},
		"all sinks are emptied":  {change: func(w *erasing) { removeFiles(w, 0, 1) }},
		"another sink":           {change: func(w *erasing) { w.sinks = append(w.sinks, sinkForm{format: "ndjson", compression: "gzip"}) }},
		"another format": {change: func(w *erasing) {
			w.sinks = []sinkForm{{format: "ndjson", compression: "none"}, {format: "parquet", compression: "none"}}
		}},
	} {
		if testing.Short() && name != "hours with other rows" && name != "another sink" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w := newErasing(t, nil)
			w.mustRun(w.export)
			out := w.mustErase()
			if c.change != nil {
				c.change(w)
			}
			sum := w.applyOnce(c.options)
			require.Positive(t, sum.Partitions.Written+sum.Partitions.Unchanged)
			w.mustEqual(w.export, w.others())
			if c.then != nil {
				c.then(w)
				w.applyOnce(apply.PlanOptions{})
				w.mustEqual(w.export, w.others())
			}
			report := w.settled()
			require.Equal(t, out.Rows, report.Census.Erased)
			require.Equal(t, out.Rows, report.Erased, "each is counted once, however many partitions know it")
			w.nowhere()
		})
	}
}

func TestRecordsThatComeLaterAreNewOnes(t *testing.T) {
	w := newErasing(t, func(o *logsim.Options, e *export) {
		o.Late, e.span, e.windows = logsim.Late{Share: 0.3, AfterRequests: 12}, map[string]any{"lookback": "60d"}, 1
		single(o)
	})
	w.mustRun(w.export)
	gone := w.exported()
	require.NotEmpty(t, gone)
	w.mustErase()
	w.nowhere()
	for w.listed() < 13 {
		w.mustRun(w.export)
	}
	w.mustRun(w.export)
	w.mustEqual(w.export, w.others(gone...))
	late := w.exported()
	require.NotEmpty(t, late, "a record that was not there to be erased is exported")

	w.mustErase() // adds to what was erased before
	w.mustRun(w.export)
	w.applyOnce(apply.PlanOptions{Replace: []plan.Target{"dt=2026-04-16", "dt=2026-04-17"}})
	w.mustEqual(w.export, w.others())
	s := w.open()
	defer s.Close()
	_, err := s.Load(t.Context())
	require.NoError(t, err)
	m, _, err := s.Manifest(t.Context(), "", "dt=2026-04-16")
	require.NoError(t, err)
	require.NotEmpty(t, m.Erasures)
	require.Len(t, m.Erased, 1, "one salt does")
}

// TestWhatIsNoRecordIsErasedToo: elements of pages without an id or a time, which are quarantined by what was received.
func TestWhatIsNoRecordIsErasedToo(t *testing.T) {
	w := newErasing(t, func(o *logsim.Options, e *export) {
		single(o)
		o.Records.Odd.Unreadable, e.span, e.details = 0.3, map[string]any{"lookback": "60d"}, "none"
	})
	w.mustRun(w.export)
	require.NotEmpty(t, w.theirLines())
	out := w.mustErase()
	require.Positive(t, out.Quarantined)
	require.Empty(t, w.theirLines())
	w.nowhere()
	for range 2 { // listed again, and fetched anew
		w.applyOnce(apply.PlanOptions{})
		require.Empty(t, w.theirLines())
	}
	w.raw = true
	w.applyOnce(apply.PlanOptions{})
	require.Empty(t, w.theirLines())
	w.nowhere()
	w.mustEqual(w.export, w.others())
}

// theirLines are the lines of the quarantine that have the user.
func (w *erasing) theirLines() (out []string) {
	for path, content := range w.everyByte() {
		for line := range strings.Lines(content) {
			if strings.Contains(path, "/quarantine/") && slices.ContainsFunc(w.users, func(user string) bool { return strings.Contains(line, user) }) {
				out = append(out, line)
			}
		}
	}
	return out
}

func TestAJournalIsErasedWhateverItHolds(t *testing.T) {
	stop := &stopper{}
	w := newErasingBehind(t, stop.around, func(o *logsim.Options, _ *export) { single(o) })
	w.mustRun(w.export)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	stop.cancel = cancel
	stop.at.Store(stop.requests.Load() + 60)
	w.raw = true
	_, err := apply.Run(ctx, w.config(w.export), apply.Options{Now: clock, Version: "test", Events: stop})
	require.ErrorIs(t, err, errStopped)
	journals := func() (out []string) {
		for path := range w.everyByte() {
			if strings.HasSuffix(path, ".journal") {
				out = append(out, path)
			}
		}
		return out
	}
	require.NotEmpty(t, journals())
	out := w.mustErase()
	require.Positive(t, out.Unfinished)
	require.Empty(t, journals())
	w.nowhere()
}

// TestRowsStayAsTheyWereDeclared: an erasure is no way around the plan that fetches rows of another form.
func TestRowsStayAsTheyWereDeclared(t *testing.T) {
	w := newErasing(t, func(_ *logsim.Options, e *export) {
		e.raw, e.declared = true, []declaredColumn{declarable[0], declarable[1]}
		e.declared[0].name, e.declared[1].name = "first", "second"
	})
	w.mustRun(w.export)
	was := w.export
	w.raw, w.declared = false, nil
	w.mustErase()
	w.mustEqual(was, w.others())
	s := w.open()
	pl, err := s.Plan(t.Context(), apply.PlanOptions{})
	require.NoError(t, err)
	s.Close()
	require.Len(t, pl.Steps, 4)
	require.Contains(t, pl.Steps[0].ChangedKeys, "transform.raw")
	w.applyOnce(apply.PlanOptions{})
	w.mustEqual(w.export, w.others())
}
