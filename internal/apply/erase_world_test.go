package apply_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/verify"
	"logferry/sinks/bucket"
)

// erasing is a world in which somebody's records are erased.
type erasing struct {
	*world
	export
	users []string // one of each project
	wrap  func(string, bucket.Bucket) bucket.Bucket
}

// newErasing is of two projects, and of a day and a bit with few users.
func newErasing(t *testing.T, change func(*logsim.Options, *export)) *erasing {
	t.Helper()
	return newErasingBehind(t, nil, change)
}

// newErasingBehind puts around between the API and its user.
func newErasingBehind(t *testing.T, around func(http.Handler) http.Handler, change func(*logsim.Options, *export)) *erasing {
	t.Helper()
	from := time.Date(2026, 4, 16, 0, 0, 0, 0, time.UTC)
	e := export{
		from: from, to: from.Add(27 * time.Hour), windows: 3, inFlight: 8,
		sinks: []sinkForm{{format: "parquet", compression: "none"}, {format: "ndjson", compression: "none"}},
	}
	o := logsim.Options{
		Seed: 21, Rate: openRate, Projects: []logsim.Project{{Name: "one", Key: "ak_one"}, {Name: "two", Key: "ak_two"}},
		Records: logsim.Records{Count: 120, From: e.from, To: e.to, MedianPayload: 60, MaxPayload: 300, Users: 6},
	}
	if change != nil {
		change(&o, &e)
	}
	w := &erasing{world: newWorld(t, o, around), export: e}
	for _, project := range w.projectNames() {
		w.users = append(w.users, w.someUser(project))
	}
	return w
}

// single is a change to a pipeline without named projects.
func single(o *logsim.Options) { o.Projects = nil }

func (w *erasing) projectNames() []string {
	if len(w.projects) == 0 {
		return []string{""}
	}
	var out []string
	for _, p := range w.projects {
		out = append(out, p.Name)
	}
	return out
}

// someUser has some of a project's records.
func (w *erasing) someUser(project string) (best string) {
	counts, truth := map[string]int{}, w.sim.Truth(project)
	numbers := truth.Numbers(logsim.Query{From: w.from, To: w.to})
	for _, n := range numbers {
		counts[truth.Fact(n).User]++
	}
	for user, n := range counts {
		if n < len(numbers)/2 && (n > counts[best] || n == counts[best] && user < best) {
			best = user
		}
	}
	require.Greater(w.t, counts[best], 4)
	return best
}

// theirs says whether a record is the user's.
func (w *erasing) theirs(s source) bool {
	truth := w.sim.Truth(s.project)
	n, ok := truth.Number(s.id)
	return ok && slices.Contains(w.users, truth.Fact(n).User)
}

// others are the sources less the user's records, or less those of them that are given.
func (w *erasing) others(gone ...string) []source {
	return slices.DeleteFunc(w.sources(w.export), func(s source) bool {
		return w.theirs(s) && (gone == nil || slices.Contains(gone, s.id))
	})
}

// exported are the ids of the user's records in the lake.
func (w *erasing) exported() []string {
	l, err := readLake(w.sinkDir(0), w.sinks[0], w.columnsNow())
	require.NoError(w.t, err)
	had := map[string]bool{}
	for _, rows := range l.rows {
		for _, id := range ids(rows) {
			had[id] = true
		}
	}
	out := []string{}
	for _, s := range w.sources(w.export) {
		if w.theirs(s) && had[s.id] {
			out = append(out, s.id)
		}
	}
	return out
}

func (w *erasing) columnsNow() []column {
	e := w.export
	e.projects = len(w.projects) > 0
	return e.columns()
}

func (w *erasing) open() *apply.Session {
	w.t.Helper()
	s, err := apply.Open(w.t.Context(), w.config(w.export), apply.Options{Now: clock, Version: "test", WrapBucket: w.wrap})
	require.NoError(w.t, err)
	return s
}

func (w *erasing) options() apply.EraseOptions {
	return apply.EraseOptions{UserIDs: w.users, Reason: "request 4711"}
}

// erase finds and erases under the lock.
func (w *erasing) erase(o apply.EraseOptions) (found *apply.Erasable, parts []apply.ErasedPartition, out *apply.Erased, err error) {
	w.t.Helper()
	s := w.open()
	defer s.Close()
	ctx, unlock, err := s.Lock(w.t.Context(), "erase", nil)
	if err != nil {
		return nil, nil, nil, err
	}
	defer unlock()
	if found, err = s.FindErasable(ctx, o); err != nil {
		return nil, nil, nil, err
	}
	out, err = s.Erase(ctx, found, func(p apply.ErasedPartition) { parts = append(parts, p) })
	return found, parts, out, err
}

// mustErase erases all records of the user, of which there have to be some.
func (w *erasing) mustErase() *apply.Erased {
	w.t.Helper()
	found, parts, out, err := w.erase(w.options())
	require.NoError(w.t, err)
	require.Positive(w.t, out.Rows+out.Quarantined)
	require.Equal(w.t, found.Rows, out.Rows, "what was shown")
	require.Equal(w.t, found.Quarantined, out.Quarantined)
	require.Len(w.t, parts, len(found.Partitions))
	require.Equal(w.t, out.Of, out.Partitions)
	return out
}

// settled says that nothing is to be done, that everything is as committed, and that the API lists nothing that is missing.
func (w *erasing) settled() *verify.Report {
	w.t.Helper()
	s := w.open()
	defer s.Close()
	pl, err := s.Plan(w.t.Context(), apply.PlanOptions{})
	require.NoError(w.t, err)
	require.True(w.t, pl.Empty(), "%+v %+v", pl.Steps, pl.Strays)
	report, err := s.Verify(w.t.Context(), apply.VerifyOptions{Deep: true, Census: true})
	require.NoError(w.t, err)
	require.Empty(w.t, report.Findings)
	require.Zero(w.t, report.Census.Missing+report.Census.Extra)
	return report
}

// everyByte is all that lies in the world's folders, by its path.
func (w *erasing) everyByte() map[string]string {
	out := map[string]string{}
	for _, dir := range append([]string{w.dir}, w.scratch...) {
		require.NoError(w.t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			out[path] = string(content)
			return err
		}))
	}
	return out
}

// nowhere says that the users stand in no file and no name of one.
func (w *erasing) nowhere() {
	w.t.Helper()
	for _, user := range w.users {
		w.without(user)
	}
}

// without says that a text stands in no file, of those whose path has none of the spared parts, and no name of one.
func (w *erasing) without(text string, spared ...string) {
	w.t.Helper()
	for path, content := range w.everyByte() {
		if slices.ContainsFunc(spared, func(s string) bool { return strings.Contains(path, s) }) {
			continue
		}
		require.NotContains(w.t, strings.ToLower(content), strings.ToLower(text), path)
		require.NotContains(w.t, path, text)
	}
}

// applyOnce plans with options and carries the plan out.
func (w *erasing) applyOnce(o apply.PlanOptions) *apply.Summary {
	w.t.Helper()
	s := w.open()
	defer s.Close()
	ctx, unlock, err := s.Lock(context.WithoutCancel(w.t.Context()), "apply", nil)
	require.NoError(w.t, err)
	defer unlock()
	pl, err := s.Plan(ctx, o)
	require.NoError(w.t, err)
	sum, err := s.Apply(ctx, pl)
	require.NoError(w.t, err)
	return sum
}

// text is everything that a value says of itself.
func text(t *testing.T, values ...any) string {
	t.Helper()
	var out strings.Builder
	for _, v := range values {
		content, err := json.Marshal(v)
		require.NoError(t, err)
		out.Write(content)
	}
	return out.String()
}
