package apply_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"maps"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/signing"
	"logferry/internal/state"
)

// TestAForgedCommitStopsTheNextRun puts a commit after the newest one, with data of its own, as who can write to the bucket may.
func TestAForgedCommitStopsTheNextRun(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	s.export(dir, 0, onlyHours(2))
	whole := readObjects(t, dir)
	head := s.sound(dir, apply.VerifyOptions{Keys: s.public})

	// One that a program made, and one that says in the words of the newest that the key signed it, too.
	made := copyOf(t, whole)
	s.export(made, time.Hour, func(doc map[string]any) { onlyHours(3)(doc); unsigned(doc) })
	twin := readObjects(t, made)
	commit := twin.named("lake", "/commits/")[0]
	twin[commit] = bytes.Replace(bytes.Replace(twin[commit], []byte(`"format":1`), []byte(`"format":2`), 1), []byte(`"changes":`),
		[]byte(`"signer":"`+signing.ID(s.public[0])+`","changes":`), 1)
	twin[signatureOf(commit, twin[commit])] = whole[whole.named("lake", "/signatures/")[0]]
	for what, at := range map[string]string{"unsigned": made, "with the signature of another": copyOf(t, twin)} {
		requests := len(s.w.sim.Stats().Requests)
		foreign := s.refused(at, onlyHours(4))
		require.Greater(t, foreign.Serial, head.Serial, what)
		require.Len(t, s.w.sim.Stats().Requests, requests, "%s: nothing was fetched", what)
	}

	// A note that a killed run left is not committed on top of it either.
	noted := readObjects(t, made)
	note := noted.named("lake", "/manifests/")[0]
	noted["lake/_logferry/sealed/pending/dt=2026-04-17/hour=00.json"] = noted[note]
	s.refused(copyOf(t, noted), onlyHours(4))
}

// refused runs the pipeline where the newest commit is not signed by its key, and returns why nothing was done.
func (s *sealed) refused(dir string, edit func(doc map[string]any)) *state.ForeignHeadError {
	s.t.Helper()
	before := exported(readObjects(s.t, dir))
	_, err := apply.Run(s.t.Context(), s.config(dir, edit), apply.Options{Now: clock.Add(6 * time.Hour), Version: "test"})
	var foreign *state.ForeignHeadError
	require.ErrorAs(s.t, err, &foreign)
	require.Equal(s.t, before, exported(readObjects(s.t, dir)), "nothing was written")
	return foreign
}

// exported leaves out what locks leave behind.
func exported(o objects) objects {
	maps.DeleteFunc(o, func(name string, _ []byte) bool {
		return strings.Contains(name, "/locks/") || strings.HasSuffix(name, "/lock") || strings.HasSuffix(name, "/lock.id")
	})
	return o
}

// sign signs the newest commit, as somebody does who knows it.
func (s *sealed) sign(dir string, edit func(doc map[string]any)) {
	s.t.Helper()
	session, err := apply.Open(s.t.Context(), s.config(dir, edit), apply.Options{Now: clock.Add(5 * time.Hour), Version: "test"})
	require.NoError(s.t, err)
	defer session.Close()
	found, err := session.HeadSignature(s.t.Context())
	require.NoError(s.t, err)
	var moved *apply.HeadMovedError
	require.ErrorAs(s.t, session.SignHead(s.t.Context(), found.Head.Previous, nil), &moved)
	require.NoError(s.t, session.SignHead(s.t.Context(), found.Head.Hash, nil))
}

// TestASignatureWithoutItsCommitIsLeftOver leaves what a run does that is killed in between, or loses a race.
func TestASignatureWithoutItsCommitIsLeftOver(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	s.export(dir, 0, onlyHours(3))
	whole := readObjects(t, dir)
	serial := s.sound(dir, apply.VerifyOptions{}).Serial
	key := func(serial int64) string {
		return signatureOf(fmt.Sprintf("lake/_logferry/sealed/commits/%012d-%d.json", 999_999_999_999-serial, serial), []byte("never committed"))
	}
	for _, keys := range [][]ed25519.PublicKey{nil, s.public} {
		left := maps.Clone(whole)
		left[key(serial+1)], left[key(serial)] = make([]byte, 64), make([]byte, 64)
		at := copyOf(t, left)
		report := s.sound(at, apply.VerifyOptions{Keys: keys})
		require.EqualValues(t, 2, report.Leftovers)
		s.export(at, time.Hour, onlyHours(4))
		s.sound(at, apply.VerifyOptions{Keys: s.public})

		left[key(serial+2)] = make([]byte, 64)
		require.Contains(t, told(s.verify(copyOf(t, left), apply.VerifyOptions{Keys: keys})), path.Base(key(serial+2))+" there is no commit that it could sign")
		delete(left, key(serial+2))
		left[key(serial+1)] = make([]byte, 63)
		require.Contains(t, told(s.verify(copyOf(t, left), apply.VerifyOptions{Keys: keys})), path.Base(key(serial+1))+" is no signature")
	}
}
