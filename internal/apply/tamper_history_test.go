package apply_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/merkle"
	"logferry/internal/table"
	"logferry/internal/verify"
	"logferry/sinks/bucket"
	"logferry/sinks/reread"
)

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func anchorsOf(reports ...*verify.Report) []verify.Anchor {
	var out []verify.Anchor
	for _, r := range reports {
		out = append(out, verify.Anchor{Serial: r.Serial, Hash: r.Head})
	}
	return out
}

// linesOnly leaves one sink, of lines, and one partition.
func linesOnly(doc map[string]any) {
	doc["sinks"] = doc["sinks"].([]any)[1:]
	doc["range"].(map[string]any)["partition"] = "day"
}

// rootOf is the root over the rows of a partition's file, as who rewrites it would compute it.
func rootOf(t testing.TB, file string, columns map[string]any) string {
	t.Helper()
	schema := &table.Schema{}
	for name, kind := range columns {
		for k := table.String; k <= table.Decimal; k++ {
			if k.String() == kind {
				schema.Columns = append(schema.Columns, table.Column{Name: name, Kind: k})
			}
		}
	}
	tree, canonical := merkle.NewBuilder(), table.NewCanonical(schema)
	_, _, err := reread.Rows(t.Context(), file, file, schema, func(row table.Row) error {
		defer tree.End()
		return canonical.Write(tree, row)
	})
	require.NoError(t, err)
	root := tree.Root()
	return hex.EncodeToString(root[:])
}

// forge changes the rows of the partition of the newest commit, and writes manifest and commit anew so that every hash is right
// again. The root is that of the new rows only where honest says so.
func forge(t testing.TB, whole objects, rows func(lines [][]byte) [][]byte, honest bool) objects {
	t.Helper()
	o := maps.Clone(whole)
	commit, signature := o.named("/commits/")[0], o.named("/signatures/")[0]
	var head map[string]any
	require.NoError(t, json.Unmarshal(o[commit], &head))
	entry := head["changes"].([]any)[0].(map[string]any)["set"].(map[string]any)
	manifest := o.named("/manifests/", entry["partition"].(string))[0]
	var m map[string]any
	require.NoError(t, json.Unmarshal(o[manifest], &m))
	file := m["files"].([]any)[0].(map[string]any)
	data := "lines/" + file["key"].(string)

	lines := bytes.SplitAfter(bytes.TrimSuffix(o[data], []byte("\n")), []byte("\n"))
	lines[len(lines)-1] = append(bytes.Clone(lines[len(lines)-1]), '\n')
	o[data] = bytes.Join(rows(lines), nil)
	replace := strings.NewReplacer(
		file["sha256"].(string), hash(o[data]),
		fmt.Sprintf(`"size":%d`, int(file["size"].(float64))), fmt.Sprintf(`"size":%d`, len(o[data])),
	)
	text := replace.Replace(string(o[manifest]))
	if honest {
		temp := filepath.Join(t.TempDir(), "rows.ndjson")
		require.NoError(t, os.WriteFile(temp, o[data], 0o600))
		text = strings.Replace(text, m["root"].(string), rootOf(t, temp, m["columns"].(map[string]any)), 1)
	}
	sha := hash([]byte(text))
	delete(o, manifest)
	o[path.Join(path.Dir(manifest), fmt.Sprintf("00001-%.16s.json", sha))] = []byte(text)
	o[commit] = []byte(strings.NewReplacer(
		entry["manifest"].(string), sha,
		fmt.Sprintf(`"size":%d`, int(file["size"].(float64))), fmt.Sprintf(`"size":%d`, len(o[data])),
		fmt.Sprintf(`"bytes":%d`, int(file["size"].(float64))), fmt.Sprintf(`"bytes":%d`, len(o[data])),
	).Replace(string(o[commit])))
	o[signatureOf(commit, o[commit])] = o[signature]
	delete(o, signature)
	return o
}

// signatureOf is the name of the signature over a commit.
func signatureOf(commit string, content []byte) string {
	return fmt.Sprintf("%s-%.16s.sig", strings.Replace(commit, "/commits/", "/signatures/", 1), hash(content))
}

// TestRewrittenRowsAreFoundByTheirRootOrByWhatWasWrittenDown rewrites rows with all the hashes that name them.
func TestRewrittenRowsAreFoundByTheirRootOrByWhatWasWrittenDown(t *testing.T) {
	s := newSealed(t)
	made := t.TempDir()
	s.export(made, 0, linesOnly)
	whole := readObjects(t, made)
	look := func(o objects, options apply.VerifyOptions) string {
		report, err := apply.VerifyArchive(context.Background(), apply.Archive{Places: []string{copyOf(t, o) + "/lines"}}, options)
		return told(report, err)
	}
	then, err := apply.VerifyArchive(t.Context(), apply.Archive{Places: []string{made + "/lines"}}, apply.VerifyOptions{Deep: true, Keys: s.public})
	require.NoError(t, err)
	require.True(t, then.OK, "%+v", then.Findings)

	forgeries := map[string]func(lines [][]byte) [][]byte{
		"a byte of a row": func(lines [][]byte) [][]byte {
			lines[1] = bytes.Replace(lines[1], []byte(`"toolkit_slug":"`), []byte(`"toolkit_slug":"x`), 1)
			return lines
		},
		"a digit in JSON": func(lines [][]byte) [][]byte {
			lines[0] = bytes.Replace(lines[0], []byte(`"metadata":{`), []byte(`"metadata":{ `), 1)
			return lines
		},
		"a row dropped":  func(lines [][]byte) [][]byte { return lines[1:] },
		"a row twice":    func(lines [][]byte) [][]byte { return append(lines, lines[len(lines)-1]) },
		"rows exchanged": func(lines [][]byte) [][]byte { lines[0], lines[1] = lines[1], lines[0]; return lines },
		"a value set null": func(lines [][]byte) [][]byte {
			at := bytes.Index(lines[2], []byte(`"user_id":"`)) + len(`"user_id":`)
			end := at + 1 + bytes.IndexByte(lines[2][at+1:], '"') + 1
			lines[2] = append(append(bytes.Clone(lines[2][:at]), "null"...), lines[2][end:]...)
			return lines
		},
	}
	for what, rows := range forgeries {
		forged := forge(t, whole, rows, false)
		require.Empty(t, look(forged, apply.VerifyOptions{}), "%s: every hash is right", what)
		require.Contains(t, look(forged, apply.VerifyOptions{Deep: true}), "content", what)
		require.Contains(t, look(forged, apply.VerifyOptions{Anchors: anchorsOf(then)}), "rewritten: commit "+fmt.Sprint(then.Serial), what)
		require.Contains(t, look(forged, apply.VerifyOptions{Anchors: []verify.Anchor{{Hash: then.Head}}}), then.Head, what)
		require.Contains(t, look(forged, apply.VerifyOptions{Keys: s.public}), path.Base(forged.named("/signatures/")[0]), what)
	}
	for _, what := range []string{"a byte of a row", "a digit in JSON", "a value set null"} {
		forged := forge(t, whole, forgeries[what], true)
		require.Empty(t, look(forged, apply.VerifyOptions{Deep: true}), "%s: the root is that of the new rows", what)
		require.Contains(t, look(forged, apply.VerifyOptions{Anchors: anchorsOf(then)}), "rewritten", what)
		require.Contains(t, look(forged, apply.VerifyOptions{Keys: s.public}), "is not the signature", what)
	}
	require.Empty(t, look(whole, apply.VerifyOptions{Deep: true, Anchors: anchorsOf(then), Keys: s.public}))
}

// TestAHistoryThatIsNotTheOneOfThenIsFound rolls back, forks and begins anew.
func TestAHistoryThatIsNotTheOneOfThenIsFound(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	s.export(dir, 0, onlyHours(2))
	early := readObjects(t, dir)
	first := s.sound(dir, apply.VerifyOptions{})
	sum := s.export(dir, time.Hour, onlyHours(5))
	second := s.sound(dir, apply.VerifyOptions{Anchors: anchorsOf(first), Keys: s.public})
	require.EqualValues(t, 1, second.Anchors)
	require.Equal(t, sum.Head, second.Head, "the summary of the run has what is to be written down")
	require.Equal(t, sum.Serial, second.Serial)
	both := anchorsOf(first, second)

	// The newest commits are taken away, with all that came with them.
	back := copyOf(t, early)
	s.sound(back, apply.VerifyOptions{Deep: true, Keys: s.public})
	text := told(s.verify(back, apply.VerifyOptions{Anchors: both}))
	require.Contains(t, text, fmt.Sprintf("rolled back: the history ends with commit %d, and commit %d was written down", first.Serial, second.Serial))

	// Others are put in their place, by whoever has the key too.
	s.export(back, 2*time.Hour, onlyHours(6))
	forked := s.sound(back, apply.VerifyOptions{Keys: s.public, Anchors: anchorsOf(first)})
	require.Greater(t, forked.Serial, second.Serial)
	text = told(s.verify(back, apply.VerifyOptions{Anchors: both}))
	require.Contains(t, text, fmt.Sprintf("forked: commit %d has", second.Serial))
	require.Contains(t, text, fmt.Sprintf("up to commit %d", first.Serial))

	// All of it begins anew, without the key.
	anew := t.TempDir()
	s.export(anew, 3*time.Hour, func(doc map[string]any) { onlyHours(6)(doc); unsigned(doc) })
	s.sound(anew, apply.VerifyOptions{Deep: true})
	text = told(s.verify(anew, apply.VerifyOptions{Anchors: both}))
	require.Contains(t, text, fmt.Sprintf("rewritten: commit %d has", first.Serial))
	require.Contains(t, told(s.verify(anew, apply.VerifyOptions{Keys: s.public})), "the newest commit is not signed, and no other commit is")

	// A commit is changed in its place.
	broken := readObjects(t, dir)
	name := broken.named("lake", "/commits/")[2]
	broken[name] = bytes.Replace(broken[name], []byte(`"operation":"apply"`), []byte(`"operation":"Apply"`), 1)
	at := copyOf(t, broken)
	text = told(s.verify(at, apply.VerifyOptions{Anchors: both, Keys: s.public}))
	require.Contains(t, text, path.Base(name))
	require.Contains(t, text, "broken before it reaches what was written down")

	// The head is one that a run without the key made: a run with it does nothing until somebody signs.
	s.export(dir, 4*time.Hour, func(doc map[string]any) { onlyHours(7)(doc); unsigned(doc) })
	text = told(s.verify(dir, apply.VerifyOptions{Keys: s.public, Anchors: both}))
	require.Contains(t, text, fmt.Sprintf("the newest commit that is signed by a key that was given is %d", second.Serial))
	s.refused(dir, onlyHours(7))
	s.sign(dir, onlyHours(7))
	s.export(dir, 5*time.Hour, onlyHours(8))
	s.sound(dir, apply.VerifyOptions{Keys: s.public, Anchors: both})
}

// readOnly refuses everything that changes a bucket.
type readOnly struct {
	t testing.TB
	bucket.Bucket
}

func (b readOnly) refuse(op, key string) error {
	b.t.Errorf("%s %s", op, key)
	return errRefused
}

func (b readOnly) Upload(_ context.Context, key string, _ io.Reader, _ int64, _ string) error {
	return b.refuse("upload", key)
}

func (b readOnly) Create(_ context.Context, key string, _ io.Reader, _ int64, _ string) error {
	return b.refuse("create", key)
}

func (b readOnly) Delete(_ context.Context, key string) error { return b.refuse("delete", key) }

func (b readOnly) List(ctx context.Context, prefix string) iter.Seq2[bucket.Object, error] {
	return b.Bucket.List(ctx, prefix)
}

// TestVerifyingNeedsACopyAndNothingElseAndWritesNothing looks at folders that can't be written, without keys of any kind.
func TestVerifyingNeedsACopyAndNothingElseAndWritesNothing(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	s.export(dir, 0, onlyHours(3))
	requests := len(s.w.sim.Stats().Requests)
	whole := readObjects(t, dir)
	wrap := func(_ string, b bucket.Bucket) bucket.Bucket { return readOnly{t, b} }
	var folders []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			folders = append(folders, path)
		}
		return err
	}))
	for _, f := range folders {
		require.NoError(t, os.Chmod(f, 0o500))
	}
	t.Cleanup(func() {
		for _, f := range folders {
			_ = os.Chmod(f, 0o700)
		}
	})
	for places, files := range map[string]int64{"lake=" + dir + "/lake lines=file://" + dir + "/lines": 6, dir + "/lake": 3} {
		report, err := apply.VerifyArchive(t.Context(), apply.Archive{Places: strings.Fields(places), WrapBucket: wrap}, apply.VerifyOptions{Deep: true, Keys: s.public})
		require.NoError(t, err)
		require.True(t, report.OK, "%+v", report.Findings)
		require.Equal(t, files, report.Files)
	}
	session, err := apply.Open(t.Context(), s.config(dir, unsigned), apply.Options{Now: clock, WithoutAPI: true, WrapBucket: wrap})
	require.NoError(t, err)
	defer session.Close()
	report, err := session.Verify(t.Context(), apply.VerifyOptions{Deep: true, Keys: s.public})
	require.NoError(t, err)
	require.True(t, report.OK, "%+v", report.Findings)
	require.Equal(t, whole, readObjects(t, dir))
	require.Len(t, s.w.sim.Stats().Requests, requests)

	_, err = apply.VerifyArchive(t.Context(), apply.Archive{Places: []string{dir + "/lines"}}, apply.VerifyOptions{})
	var none *apply.NoStateError
	require.ErrorAs(t, err, &none)
	_, err = apply.VerifyArchive(t.Context(), apply.Archive{Places: []string{dir + "/lake", dir + "/lines"}}, apply.VerifyOptions{})
	require.ErrorContains(t, err, "NAME=")
}
