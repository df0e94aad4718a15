package apply_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/verify"
)

// kindsOfObjects tells the objects of an archive apart, by parts of their names.
var kindsOfObjects = map[string][]string{
	"parquet": {"lake/tool_execution/"}, "ndjson": {"lines/tool_execution/"}, "manifest": {"/manifests/"}, "commit": {"/commits/"},
	"checkpoint": {"/checkpoints/"}, "signature": {"/signatures/"}, "quarantine": {"/quarantine/"}, "owner": {"owner.json"},
}

// alteration is something done to one object.
type alteration struct {
	what string
	do   func(o objects, name string, others []string) (changed []string) // the objects that a finding may name; none: it can't be done
}

func flip(at float64) alteration {
	return alteration{fmt.Sprintf("a bit flipped at %.0f %%", at*100), func(o objects, name string, _ []string) []string {
		content := slices.Clone(o[name])
		content[min(int(at*float64(len(content))), len(content)-1)] ^= 1
		o[name] = content
		return []string{name}
	}}
}

var alterations = []alteration{
	flip(0), flip(0.3), flip(0.5), flip(0.7), flip(1),
	{"a byte cut off", func(o objects, name string, _ []string) []string {
		o[name] = o[name][:len(o[name])-1]
		return []string{name}
	}},
	{"cut to half", func(o objects, name string, _ []string) []string {
		o[name] = o[name][:len(o[name])/2]
		return []string{name}
	}},
	{"a byte appended", func(o objects, name string, _ []string) []string {
		o[name] = append(slices.Clone(o[name]), '\n')
		return []string{name}
	}},
	{"removed", func(o objects, name string, _ []string) []string {
		delete(o, name)
		return []string{name}
	}},
	{"copied under another name", func(o objects, name string, _ []string) []string {
		if path.Base(name) == "owner.json" {
			return nil // nothing reads an owner under another name
		}
		twin := path.Join(path.Dir(name), "copy-"+path.Base(name))
		o[twin] = o[name]
		return []string{twin}
	}},
	{"exchanged with another of its kind", func(o objects, name string, others []string) []string {
		i := slices.IndexFunc(others, func(other string) bool { return string(o[other]) != string(o[name]) })
		if i < 0 {
			return nil
		}
		o[name], o[others[i]] = o[others[i]], o[name]
		return []string{name, others[i]}
	}},
	{"replaced by another of its kind", func(o objects, name string, others []string) []string {
		i := slices.IndexFunc(others, func(other string) bool { return string(o[other]) != string(o[name]) })
		if i < 0 {
			return nil
		}
		o[name] = o[others[i]]
		return []string{name}
	}},
}

// namesOne says whether a text names one of the objects. A commit is named by the signature over it too.
func namesOne(text string, changed []string) bool {
	return slices.ContainsFunc(changed, func(name string) bool { return strings.Contains(text, path.Base(name)) })
}

// TestEveryAlterationOfAnyObjectIsFound alters objects of each kind in each way. What is found only with the public key is said
// in docs/AUDIT.md, and here.
func TestEveryAlterationOfAnyObjectIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("each is verified twice")
	}
	s := newSealed(t)
	dir := t.TempDir()
	s.export(dir, 0, nil)
	older := readObjects(t, dir)
	s.export(dir, time.Hour, func(doc map[string]any) { doc["transform"] = map[string]any{"raw": true} })
	whole := readObjects(t, dir)
	report := s.sound(dir, apply.VerifyOptions{Deep: true, Keys: s.public})
	require.Equal(t, verify.SignatureCount{Signed: report.Commits, Newest: report.Serial}, *report.Signatures)
	require.EqualValues(t, 37, report.Commits)
	require.Zero(t, report.WithoutRoot)
	require.Positive(t, report.QuarantineObjects)

	newest := whole.named("/commits/")[0]
	onlyWithKey := map[string]int{}
	done := 0
	for kind, parts := range kindsOfObjects {
		names := whole.named(parts...)
		require.NotEmpty(t, names, kind)
		ways := slices.Clone(alterations)
		ways = append(ways, alteration{"replaced by its older version", func(o objects, name string, _ []string) []string {
			if before, there := older[name]; there && string(before) != string(o[name]) {
				o[name] = before
				return []string{name}
			}
			return nil
		}})
		for _, name := range few(names) {
			others := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
			for _, way := range ways {
				now := maps.Clone(whole)
				changed := way.do(now, name, others)
				if changed == nil {
					continue
				}
				change(t, dir, whole, now)
				plain := told(s.verify(dir, apply.VerifyOptions{}))
				signed := told(s.verify(dir, apply.VerifyOptions{Keys: s.public}))
				change(t, dir, now, whole)
				done++
				if name == newest && way.what == "removed" {
					// Its signature could be one of a killed run; the files are not those that the commit before it names.
					require.NotEmpty(t, plain, name)
					continue
				}
				require.True(t, namesOne(signed, changed), "%s %s: %s\n%s", name, way.what, kind, signed)
				if plain == "" {
					sameSize := kind == "signature" && len(now[name]) == len(whole[name])
					require.True(t, sameSize || name == newest, "%s %s is found only with the public key", name, way.what)
					onlyWithKey[kind+" "+strings.SplitN(way.what, " at", 2)[0]]++
					continue
				}
				// Nothing but its signature names the newest commit: without that, what it says is found to be wrong.
				require.True(t, namesOne(plain, changed) || name == newest, "%s %s: %s", name, way.what, plain)
			}
		}
	}
	t.Logf("%d alterations; only with the public key: %v", done, onlyWithKey)
	s.sound(dir, apply.VerifyOptions{Deep: true, Keys: s.public})
}
