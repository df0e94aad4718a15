package state

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/signing"
	"logferry/sinks/bucket"
)

func keyOf(letter string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(letter, ed25519.SeedSize)))
}

// objectsIn are the contents of all objects of a bucket.
func objectsIn(t testing.TB, b bucket.Bucket) map[string]string {
	t.Helper()
	out := map[string]string{}
	for o, err := range b.List(t.Context(), "") {
		require.NoError(t, err)
		out[o.Key] = get(t, b, o.Key)
	}
	return out
}

// forgeCommit puts a commit after the newest one, as somebody does who can write to the bucket and has no key.
func forgeCommit(t testing.TB, b bucket.Bucket) {
	t.Helper()
	s := testStore(b)
	s.o.User = "mallory"
	s.o.NewID = func() string { return "00000000-0000-4000-8000-00000000bad0" }
	commitEach(t, s, testChange(90, 1))
}

func requireForeign(t testing.TB, err error) *ForeignHeadError {
	t.Helper()
	var foreign *ForeignHeadError
	require.ErrorAs(t, err, &foreign)
	return foreign
}

func TestARunBuildsOnNoCommitThatIsNotSignedByItsKey(t *testing.T) {
	signature := func(t testing.TB, b bucket.Bucket) string {
		keys := signatureKeys(t, b)
		require.NotEmpty(t, keys)
		return testPrefix + keys[0]
	}
	for name, c := range map[string]struct {
		done  func(t testing.TB, b bucket.Bucket)
		found Signature
	}{
		"a commit that was forged": {forgeCommit, Unsigned},
		"a commit by another key": {func(t testing.TB, b bucket.Bucket) {
			s := signingStore(b, keyOf("o"))
			st, err := s.Load(t.Context())
			require.NoError(t, err)
			st.signed = st.Serial // whoever it is does not look
			require.NoError(t, s.Commit(t.Context(), st, testChange(90, 1)))
		}, OtherKey},
		"a signature that was removed": {func(t testing.TB, b bucket.Bucket) {
			require.NoError(t, b.Delete(t.Context(), signature(t, b)))
		}, Lost},
		"a signature that was altered": {func(t testing.TB, b bucket.Bucket) { put(t, b, signature(t, b), strings.Repeat("x", 64)) }, NotByTheKey},
		"a forged commit that names the key": {func(t testing.TB, b bucket.Bucket) {
			text := strings.Replace(get(t, b, testPrefix+commitKey(1)), "alice", "mallo", 1)
			put(t, b, testPrefix+signatureOf(1, hexSum([]byte(text))), get(t, b, signature(t, b)))
			put(t, b, testPrefix+commitKey(1), text)
		}, NotByTheKey},
	} {
		t.Run(name, func(t *testing.T) {
			b := openBucket(t, "mem://")
			commitEach(t, signingStore(b, testKey()), testChange(0, 1))
			c.done(t, b)
			before := objectsIn(t, b)
			s := signingStore(b, testKey())
			st, err := s.Load(t.Context())
			require.NoError(t, err)
			foreign := requireForeign(t, s.CheckHead(t.Context(), st))
			require.Equal(t, c.found, foreign.Found)
			require.Equal(t, st.Serial, foreign.Serial)
			require.Equal(t, st.Head, foreign.Hash)
			require.Contains(t, foreign.Hint(), "logferry state sign")
			requireForeign(t, s.Commit(t.Context(), st, testChange(1, 1)))
			require.Equal(t, before, objectsIn(t, b), "nothing was written")
			require.NoError(t, testStore(b).CheckHead(t.Context(), st), "without a key nothing is asked for")
		})
	}
}

func TestAForeignHeadIsToldByWhatItSaysOfItself(t *testing.T) {
	b := openBucket(t, "mem://")
	commitEach(t, signingStore(b, testKey()), testChange(0, 1))
	forgeCommit(t, b)
	s := signingStore(b, testKey())
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	require.EqualError(t, s.CheckHead(t.Context(), st), "the newest commit, 2, is not signed by the key of this run ("+signing.ID(testPublic()[0])[:16]+
		`): it has no signature. It says that it is by "mallory@mill", 2026-04-18T01:02:03Z, "apply"; it may be somebody else's`)
}

func TestANewStateBeginsSigned(t *testing.T) {
	b := openBucket(t, "mem://")
	s := signingStore(b, testKey())
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.CheckHead(t.Context(), st))
	require.NoError(t, s.Commit(t.Context(), st, testChange(0, 1)))
	require.Equal(t, []Signature{Signed}, signatures(t, testStore(b), testPublic()...))
}

// signHead signs the newest commit as the command does.
func signHead(t testing.TB, s *Store) (*State, error) {
	t.Helper()
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	return st, s.SignHead(t.Context(), st, Change{Operation: "state sign", Config: "c0ffee"})
}

func TestAnOldHistoryIsAdoptedBySigningItsHead(t *testing.T) {
	b := openBucket(t, "mem://")
	commitEach(t, testStore(b), testChanges(3)...)
	s := signingStore(b, testKey())
	found, err := s.HeadSignature(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, found.Head.Serial)
	require.Equal(t, Unsigned, found.Found)
	require.Nil(t, found.Last)

	st, err := signHead(t, s)
	require.NoError(t, err)
	require.EqualValues(t, 3, st.Serial)
	require.NoError(t, s.CheckHead(t.Context(), st))
	s.o.NewID = func() string { return "00000000-0000-4000-8000-0000000000aa" }
	commitEach(t, s, testChange(7, 1))
	require.Equal(t, []Signature{Unsigned, Unsigned, Signed, Signed}, signatures(t, testStore(b), testPublic()...))
	_, err = signHead(t, s)
	require.NoError(t, err, "what is signed may be signed again")
	require.Len(t, signatureKeys(t, b), 2)

	forgeCommit(t, b)
	found, err = s.HeadSignature(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 5, found.Head.Serial)
	require.Equal(t, Unsigned, found.Found)
	require.EqualValues(t, 4, found.Last.Serial)
}

func TestAKeyMayBeReplaced(t *testing.T) {
	b := openBucket(t, "mem://")
	commitEach(t, signingStore(b, testKey()), testChanges(2)...)
	newer := signingStore(b, keyOf("n"))
	newer.o.NewID = func() string { return "00000000-0000-4000-8000-0000000000aa" }
	st, err := signHead(t, newer)
	require.NoError(t, err)
	require.EqualValues(t, 3, st.Serial, "a commit that changes nothing follows the one of the other key")
	require.Equal(t, 2, st.Len())
	require.NoError(t, newer.Commit(t.Context(), st, testChange(5, 1)))
	again, err := newer.Load(t.Context())
	require.NoError(t, err)
	requireSame(t, st, again)
	public := signing.Public(keyOf("n"))
	require.Equal(t, []Signature{Signed, Signed, Signed, Signed}, signatures(t, testStore(b), public, testPublic()[0]))
	require.Equal(t, []Signature{OtherKey, OtherKey, Signed, Signed}, signatures(t, testStore(b), public))
	requireForeign(t, signingStore(b, testKey()).Commit(t.Context(), again, testChange(6, 1)))
}

func TestASignatureThatSomebodyPutInThePlaceOfOursIsNotCovered(t *testing.T) {
	b := openBucket(t, "mem://")
	commitEach(t, signingStore(b, testKey()), testChange(0, 1))
	key := testPrefix + signatureKeys(t, b)[0]
	put(t, b, key, "forged")
	_, err := signHead(t, signingStore(b, testKey()))
	requireUnusable(t, err, Altered, key)
	require.NoError(t, b.Delete(t.Context(), key))
	_, err = signHead(t, signingStore(b, testKey()))
	require.NoError(t, err)
	requireAllSigned(t, b, "once it was removed")
}

func TestEveryFailureToSignTheHeadLeavesWhatCanBeSignedAgain(t *testing.T) {
	for _, before := range []ed25519.PrivateKey{nil, keyOf("o")} {
		for n := 1; ; n++ {
			b := openBucket(t, "mem://")
			commitEach(t, signingStore(b, before), testChanges(2)...)
			count := 0
			tapped := &tap{Bucket: b, before: func(string, string) error {
				if count++; count == n {
					return errInjected
				}
				return nil
			}}
			s := signingStore(tapped, testKey())
			st, err := s.Load(t.Context())
			if err == nil {
				err = s.SignHead(t.Context(), st, Change{Operation: "state sign"})
			}
			if count < n {
				require.NoError(t, err)
				require.Greater(t, n, 4)
				break
			}
			if err != nil {
				require.ErrorIs(t, err, errInjected)
				if st != nil {
					require.NotEqual(t, st.Serial, st.signed, "operation %d failed", n)
				}
			}
			next := signingStore(b, testKey())
			next.o.NewID = func() string { return "00000000-0000-4000-8000-0000000000bb" }
			_, err = signHead(t, next)
			require.NoError(t, err, "operation %d failed", n)
			commitEach(t, next, testChange(9, 1))
		}
	}
}
