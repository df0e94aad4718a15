package engines_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/state"
	"logferry/test/engines/s3"
)

var few = logsim.Options{Seed: 5, Records: logsim.Records{Count: 60, From: begin, To: end, MedianPayload: 100}}

func TestApplyIsRefusedWhereTheBucketDoesNotKeepRunsApart(t *testing.T) {
	for kind, want := range map[string]string{s3.Ignoring: "ignores conditional writes", s3.Refusing: "refuses conditional writes"} {
		t.Run(kind, func(t *testing.T) {
			w, p := newWorld(t, few), newPlace(t, kind)
			lake := map[string]any{"sinks": []any{map[string]any{"name": "lake", "url": p.url("lake")}}}
			_, err := apply.Run(t.Context(), w.pipeline(lake), w.options())
			var condition *state.ConditionError
			require.ErrorAs(t, err, &condition)
			require.ErrorContains(t, err, want)
			require.Contains(t, condition.Hint(), "state.url")
			require.Zero(t, w.requests(), "before anything is asked for")
			require.Empty(t, keysOf(t, p.open(""), ""), "and nothing is left behind")

			lake["state"] = map[string]any{"url": newPlace(t, "").url("")}
			w.apply(w.pipeline(lake))
			w.requireRows(p, "lake")
		})
	}
}

func TestTwoMachinesDoNotApplyAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		l := newLife(t, s, few, false)
		p := l.with("", nil)
		ctx, unlock, err := l.open(p).Lock(t.Context(), "apply", nil)
		require.NoError(t, err)
		require.NoError(t, ctx.Err())

		t.Setenv("XDG_CACHE_HOME", t.TempDir()) // the other machine's: no file lock tells it anything
		_, err = apply.Run(t.Context(), p, l.options())
		var locked *state.LockedError
		require.ErrorAs(t, err, &locked)
		require.Equal(t, "apply", locked.Info.Operation)
		require.Zero(t, l.requests())

		unlock()
		l.apply(p)
		l.sound(p)
	})
}
