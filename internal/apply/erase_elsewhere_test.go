package apply_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
)

// TestWhatWasErasedIsKnownUnderAnotherProject: a project that is given another name has new partitions, and the API lists all records for
// them once more. What was erased is known in them too, also once those of the old name are gone.
func TestWhatWasErasedIsKnownUnderAnotherProject(t *testing.T) {
	for name, c := range map[string]struct {
		before, after []logsim.Project
	}{
		"renamed":     {[]logsim.Project{{Name: "one", Key: "ak_one"}, {Name: "two", Key: "ak_two"}}, []logsim.Project{{Name: "first", Key: "ak_one"}, {Name: "two", Key: "ak_two"}}},
		"named later": {nil, []logsim.Project{{Name: "first", Key: logsim.DefaultKey}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newErasing(t, func(o *logsim.Options, e *export) {
				o.Projects, e.span, e.reconcile = c.before, map[string]any{"lookback": "60d"}, "fail"
			})
			w.mustRun(w.export)
			w.mustErase()
			w.projects = c.after
			sum := w.applyOnce(apply.PlanOptions{})
			require.Positive(t, sum.Partitions.Written)
			w.nowhere()
			w.settledLater()

			w.applyOnce(apply.PlanOptions{AllowDelete: true})
			w.applyOnce(apply.PlanOptions{}) // which lists all again
			w.nowhere()
			w.raw = true
			w.applyOnce(apply.PlanOptions{})
			w.nowhere()
			w.settledLater()
		})
	}
}

// settledLater is settled where the lookback has everything listed again.
func (w *erasing) settledLater() {
	w.t.Helper()
	s := w.open()
	defer s.Close()
	_, err := s.Load(w.t.Context())
	require.NoError(w.t, err)
	report, err := s.Verify(w.t.Context(), apply.VerifyOptions{Deep: true, Census: true})
	require.NoError(w.t, err)
	require.Empty(w.t, report.Findings)
	require.Zero(w.t, report.Census.Missing+report.Census.Late+report.Census.Extra)
	require.Positive(w.t, report.Census.Erased)
}
