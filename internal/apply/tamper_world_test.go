package apply_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
	"logferry/internal/signing"
	"logferry/internal/verify"
)

// sealed is a signed export of some hours into two folders, to be tampered with.
type sealed struct {
	t       *testing.T
	w       *world
	private string
	public  []ed25519.PublicKey
}

func newSealed(t *testing.T) *sealed {
	t.Helper()
	from := time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC)
	w := newWorld(t, logsim.Options{Seed: 5, Rate: openRate, Records: logsim.Records{
		Count: 150, From: from, To: from.Add(18 * time.Hour), MedianPayload: 40, MaxPayload: 200, Odd: logsim.Odd{Unreadable: 0.1},
	}}, nil)
	private, public, err := signing.Generate()
	require.NoError(t, err)
	keys, err := signing.ParsePublic(public)
	require.NoError(t, err)
	return &sealed{t: t, w: w, private: string(private), public: keys}
}

// config is the pipeline with its sinks below dir; edit changes the document.
func (s *sealed) config(dir string, edit func(doc map[string]any)) *config.Pipeline {
	s.t.Helper()
	doc := map[string]any{
		"version": 1, "name": "sealed", "reconcile": "off",
		"source":  map[string]any{"base_url": s.w.url, "api_key": "${KEY}", "details": "none"},
		"range":   map[string]any{"from": "2026-04-17T00:00:00Z", "to": "2026-04-17T18:00:00Z", "partition": "hour", "lookback": "0s"},
		"extract": map[string]any{"rate": map[string]any{"headroom": "0%"}},
		"sinks": []any{
			map[string]any{"name": "lake", "url": "file://" + dir + "/lake"},
			map[string]any{"name": "lines", "url": "file://" + dir + "/lines", "format": "ndjson", "compression": "none"},
		},
		"state": map[string]any{"signing_key": "${SIGNING_KEY}"},
	}
	if edit != nil {
		edit(doc)
	}
	text, err := json.Marshal(doc)
	require.NoError(s.t, err)
	env := map[string]string{"KEY": logsim.DefaultKey, "SIGNING_KEY": s.private, "HASH_KEY": "0123456789abcdef"}
	p, err := config.Parse("pipeline.yaml", text, config.Options{Now: clock, Env: func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}})
	require.NoError(s.t, err)
	return p
}

// export runs the pipeline; later is how much later than the clock.
func (s *sealed) export(dir string, later time.Duration, edit func(doc map[string]any)) *apply.Summary {
	s.t.Helper()
	sum, err := apply.Run(s.t.Context(), s.config(dir, edit), apply.Options{Now: clock.Add(later), Version: "test"})
	require.NoError(s.t, err)
	return sum
}

func unsigned(doc map[string]any) { delete(doc, "state") }

func onlyHours(n int) func(doc map[string]any) {
	return func(doc map[string]any) {
		doc["range"].(map[string]any)["to"] = time.Date(2026, 4, 17, n, 0, 0, 0, time.UTC).Format(time.RFC3339)
	}
}

// verify looks at the copy of the buckets in dir, and at nothing else.
func (s *sealed) verify(dir string, o apply.VerifyOptions) (*verify.Report, error) {
	return apply.VerifyArchive(context.Background(), apply.Archive{Places: []string{"lake=" + dir + "/lake", "lines=" + dir + "/lines"}}, o)
}

// sound verifies what must be found to be as it was.
func (s *sealed) sound(dir string, o apply.VerifyOptions) *verify.Report {
	s.t.Helper()
	report, err := s.verify(dir, o)
	require.NoError(s.t, err)
	require.True(s.t, report.OK, "%+v", report.Findings)
	return report
}

// told returns all that a verification finds wrong, "" for nothing.
func told(report *verify.Report, err error) string {
	if err != nil {
		return err.Error()
	}
	if report.OK {
		return ""
	}
	var out []string
	for _, f := range report.Findings {
		out = append(out, string(f.Kind)+" "+f.Key+" "+f.Problem)
	}
	return strings.Join(out, "\n")
}

// objects are the contents of all files below a folder.
type objects map[string][]byte

func readObjects(t testing.TB, dir string) objects {
	t.Helper()
	out := objects{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil {
			out[filepath.ToSlash(name)], err = os.ReadFile(path)
		}
		return err
	}))
	return out
}

// change makes the folder hold what now says where it held what before says.
func change(t testing.TB, dir string, before, now objects) {
	t.Helper()
	for name := range before {
		if _, stays := now[name]; !stays {
			require.NoError(t, os.Remove(filepath.Join(dir, name)))
		}
	}
	for name, content := range now {
		if old, there := before[name]; !there || !bytes.Equal(old, content) {
			path := filepath.Join(dir, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			require.NoError(t, os.WriteFile(path, content, 0o600))
		}
	}
}

// copyOf writes objects into a folder of their own.
func copyOf(t testing.TB, o objects) string {
	t.Helper()
	dir := t.TempDir()
	change(t, dir, nil, o)
	return dir
}

func (o objects) named(parts ...string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(name, p) }) {
			out = append(out, name)
		}
	}
	return out
}

// few takes the first, a middle and the last one.
func few(names []string) []string {
	return slices.Compact([]string{names[0], names[len(names)/2], names[len(names)-1]})
}

var errRefused = errors.New("nothing may be written")
