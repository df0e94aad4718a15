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

	"logferry/internal/apply"
	"logferry/internal/plan"
	"logferry/internal/verify"
)

// prove makes a proof with nothing but the copy of the buckets in dir.
func (s *sealed) prove(dir, id string, o apply.ProveOptions) (*verify.Proof, error) {
	o.LogID = id
	return apply.ProveArchive(s.t.Context(), apply.Archive{Places: []string{"lake=" + dir + "/lake", "lines=" + dir + "/lines"}}, o)
}

func (s *sealed) mustProve(dir, id string) *verify.Proof {
	s.t.Helper()
	p, err := s.prove(dir, id, apply.ProveOptions{})
	require.NoError(s.t, err)
	return p
}

// linesOf are the rows of a file of lines in dir/lines, as JSON.
func linesOf(t *testing.T, o objects, partition string) (rows []map[string]any) {
	for _, name := range o.named("lines/tool_execution/", partition+"/") {
		for line := range strings.Lines(string(o[name])) {
			row := map[string]any{}
			require.NoError(t, json.Unmarshal([]byte(line), &row))
			rows = append(rows, row)
		}
	}
	require.NotEmpty(t, rows)
	return rows
}

func anchorOf(t *testing.T, text string) []verify.Anchor {
	t.Helper()
	a, err := verify.ParseAnchor(text)
	require.NoError(t, err)
	return []verify.Anchor{a}
}

func TestEveryRecordOfThePartitionsIsProvenAgainstTheHeadsSince(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	var heads []verify.Anchor
	for n := 1; n <= 4; n++ {
		sum := s.export(dir, time.Duration(n)*time.Minute, onlyHours(n*3))
		heads = append(heads, verify.Anchor{Serial: sum.Serial, Hash: sum.Head})
	}
	o := readObjects(t, dir)
	for i, partition := range []string{"hour=00", "hour=04", "hour=11"} {
		since := []int{0, 1, 3}[i] // the export that brought the partition; unreadable records were looked for again by the next
		rows := linesOf(t, o, partition)
		for n, row := range rows {
			id := row["log_id"].(string)
			p := s.mustProve(dir, id)
			since := since + p.Version - 1
			require.Equal(t, "dt=2026-04-17/"+partition, p.Partition)
			require.EqualValues(t, n, p.Index)
			require.EqualValues(t, len(rows), p.Size)
			for h := range heads {
				at, err := verify.CheckProof(p, heads[h:h+1])
				if h < since {
					require.ErrorContains(t, err, "none of its commits was written down", "a head of before")
					continue
				}
				require.NoError(t, err, "head %d", h)
				require.Equal(t, heads[h], at)
			}
			at, err := verify.CheckProof(p, heads)
			require.NoError(t, err)
			require.Equal(t, heads[3], at, "the newest")
			if n > 3 {
				break
			}
		}
	}
}

func TestAProofThatWasChangedDoesNotHold(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	s.export(dir, 0, onlyHours(3))
	s.export(dir, time.Minute, onlyHours(6))
	o := readObjects(t, dir)
	rows := linesOf(t, o, "hour=01")
	require.Greater(t, len(rows), 1)
	id, other := rows[0]["log_id"].(string), rows[1]["log_id"].(string)
	head := s.mustProve(dir, id).Head
	another := s.mustProve(dir, linesOf(t, o, "hour=02")[0]["log_id"].(string))
	neighbour := s.mustProve(dir, other)
	flip := func(text string) string { return map[bool]string{true: "0", false: "1"}[text[0] == '1'] + text[1:] }
	for what, change := range map[string]func(p *verify.Proof){
		"nothing":                   nil,
		"another id":                func(p *verify.Proof) { p.LogID = other },
		"another row":               func(p *verify.Proof) { p.LogID, p.Row = other, neighbour.Row },
		"another row with its leaf": func(p *verify.Proof) { p.LogID, p.Row, p.Leaf = other, neighbour.Row, neighbour.Leaf },
		"a bit of the row":          func(p *verify.Proof) { p.Row[len(p.Row)-1] ^= 1; p.Leaf = "" },
		"the leaf":                  func(p *verify.Proof) { p.Leaf = flip(p.Leaf) },
		"the index":                 func(p *verify.Proof) { p.Index++ },
		"the size":                  func(p *verify.Proof) { p.Size++ },
		"the path":                  func(p *verify.Proof) { p.Path[0] = flip(p.Path[0]) },
		"no hash in the path":       func(p *verify.Proof) { p.Path[0] = "x" },
		"a shorter path":            func(p *verify.Proof) { p.Path = p.Path[1:] },
		"the root":                  func(p *verify.Proof) { p.Root = flip(p.Root) },
		"the partition":             func(p *verify.Proof) { p.Partition = another.Partition },
		"the version":               func(p *verify.Proof) { p.Version++ },
		"the pipeline":              func(p *verify.Proof) { p.Pipeline = "other" },
		"the manifest's content":    func(p *verify.Proof) { p.Manifest.Content[20] ^= 1 },
		"the manifest and its hash": func(p *verify.Proof) {
			p.Manifest = verify.Seal([]byte(strings.Replace(string(p.Manifest.Content), `"requests"`, ` "requests"`, 1)))
		},
		"the manifest of another": func(p *verify.Proof) {
			p.Manifest, p.Root, p.Size, p.Partition = another.Manifest, another.Root, another.Size, another.Partition
		},
		"a commit's content": func(p *verify.Proof) { p.Commits[0].Content[30] ^= 1 },
		"a commit and its hash": func(p *verify.Proof) {
			p.Commits[0] = verify.Seal([]byte(strings.Replace(string(p.Commits[0].Content), `"by"`, ` "by"`, 1)))
		},
		"a commit less, in between":       func(p *verify.Proof) { p.Commits = append(p.Commits[:1:1], p.Commits[2:]...) },
		"the first commit less":           func(p *verify.Proof) { p.Commits = p.Commits[len(p.Commits)-1:] },
		"the last commit less":            func(p *verify.Proof) { p.Commits = p.Commits[:len(p.Commits)-1] },
		"no commit":                       func(p *verify.Proof) { p.Commits = nil },
		"a proof of another format":       func(p *verify.Proof) { p.Format++ },
		"a row that is none":              func(p *verify.Proof) { p.Row = p.Row[1:] },
		"a row that is cut":               func(p *verify.Proof) { p.Row = p.Row[:len(p.Row)-1] },
		"the order of what it is made of": func(p *verify.Proof) { p.Commits[0], p.Commits[1] = p.Commits[1], p.Commits[0] },
	} {
		p := s.mustProve(dir, id)
		require.Equal(t, head, p.Head)
		if change != nil {
			require.Greater(t, len(p.Commits), 2)
			change(p)
		}
		_, err := verify.CheckProof(p, anchorOf(t, head))
		if change == nil {
			require.NoError(t, err)
		} else {
			require.Error(t, err, what)
		}
	}
}

func TestAProofDoesNotHoldForAHeadAfterThePartitionWasReplaced(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	s.export(dir, 0, onlyHours(2))
	id := linesOf(t, readObjects(t, dir), "hour=01")[0]["log_id"].(string)
	old := s.mustProve(dir, id)
	s.export(dir, time.Minute, func(doc map[string]any) {
		onlyHours(2)(doc)
		doc["transform"] = map[string]any{"raw": true}
	})
	now := s.mustProve(dir, id)
	require.Equal(t, 2, now.Version)
	_, err := verify.CheckProof(now, anchorOf(t, now.Head))
	require.NoError(t, err)
	_, err = verify.CheckProof(old, anchorOf(t, old.Head))
	require.NoError(t, err, "it was there then")

	grown := *old // with the commits since
	last := grown.Commits[len(grown.Commits)-1].SHA256
	more := readObjects(t, dir)
	for _, name := range more.named("lake/_logferry/sealed/commits/") { // the newest first
		if c := verify.Seal(more[name]); c.SHA256 != last {
			grown.Commits = append(grown.Commits[:len(old.Commits):len(old.Commits)], append([]verify.Sealed{c}, grown.Commits[len(old.Commits):]...)...)
			continue
		}
		break
	}
	_, err = verify.CheckProof(&grown, anchorOf(t, now.Head))
	require.ErrorContains(t, err, "replaces or removes dt=2026-04-17/hour=01")
	_, err = verify.CheckProof(&grown, anchorOf(t, old.Head))
	require.NoError(t, err)
}

func TestARecordIsLookedForWhereItMayBe(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	s.export(dir, 0, onlyHours(3))
	o := readObjects(t, dir)
	row := linesOf(t, o, "hour=01")[0]
	id := row["log_id"].(string)
	at, err := time.Parse(time.RFC3339Nano, row["timestamp"].(string))
	require.NoError(t, err)
	for _, o := range []apply.ProveOptions{{At: at}, {Targets: asTargets("dt=2026-04-17/hour=01")}, {At: at, Targets: asTargets("dt=2026-04-17")}} {
		_, err := s.prove(dir, id, o)
		require.NoError(t, err)
	}
	var nowhere *apply.NotInLakeError
	_, err = s.prove(dir, id, apply.ProveOptions{At: at.Add(time.Hour)})
	require.ErrorAs(t, err, &nowhere)
	require.Equal(t, 1, nowhere.Partitions)
	_, err = s.prove(dir, id+"x", apply.ProveOptions{})
	require.ErrorAs(t, err, &nowhere)
	require.Equal(t, 3, nowhere.Partitions)

	// One sink's files are enough, and what is damaged is passed over.
	broken := o.named("lake/tool_execution/", "hour=01")[0]
	content := o[broken]
	content[len(content)/2] ^= 1
	damaged := copyOf(t, o)
	require.Equal(t, s.mustProve(dir, id), s.mustProve(damaged, id))
	lines := o.named("lines/tool_execution/", "hour=01")[0]
	require.NoError(t, os.Remove(filepath.Join(damaged, lines)))
	_, err = s.prove(damaged, id, apply.ProveOptions{})
	require.Error(t, err)
}

// TestTheAuditorsScriptChecksAProof runs the second script of docs/AUDIT.md, which shares no code with this program.
func TestTheAuditorsScriptChecksAProof(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	page, err := os.ReadFile("../../docs/AUDIT.md")
	require.NoError(t, err)
	parts := strings.Split(string(page), "```python\n")
	require.Len(t, parts, 3)
	script, _, _ := strings.Cut(parts[2], "```")

	s := newSealed(t)
	dir := t.TempDir()
	first := s.export(dir, 0, onlyHours(2))
	id := linesOf(t, readObjects(t, dir), "hour=01")[1]["log_id"].(string)
	second := s.export(dir, time.Minute, onlyHours(4))
	check := func(p *verify.Proof, head, id string) (string, error) {
		content, err := json.Marshal(p)
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "proof.json")
		require.NoError(t, os.WriteFile(file, content, 0o600))
		cmd := exec.CommandContext(t.Context(), python, "-", file, head, id)
		cmd.Stdin = strings.NewReader(script)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	p := s.mustProve(dir, id)
	for _, head := range []string{first.Head, second.Head} {
		out, err := check(p, head, id)
		require.NoError(t, err, "%s", out)
		require.Equal(t, id+" is in dt=2026-04-17/hour=01 as of "+head+"\n", out)
	}
	for what, c := range map[string]struct {
		change   func(p *verify.Proof)
		head, id string
	}{
		"the index is changed; not in the tree": {func(p *verify.Proof) { p.Index-- }, second.Head, id},
		"the path is changed; not in the tree":  {func(p *verify.Proof) { p.Path[0] = p.Root }, second.Head, id},
		"a commit is missing; chain is broken":  {func(p *verify.Proof) { p.Commits = append(p.Commits[:1:1], p.Commits[2:]...) }, second.Head, id},
		"the first is missing; does not name":   {func(p *verify.Proof) { p.Commits = p.Commits[len(p.Commits)-1:] }, second.Head, id},
		"another record":                        {func(*verify.Proof) {}, second.Head, "log_x"},
		"it is of another history":              {func(*verify.Proof) {}, strings.Repeat("0", 64), id},
		"the row is another; not in the tree":   {func(p *verify.Proof) { p.Row[len(p.Row)-1] ^= 1 }, second.Head, id},
	} {
		p := s.mustProve(dir, id)
		c.change(p)
		out, err := check(p, c.head, c.id)
		require.Error(t, err, what)
		require.Contains(t, out, "NOT proven", what)
		_, because, found := strings.Cut(what, "; ")
		if found {
			what = because
		}
		require.Contains(t, out, what)
	}
}

func asTargets(names ...plan.Target) []plan.Target { return names }
