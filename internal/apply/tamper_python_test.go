package apply_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// TestTheAuditorsScriptComesToTheSameRoot runs the script of docs/AUDIT.md, which shares no code with this program, over odd records
// and declared columns of every type.
func TestTheAuditorsScriptComesToTheSameRoot(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	if exec.CommandContext(t.Context(), python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))").Run() != nil {
		t.Skip("python3 is older than 3.11")
	}
	page, err := os.ReadFile("../../docs/AUDIT.md")
	require.NoError(t, err)
	_, script, _ := strings.Cut(string(page), "```python\n")
	script, _, _ = strings.Cut(script, "```")
	require.NotEmpty(t, script)

	from := time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC)
	w := newWorld(t, logsim.Options{Seed: 9, Rate: openRate, Records: logsim.Records{
		Count: 333, From: from, To: from.Add(24 * time.Hour), MedianPayload: 300, MaxPayload: 5000, Odd: logsim.Odd{Share: 0.5},
	}}, nil)
	s := &sealed{t: t, w: w}
	dir := t.TempDir()
	s.export(dir, 0, func(doc map[string]any) {
		unsigned(doc)
		doc["source"].(map[string]any)["details"] = "all"
		doc["range"] = map[string]any{"from": "2026-04-17", "to": "2026-04-18", "lookback": "0s"}
		doc["sinks"].([]any)[1].(map[string]any)["max_file_size"] = "64KiB"
		doc["transform"] = map[string]any{"raw": true, "columns": []any{
			map[string]any{"name": "took", "path": "$.metrics.duration_ms", "type": "float64"},
			map[string]any{"name": "ok", "path": "$.data.response.successful", "type": "bool"},
			map[string]any{"name": "whole", "path": "$.data", "type": "json"},
		}}
	})
	o := readObjects(t, dir)
	manifest := o.named("/manifests/")[0]
	var m struct {
		Files []struct{ Sink, Key string }
	}
	require.NoError(t, json.Unmarshal(o[manifest], &m))
	args := []string{"-", filepath.Join(dir, manifest)}
	for _, f := range m.Files {
		if f.Sink == "lines" {
			args = append(args, filepath.Join(dir, "lines", f.Key))
		}
	}
	require.Greater(t, len(args), 4, "several files")
	cmd := exec.CommandContext(t.Context(), python, args...)
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Regexp(t, `^[0-9a-f]{64} OK\n$`, string(out))
}
