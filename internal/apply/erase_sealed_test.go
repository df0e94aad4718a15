package apply_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
	"logferry/internal/state"
	"logferry/internal/verify"
	"logferry/sinks/bucket"
)

// erase erases the records of the user of the first record.
func (s *sealed) erase(p *config.Pipeline) *apply.Erased {
	s.t.Helper()
	session, err := apply.Open(s.t.Context(), p, apply.Options{Now: clock, Version: "test"})
	require.NoError(s.t, err)
	defer session.Close()
	ctx, unlock, err := session.Lock(s.t.Context(), "erase", nil)
	require.NoError(s.t, err)
	defer unlock()
	found, err := session.FindErasable(ctx, apply.EraseOptions{UserIDs: []string{s.user()}, Reason: "request 4711"})
	require.NoError(s.t, err)
	out, err := session.Erase(ctx, found, nil)
	require.NoError(s.t, err)
	require.Positive(s.t, out.Rows)
	return out
}

func (s *sealed) user() string {
	truth := s.w.sim.Truth("")
	return truth.Fact(truth.Numbers(logsim.Query{})[0]).User
}

// TestAnErasedArchiveIsVerified: signed and against a head of before, as a copy too; and whoever changes what was erased is found.
func TestAnErasedArchiveIsVerified(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	s.export(dir, 0, nil)
	before := s.sound(dir, apply.VerifyOptions{})
	anchor, err := verify.ParseAnchor(before.Head)
	require.NoError(t, err)
	out := s.erase(s.config(dir, nil))
	options := apply.VerifyOptions{Deep: true, Keys: s.public, Anchors: []verify.Anchor{anchor}}
	report := s.sound(dir, options)
	require.Equal(t, out.Head, report.Head)
	require.GreaterOrEqual(t, report.Erased, out.Rows)
	require.EqualValues(t, out.Partitions, report.Erasures)

	whole := readObjects(t, dir)
	erasures := 0
	for name, content := range whole {
		if !strings.Contains(name, "/manifests/") || !strings.Contains(string(content), `"erased":`) {
			continue
		}
		erasures++
		require.Contains(t, string(content), `{"format":3,`)
		for _, edit := range []func(m map[string]any){
			func(m map[string]any) { delete(m, "erased") },
			func(m map[string]any) { delete(m, "erasures") },
			func(m map[string]any) { m["erasures"].([]any)[0].(map[string]any)["reason"] = "request 4712" },
			func(m map[string]any) {
				m["erased"].([]any)[0].(map[string]any)["ids"] = strings.Repeat("A", 22) + "=="
			},
		} {
			var m map[string]any
			require.NoError(t, json.Unmarshal(content, &m))
			edit(m)
			text, err := json.Marshal(m)
			require.NoError(t, err)
			now := objects{}
			for n, c := range whole {
				now[n] = c
			}
			now[name] = append(text, '\n')
			change(t, dir, whole, now)
			require.Contains(t, told(s.verify(dir, options)), strings.TrimPrefix(name, "lake/"))
			change(t, dir, now, whole)
		}
		break
	}
	require.Equal(t, 1, erasures)
	s.sound(dir, options)
	commits := 0
	for name, content := range whole {
		if strings.Contains(name, "/commits/") && strings.Contains(string(content), `"operation":"erase"`) {
			commits++
			require.Contains(t, string(content), `{"format":3,`, "an older program does not load it")
		}
		require.NotContains(t, string(content), s.user())
	}
	require.Equal(t, out.Partitions, commits)
}

// TestARowOfAnErasedRecordIsFoundOut: in files that are as committed, by whoever committed them.
func TestARowOfAnErasedRecordIsFoundOut(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	s.export(dir, 0, unsigned)
	p := s.config(dir, unsigned)
	session, err := apply.Open(t.Context(), p, apply.Options{Now: clock, Version: "test"})
	require.NoError(t, err)
	defer session.Close()
	st, err := session.Load(t.Context())
	require.NoError(t, err)
	id, e := "", state.Entry{}
	truth := s.w.sim.Truth("")
	for _, n := range truth.Numbers(logsim.Query{}) {
		if f := truth.Fact(n); f.Unreadable == "" {
			at := time.UnixMicro(f.Micros).UTC()
			id = f.ID
			e, _ = st.Get("", at.Format("dt=2006-01-02/hour=15"))
			break
		}
	}
	m, _, err := session.Manifest(t.Context(), "", e.Partition)
	require.NoError(t, err)
	set := &state.ErasedSet{}
	set.Add([]byte(strings.Repeat("s", state.SaltSize)), []string{id})
	m.Erased, m.Version, m.Previous = set.List(), m.Version+1, e.Manifest
	b, err := bucket.Open(t.Context(), "file://"+dir+"/lake")
	require.NoError(t, err)
	defer func() { require.NoError(t, bucket.Close(b)) }()
	store := state.New(b, "_logferry/sealed/", "sealed", state.Options{})
	loaded, err := store.Load(t.Context())
	require.NoError(t, err)
	sha, err := store.PutManifest(t.Context(), m)
	require.NoError(t, err)
	require.NoError(t, store.Commit(t.Context(), loaded, state.Change{Operation: "apply", Config: p.Hash(), Set: []state.Entry{m.Entry(sha, e.RetryAt)}}))
	require.Contains(t, told(s.verify(dir, apply.VerifyOptions{Deep: true})), "is of a record that was erased")
}

// TestAHashedUserIsFoundByTheIDThatWasHashed, and so are rows of before the rule.
func TestAHashedUserIsFoundByTheIDThatWasHashed(t *testing.T) {
	for _, path := range []string{"$.metadata.user_id", "$..user_id"} {
		t.Run(path, func(t *testing.T) {
			s := newSealed(t)
			dir := t.TempDir()
			hash := func(doc map[string]any) {
				doc["transform"] = map[string]any{"redact": []any{map[string]any{"path": path, "action": "hash", "key": "${HASH_KEY}"}}}
			}
			s.export(dir, 0, hash)
			rows := s.sound(dir, apply.VerifyOptions{}).Rows
			session, err := apply.Open(t.Context(), s.config(dir, hash), apply.Options{Now: clock, Version: "test"})
			require.NoError(t, err)
			defer session.Close()
			_, err = session.Load(t.Context())
			require.NoError(t, err)
			mac := hmac.New(sha256.New, []byte("0123456789abcdef"))
			mac.Write([]byte(s.user()))
			var wrong *apply.EraseOptionsError
			_, err = session.FindErasable(t.Context(), apply.EraseOptions{UserIDs: []string{s.user()}, Reason: "for " + hex.EncodeToString(mac.Sum(nil))})
			require.ErrorAs(t, err, &wrong, "the hash names the person too")
			out := s.erase(s.config(dir, hash))
			require.Equal(t, rows-out.Rows, s.sound(dir, apply.VerifyOptions{Deep: true}).Rows)
			require.Zero(t, s.export(dir, 0, hash).Partitions.Written)
		})
	}
	t.Run("clear rows", func(t *testing.T) {
		s := newSealed(t)
		dir := t.TempDir()
		s.export(dir, 0, nil)
		s.erase(s.config(dir, func(doc map[string]any) {
			doc["transform"] = map[string]any{"redact": []any{map[string]any{"path": "$.metadata.user_id", "action": "hash", "key": "${HASH_KEY}"}}}
		}))
		for name, content := range readObjects(t, dir) {
			require.NotContains(t, string(content), s.user(), name)
		}
	})
}

// TestAMaskedUserIsNobody: what is masked is the same for all, and nobody's to erase.
func TestAMaskedUserIsNobody(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	mask := func(doc map[string]any) {
		doc["transform"] = map[string]any{"redact": []any{map[string]any{"path": "$.metadata.user_id", "action": "mask"}}}
	}
	s.export(dir, 0, mask)
	session, err := apply.Open(t.Context(), s.config(dir, mask), apply.Options{Now: clock, Version: "test"})
	require.NoError(t, err)
	defer session.Close()
	_, err = session.Load(t.Context())
	require.NoError(t, err)
	found, err := session.FindErasable(t.Context(), apply.EraseOptions{UserIDs: []string{s.user()}, Reason: "why"})
	require.NoError(t, err)
	require.Empty(t, found.Partitions)
	require.Zero(t, found.OtherRules)

	// Under other rules it is told that the search can't know.
	others, err := apply.Open(t.Context(), s.config(dir, nil), apply.Options{Now: clock, Version: "test"})
	require.NoError(t, err)
	defer others.Close()
	_, err = others.Load(t.Context())
	require.NoError(t, err)
	found, err = others.FindErasable(t.Context(), apply.EraseOptions{UserIDs: []string{s.user()}, Reason: "why"})
	require.NoError(t, err)
	require.Positive(t, found.OtherRules)
}
