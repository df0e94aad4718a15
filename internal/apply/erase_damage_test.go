package apply_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/sinks"
)

// TestADamagedManifestIsNotReplacedWhereItTellsWhatWasErased: nobody knows what must not come back.
func TestADamagedManifestIsNotReplacedWhereItTellsWhatWasErased(t *testing.T) {
	w := newErasing(t, func(o *logsim.Options, _ *export) { single(o) })
	w.mustRun(w.export)
	w.mustErase()
	for path := range w.everyByte() {
		if strings.Contains(path, "/manifests/dt=2026-04-16/00002-") {
			require.NoError(t, os.WriteFile(path, []byte("{}\n"), 0o600))
		}
	}
	err := w.applyWith(w.export, apply.PlanOptions{Replace: []plan.Target{"dt=2026-04-16"}})
	var unknown *apply.ErasedUnknownError
	require.ErrorAs(t, err, &unknown)
	require.Positive(t, unknown.Erased)
	require.Contains(t, unknown.Hint(), "restore the manifest")
	require.NoError(t, w.applyWith(w.export, apply.PlanOptions{Replace: []plan.Target{"dt=2026-04-17"}}))
	_, _, _, err = w.erase(w.options())
	var broken *state.UnusableError
	require.ErrorAs(t, err, &broken, "what can't be searched is not passed over")
}

func TestAnErasureReadsWhateverSinkIsWhole(t *testing.T) {
	w := newErasing(t, func(o *logsim.Options, _ *export) { single(o) })
	w.mustRun(w.export)
	for path, content := range w.parts() {
		if strings.Contains(path, "/sink0/") && strings.Contains(path, "dt=2026-04-16") {
			require.NoError(t, os.WriteFile(path, append([]byte(content[:len(content)-1]), 0), 0o600))
		}
	}
	w.mustErase()
	w.mustEqual(w.export, w.others())
	w.settled()

	for path := range w.parts() {
		require.NoError(t, os.Truncate(path, 9))
	}
	_, _, _, err := w.erase(w.options())
	var damaged *sinks.DamagedError
	require.ErrorAs(t, err, &damaged)
	require.Contains(t, damaged.Key, "dt=2026-04-1")
}

func TestNothingIsErasedWhereAnUndeclaredSinkHasIt(t *testing.T) {
	w := newErasing(t, func(o *logsim.Options, _ *export) { single(o) })
	w.mustRun(w.export)
	w.sinks = w.sinks[:1]
	before := w.parts()
	_, _, _, err := w.erase(w.options())
	var undeclared *apply.EraseUndeclaredError
	require.ErrorAs(t, err, &undeclared)
	require.Equal(t, []string{"sink1"}, undeclared.Sinks)
	require.Equal(t, before, w.parts())
}
