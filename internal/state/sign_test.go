package state

import (
	"crypto/ed25519"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/signing"
	"logferry/sinks/bucket"
)

func signingStore(b bucket.Bucket, key ed25519.PrivateKey) *Store {
	o := testOptions()
	o.SigningKey = key
	return New(b, testPrefix, testPipeline, o)
}

// signatures are the results for each commit, from the first to the newest.
func signatures(t testing.TB, s *Store, keys ...ed25519.PublicKey) []Signature {
	t.Helper()
	var out []Signature
	for c, err := range s.History(t.Context()) {
		require.NoError(t, err)
		found, err := s.CheckSignature(t.Context(), c, keys)
		require.NoError(t, err)
		out = append([]Signature{found}, out...)
	}
	return out
}

func TestEveryCommitIsSigned(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			commitEach(t, signingStore(b, testKey()), testChanges(17)...)
			other := ed25519.NewKeyFromSeed([]byte(strings.Repeat("o", 32)))
			for _, found := range signatures(t, testStore(b), signing.Public(other), testPublic()[0]) {
				require.Equal(t, Signed, found)
			}
			for _, found := range signatures(t, testStore(b), signing.Public(other)) {
				require.Equal(t, OtherKey, found)
			}
		})
	}
}

func TestASignatureIsOverTheBytesOfTheCommitForOpenSSLToo(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl")
	}
	dir := t.TempDir()
	b := openBucket(t, "file://"+dir)
	commitEach(t, signingStore(b, testKey()), testChanges(3)...)
	public := filepath.Join(t.TempDir(), "pub.pem")
	require.NoError(t, os.WriteFile(public, signing.EncodePublic(testPublic()[0]), 0o600))
	check := func(commit string) error {
		return exec.CommandContext(t.Context(), openssl, "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public,
			"-sigfile", filepath.Join(dir, testPrefix, "signatures/999999999996-3.json.sig"), "-in", filepath.Join(dir, testPrefix, "commits", commit)).Run()
	}
	require.NoError(t, check("999999999996-3.json"))
	require.Error(t, check("999999999997-2.json"))
}

func TestAHeadWithoutASignatureIsSignedByTheNextRun(t *testing.T) {
	b := openBucket(t, "mem://")
	failing := true
	tapped := &tap{Bucket: b, before: func(op, key string) error {
		if failing && op == "create" && strings.Contains(key, signaturesFolder) {
			return errInjected
		}
		return nil
	}}
	s := signingStore(tapped, testKey())
	st := commitEach(t, s, testChanges(2)[:1]...)
	require.Equal(t, []Signature{Lost}, signatures(t, testStore(b), testPublic()...))
	require.ErrorIs(t, s.Commit(t.Context(), st, testChanges(2)[1]), errInjected, "no commit follows one without a signature")
	require.EqualValues(t, 1, st.Serial)
	_, err := s.SignHead(t.Context(), st)
	require.ErrorIs(t, err, errInjected)

	failing = false
	loaded, err := s.Load(t.Context())
	require.NoError(t, err)
	signed, err := s.SignHead(t.Context(), loaded)
	require.NoError(t, err)
	require.True(t, signed)
	signed, err = s.SignHead(t.Context(), loaded)
	require.NoError(t, err)
	require.False(t, signed)
	require.NoError(t, s.Commit(t.Context(), st, testChanges(2)[1]))
	require.Equal(t, []Signature{Signed, Signed}, signatures(t, testStore(b), testPublic()...))
}

func TestEveryFailureLeavesCommitsThatTheNextRunSigns(t *testing.T) {
	for n := 1; ; n++ {
		b := openBucket(t, "mem://")
		count := 0
		tapped := &tap{Bucket: b, before: func(string, string) error {
			if count++; count == n {
				return errInjected
			}
			return nil
		}}
		s := signingStore(tapped, testKey())
		st, err := s.Load(t.Context())
		for _, c := range testChanges(3) {
			if err == nil {
				err = s.Commit(t.Context(), st, c)
			}
		}
		if count < n {
			require.NoError(t, err)
			require.Greater(t, n, 9)
			return
		}
		require.True(t, err == nil || errors.Is(err, errInjected))
		st, err = s.Load(t.Context())
		require.NoError(t, err)
		_, err = s.SignHead(t.Context(), st)
		require.NoError(t, err)
		for _, found := range signatures(t, testStore(b), testPublic()...) {
			require.Equal(t, Signed, found, "operation %d failed", n)
		}
	}
}

func TestASignatureOfSomebodyElseStopsTheRun(t *testing.T) {
	b := openBucket(t, "mem://")
	s := signingStore(b, testKey())
	commitEach(t, s, testChanges(1)...)
	put(t, b, testPrefix+signatureKey(1), "forged")
	require.Equal(t, []Signature{NotByTheKey}, signatures(t, testStore(b), testPublic()...))
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	_, err = s.SignHead(t.Context(), st)
	requireUnusable(t, err, Altered, testPrefix+signatureKey(1))
}

func TestAKeyMayBeReplaced(t *testing.T) {
	b := openBucket(t, "mem://")
	changes := testChanges(4)
	commitEach(t, testStore(b), changes[0])
	commitEach(t, signingStore(b, testKey()), changes[1])
	commitEach(t, testStore(b), changes[2])
	newer := ed25519.NewKeyFromSeed([]byte(strings.Repeat("n", 32)))
	commitEach(t, signingStore(b, newer), changes[3])
	require.Equal(t, []Signature{Signed, Signed, Signed, Signed}, signatures(t, testStore(b), testPublic()[0], signing.Public(newer)),
		"each run signs the head that it finds")
	require.Equal(t, []Signature{Signed, Signed, NotByTheKey, OtherKey}, signatures(t, testStore(b), testPublic()...))
}

func TestSignaturesAreNamedByTheirCommits(t *testing.T) {
	b := openBucket(t, "mem://")
	commitEach(t, signingStore(b, testKey()), testChanges(2)...)
	put(t, b, testPrefix+signatureKey(3), "no such commit")
	put(t, b, testPrefix+"signatures/x", "?")
	s := testStore(b)
	var names Names
	for c, err := range s.History(t.Context()) {
		require.NoError(t, err)
		names.Add(c)
	}
	named := map[string]bool{}
	for o, err := range s.Objects(t.Context(), &names) {
		require.NoError(t, err)
		if o.Kind == SignatureObject {
			named[strings.TrimPrefix(o.Key, testPrefix)] = o.Named
		}
	}
	require.Equal(t, map[string]bool{signatureKey(1): true, signatureKey(2): true, signatureKey(3): false, "signatures/x": false}, named)
	for key, want := range map[string]bool{signatureKey(2): true, signatureKey(3): false, "signatures/x": false} {
		has, err := s.HasCommit(t.Context(), testPrefix+key)
		require.NoError(t, err)
		require.Equal(t, want, has, key)
	}
}
