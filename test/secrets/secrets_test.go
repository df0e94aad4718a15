package secrets

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// program is the logferry that the tests run.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "logferry-secrets-*")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "logferry")
	build := exec.Command("go", "build", "-o", program, "logferry/cmd/logferry")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		_ = flag.Set("test.parallel", "6") // they wait most of the time
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// outside is why the tests are not run with -short, as the race detector is.
const outside = "all that runs is the program, in processes of its own"

const hashKey = "a key of more than 16 bytes"

const rules = `
  redact:
    - {path: $.metadata.user_id, action: hash, key: "${HASH_KEY}"}
    - {path: $.metadata.note, action: drop}
    - {path: $.data.request.payload.body, action: drop}
    - {path: "$.data.response.body.items[*].email", action: mask}
    - {path: "$.data.list[-1:]", action: drop}
    - {path: $..private, action: mask}`

// world is a folder for everything that runs of the program leave behind, and the API that they ask.
type world struct {
	t    *testing.T
	api  *api
	dir  string
	url  string
	runs int
}

// newWorld redacts by rules, or well-known secrets, or both. spool is where fetched records wait; "" is the cache folder.
func newWorld(t *testing.T, byRules, secrets bool, spool string) *world {
	t.Helper()
	readSources(t)
	w := &world{t: t, api: newAPI(byRules, secrets), dir: t.TempDir()}
	w.serve()
	transform := "\n  raw: true\n  columns: [{name: who, path: $.metadata.user_id, type: string}, {name: last, path: \"$.data.list[-1]\", type: json}]"
	if secrets {
		transform += "\n  redact_secrets: true"
	}
	if byRules {
		transform += rules
	}
	w.pipeline(transform, spool)
	return w
}

func (w *world) serve() {
	server := httptest.NewServer(w.api)
	w.t.Cleanup(server.Close)
	w.url = server.URL
}

func (w *world) pipeline(transform, spool string) {
	if spool != "" {
		require.NoError(w.t, os.MkdirAll(filepath.Join(w.dir, spool), 0o700))
		spool = ", spool: \"file://" + filepath.Join(w.dir, spool) + `"`
	}
	text := fmt.Sprintf(`version: 1
name: planted
source: {base_url: %q, api_key: "${KEY}"}
range: {from: 2026-09-10, to: 2026-09-11, lookback: 366d}
extract: {timeout: 5s, give_up_after: 2s, details_in_flight: 8, max_memory: 32MiB%s}
transform:%s
sinks:
  - {name: lake, url: "file://%s"}
  - {name: lines, url: "file://%s", format: ndjson, compression: gzip}
`, w.url, spool, transform, filepath.Join(w.dir, "lake"), filepath.Join(w.dir, "lines"))
	for _, dir := range []string{"lake", "lines", "cache", "tmp", "output"} {
		require.NoError(w.t, os.MkdirAll(filepath.Join(w.dir, dir), 0o700))
	}
	require.NoError(w.t, os.WriteFile(filepath.Join(w.dir, "pipeline.yaml"), []byte(text), 0o600))
}

// run runs the program until it ends, or until it is killed at the n-th request for a detail where n is not 0. What it says is a file
// beside the others.
func (w *world) run(n int, args ...string) (ok bool) {
	w.t.Helper()
	w.runs++
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"-f", filepath.Join(w.dir, "pipeline.yaml"), "--log-level", "debug"}, args...)...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "HOME="+w.dir, "XDG_CACHE_HOME="+filepath.Join(w.dir, "cache"), "TMPDIR="+filepath.Join(w.dir, "tmp"),
		"KEY=ak_planted_nowhere", "HASH_KEY="+hashKey, "OTEL_EXPORTER_OTLP_ENDPOINT="+w.url)
	name := filepath.Join(w.dir, "output", fmt.Sprintf("%02d-%s", w.runs, args[0]))
	stdout, err := os.Create(name + ".stdout")
	require.NoError(w.t, err)
	stderr, err := os.Create(name + ".stderr")
	require.NoError(w.t, err)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	w.api.mu.Lock()
	seen := w.api.details
	w.api.onDetail = func(k int) {
		if n > 0 && k-seen == n {
			_ = cmd.Process.Kill()
		}
	}
	w.api.mu.Unlock()
	require.NoError(w.t, cmd.Start())
	err = cmd.Wait()
	require.NoError(w.t, ctx.Err(), "the run does not end")
	require.NoError(w.t, stdout.Close())
	require.NoError(w.t, stderr.Close())
	return err == nil
}

// found looks through everything, the traces included.
func (w *world) found() map[string][]string {
	w.t.Helper()
	w.api.mu.Lock()
	defer w.api.mu.Unlock()
	out := w.api.searchFiles(w.t, w.dir)
	for _, body := range w.api.traces {
		if hits := w.api.findPlanted(body); len(hits) > 0 {
			out["(traces)"] = append(out["(traces)"], hits...)
		}
	}
	return out
}

func (w *world) nothingFound(when string) {
	w.t.Helper()
	for name, hits := range w.found() {
		w.t.Errorf("%s, %s has a planted value as %s", when, name, strings.Join(hits, "\n\t"))
	}
	if w.t.Failed() {
		w.t.FailNow()
	}
}

func TestNoPlantedValueIsLeftAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip(outside)
	}
	t.Parallel()
	for _, c := range []struct {
		name           string
		rules, secrets bool
		spool          string
	}{{"rules", true, false, ""}, {"secrets", false, true, ""}, {"both, spool in a bucket", true, true, "spool"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.rules, c.secrets, c.spool)
			w.run(0, "plan", "--out", filepath.Join(w.dir, "tonight.plan"))
			for _, n := range []int{5, 70} {
				require.False(t, w.run(n, "apply", "--auto-approve", "--json"), "was not killed")
				w.nothingFound(fmt.Sprintf("after a kill at detail %d", n))
			}
			require.True(t, w.run(0, "apply", "--auto-approve", "--json", "--log-format", "json"))
			w.nothingFound("after the export")
			w.run(0, "apply", "--auto-approve") // what is quarantined is tried again
			w.run(0, "verify", "--deep")
			w.run(0, "state", "list", "--json")
			w.nothingFound("after a second export")
			w.exported(c.rules, c.secrets)
		})
	}
}

// exported says that the export was one, and that what stands in the place of planted values does.
func (w *world) exported(byRules, secrets bool) {
	w.t.Helper()
	var rows []byte
	require.NoError(w.t, filepath.WalkDir(filepath.Join(w.dir, "lines", "tool_execution"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var b []byte
			b, err = os.ReadFile(path)
			for _, part := range unpacked(b)[:1] {
				rows = append(rows, part...)
			}
		}
		return err
	}))
	require.Equal(w.t, records, bytes.Count(rows, []byte("\n")))
	require.NotEmpty(w.t, w.api.traces)
	if byRules {
		w.hashedOnce(rows)
	}
	if secrets {
		require.Contains(w.t, string(rows), `sent with [redacted]`)
		require.Contains(w.t, string(rows), `GET https://u:[redacted]@h/?access_token=[redacted]`)
	}
	if byRules {
		quarantined, err := filepath.Glob(filepath.Join(w.dir, "lake", "_logferry", "quarantine", "*"))
		require.NoError(w.t, err)
		require.NotEmpty(w.t, quarantined)
		b, err := os.ReadFile(quarantined[0])
		require.NoError(w.t, err)
		require.Contains(w.t, string(b), "is withheld: it is no JSON object")
		require.Contains(w.t, string(b), "its words are withheld")
	}
}

// hashedOnce says that every user is the hash of one, however often its record was gone on with or tried again.
func (w *world) hashedOnce(rows []byte) {
	w.t.Helper()
	users := map[string]bool{}
	for text := range w.api.made {
		mac := hmac.New(sha256.New, []byte(hashKey))
		mac.Write([]byte(text))
		users[hex.EncodeToString(mac.Sum(nil))] = true
	}
	seen := map[string]bool{}
	for line := range bytes.Lines(rows) {
		var row struct {
			User string `json:"user_id"`
			Who  string `json:"who"`
			Last any    `json:"last"`
		}
		require.NoError(w.t, json.Unmarshal(line, &row))
		require.True(w.t, users[row.User], "%s is the hash of no user", row.User)
		require.Equal(w.t, row.User, row.Who, "a declared column")
		require.Nil(w.t, row.Last, "a declared column of an element that was dropped")
		seen[row.User] = true
	}
	require.Greater(w.t, len(seen), 5)
}

// What an earlier run had fetched under other rules is not gone on with.
func TestAJournalOfOtherRulesIsFetchedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip(outside)
	}
	t.Parallel()
	w := newWorld(t, true, true, "")
	w.pipeline("\n  raw: true", "")
	require.False(t, w.run(40, "apply", "--auto-approve", "--json"))
	w.finds([]string{".journal"})
	require.NoError(t, os.RemoveAll(filepath.Join(w.dir, "output")))
	w.api.mu.Lock()
	w.api.traces = nil
	w.api.mu.Unlock()
	w.pipeline("\n  redact_secrets: true"+rules, "")
	require.True(t, w.run(0, "apply", "--auto-approve", "--json"))
	w.nothingFound("once rules are in force")
}

// What finds nothing has to be able to find: without redaction planted values are everywhere.
func TestTheSearchFindsPlantedValuesWhereNothingIsRedacted(t *testing.T) {
	if testing.Short() {
		t.Skip(outside)
	}
	t.Parallel()
	w := newWorld(t, true, true, "")
	w.pipeline("\n  raw: true", "")
	require.False(t, w.run(40, "apply", "--auto-approve", "--json"))
	places := []string{"/cache/logferry/planted-", ".stderr"}
	w.finds(places)
	require.True(t, w.run(0, "apply", "--auto-approve", "--json"))
	w.finds([]string{"/lake/tool_execution/", "/lines/tool_execution/", "/lake/_logferry/quarantine/", ".stderr"})
}

func (w *world) finds(places []string) {
	w.t.Helper()
	found := w.found()
	for _, place := range places {
		hit := false
		for name := range found {
			hit = hit || strings.Contains(name, place)
		}
		require.True(w.t, hit, "nothing found in %s, only in %v", place, found)
	}
}
