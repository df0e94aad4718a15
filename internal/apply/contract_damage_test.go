package apply_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/plan"
)

// aQuietDay is one whole partition of plain records.
func aQuietDay(records int) (export, logsim.Records) {
	e, r := aDay(records)
	e.from, e.to = time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 18, 0, 0, 0, 0, time.UTC)
	r.Odd = logsim.Odd{}
	return e, r
}

// objects are the files below a part of the world's folders.
func (w *world) objects(part string) (out []string) {
	w.t.Helper()
	require.NoError(w.t, filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(path, part) {
			out = append(out, path)
		}
		return err
	}))
	return out
}

// A run that is killed between its commit and the removal of what that replaced leaves rows twice to a reader who globs: the next run
// removes them, also where it lists the partition again and finds nothing new.
func TestWhatAKilledRunLeftIsRemovedWhereNothingIsNew(t *testing.T) {
	e, records := aQuietDay(120)
	e.span = map[string]any{"lookback": "720h"}
	w := newWorld(t, logsim.Options{Seed: 7, Records: records, Rate: openRate}, nil)
	require.NoError(t, w.applyWith(e, apply.PlanOptions{}))
	before := w.parts()
	part := filepath.Join(w.sinkDir(0), "tool_execution", "dt=2026-04-17", "part-00000.ndjson")
	content, err := os.ReadFile(part)
	require.NoError(t, err)
	left := []string{strings.Replace(part, ".ndjson", "-00009.ndjson", 1), filepath.Join(w.sinkDir(0), "_logferry", "quarantine", "dt=2026-04-17.00009.ndjson")}
	for _, path := range left {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	require.NoError(t, w.applyWith(e, apply.PlanOptions{}))
	for _, path := range left {
		require.NoFileExists(t, path)
	}
	require.Equal(t, before, w.parts())
}

func TestADamagedManifestIsReplacedWithItsPartition(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"gone":    os.Remove,
		"cut":     func(path string) error { return os.Truncate(path, 100) },
		"altered": func(path string) error { return os.WriteFile(path, []byte(`{"format":1}`), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			e, records := aQuietDay(120)
			api := &editor{}
			w := newWorld(t, logsim.Options{Seed: 7, Records: records, Rate: openRate}, api.around)
			w.mustRun(e)
			manifests := w.objects("/manifests/")
			require.Len(t, manifests, 1)
			require.NoError(t, damage(manifests[0]))
			replace := apply.PlanOptions{Replace: []plan.Target{"dt=2026-04-17"}}

			api.hide(w.sources(e)[3].id)
			var fewer *apply.FewerError
			require.ErrorAs(t, w.applyWith(e, replace), &fewer, "the state still knows how many records there were")
			api.set(nil)
			require.NoError(t, w.applyWith(e, replace))
			w.mustEqual(e, w.sources(e))
			require.NoError(t, w.applyWith(e, apply.PlanOptions{}))
		})
	}
}

// What a quarantine object holds is fetched and exported by later runs: one that somebody has changed is not believed.
func TestAnAlteredQuarantineIsNotBelieved(t *testing.T) {
	for name, alter := range map[string]func(content []byte) []byte{
		"gone": nil,
		"cut":  func(content []byte) []byte { return content[:len(content)/2] },
		"another record": func(content []byte) []byte {
			return bytes.ReplaceAll(content, []byte(`"status":"`), []byte(`"status":"x`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, records := aQuietDay(120)
			e.extract = quickly()
			denied := &atomic.Pointer[string]{}
			w := newWorld(t, logsim.Options{Seed: 7, Records: records, Rate: openRate}, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
					if id := denied.Load(); id != nil && strings.HasSuffix(in.URL.Path, "/"+*id) {
						out.WriteHeader(http.StatusForbidden)
						return
					}
					next.ServeHTTP(out, in)
				})
			})
			denied.Store(&w.sources(e)[50].id)
			require.NoError(t, w.applyWith(e, apply.PlanOptions{}))
			held := w.objects("/quarantine/")
			require.Len(t, held, 1)
			if alter == nil {
				require.NoError(t, os.Remove(held[0]))
			} else {
				content, err := os.ReadFile(held[0])
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(held[0], alter(bytes.Clone(content)), 0o600))
			}

			denied.Store(nil)
			require.NoError(t, w.applyWith(e, apply.PlanOptions{}), "it does not stand in the way")
			lines := w.quarantined(t)
			require.Len(t, lines, 1, "what the manifest names stays")
			for id, line := range lines {
				require.Equal(t, w.sources(e)[50].id, id)
				require.Empty(t, line.get("entry"))
			}
			require.NoError(t, w.applyWith(e, apply.PlanOptions{Replace: []plan.Target{"dt=2026-04-17"}}))
			require.Empty(t, w.quarantined(t))
			w.mustEqual(e, w.sources(e))
		})
	}
}
