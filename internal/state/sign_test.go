package state

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

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
	signed, err := filepath.Glob(filepath.Join(dir, testPrefix, "signatures/999999999996-3.json-*.sig"))
	require.NoError(t, err)
	require.Len(t, signed, 1)
	check := func(commit string) error {
		return exec.CommandContext(t.Context(), openssl, "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public,
			"-sigfile", signed[0], "-in", filepath.Join(dir, testPrefix, "commits", commit)).Run()
	}
	require.NoError(t, check("999999999996-3.json"))
	require.Error(t, check("999999999997-2.json"))
}

func TestACommitIsWrittenAfterItsSignature(t *testing.T) {
	b := openBucket(t, "mem://")
	failing := true
	tapped := &tap{Bucket: b, before: func(op, key string) error {
		if failing && op == "create" && strings.Contains(key, signaturesFolder) {
			return errInjected
		}
		return nil
	}}
	s := signingStore(tapped, testKey())
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, s.Commit(t.Context(), st, testChange(0, 1)), errInjected)
	require.Empty(t, signatures(t, testStore(b)), "no commit is there without its signature")
	failing = false
	require.NoError(t, s.Commit(t.Context(), st, testChange(0, 1)))
	require.Equal(t, []Signature{Signed}, signatures(t, testStore(b), testPublic()...))
}

// signatureKeys are the keys of all signatures, below the prefix.
func signatureKeys(t testing.TB, b bucket.Bucket) []string {
	t.Helper()
	var keys []string
	for o, err := range b.List(t.Context(), testPrefix+signaturesFolder) {
		require.NoError(t, err)
		keys = append(keys, strings.TrimPrefix(o.Key, testPrefix))
	}
	return keys
}

func TestACommitInDoubtIsTriedAgainWithTheSignatureThatIsThere(t *testing.T) {
	for name, open := range stores {
		for _, arrived := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %t", name, arrived), func(t *testing.T) {
				b := open(t)
				lost := true
				fail := func(op, key string) error {
					if lost && (op == "create" || op == "open") && strings.Contains(key, commitsFolder) {
						return errInjected
					}
					return nil
				}
				tapped := &tap{Bucket: b, before: fail}
				if arrived {
					tapped.before, tapped.after = nil, fail
				}
				s := signingStore(tapped, testKey())
				st, err := s.Load(t.Context())
				require.NoError(t, err)
				require.ErrorIs(t, s.Commit(t.Context(), st, testChange(0, 1)), errInjected)
				lost = false
				require.NoError(t, s.Commit(t.Context(), st, testChange(0, 1)))
				require.NoError(t, s.Commit(t.Context(), st, testChange(1, 1)))
				require.EqualValues(t, 2, st.Serial)
				require.Len(t, signatureKeys(t, b), 2, "the same bytes were tried again")
				require.Equal(t, []Signature{Signed, Signed}, signatures(t, testStore(b), testPublic()...))
			})
		}
	}
}

func TestEveryFailureLeavesAHistoryWhoseEveryCommitIsSigned(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		every := 1
		if testing.Short() {
			every = 5
		}
		for n := 1; ; n += every {
			b := openBucket(t, "mem://")
			count := 0
			fail := func(string, string) error {
				if count++; count == n {
					return errInjected
				}
				return nil
			}
			tapped := &tap{Bucket: b, before: fail}
			if when == "after" {
				tapped.before, tapped.after = nil, fail
			}
			s := signingStore(tapped, testKey())
			st, err := s.Load(t.Context())
			for _, c := range testChanges(17) { // one of which has a checkpoint
				if err == nil {
					err = s.Commit(t.Context(), st, c)
				}
			}
			requireAllSigned(t, b, "operation %d failed %s", n, when)
			if count < n {
				require.NoError(t, err)
				require.Greater(t, n, 34)
				break
			}
			require.True(t, err == nil || errors.Is(err, errInjected))

			// The next run builds on what is there.
			next := signingStore(b, testKey())
			next.o.NewID = func() string { return "00000000-0000-4000-8000-00000000ffff" }
			commitEach(t, next, testChange(20, 1))
			requireAllSigned(t, b, "after operation %d failed %s", n, when)
		}
	}
}

func requireAllSigned(t testing.TB, b bucket.Bucket, format string, args ...any) {
	t.Helper()
	for i, found := range signatures(t, testStore(b), testPublic()...) {
		require.Equal(t, Signed, found, "commit %d: %s", i+1, fmt.Sprintf(format, args...))
	}
}

func TestOfTwoSigningRunsThatRaceNoneTakesTheNameOfTheOthersSignature(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			commitEach(t, signingStore(b, testKey()), testChange(0, 1))
			const runs = 8
			var group errgroup.Group
			errs, states := make([]error, runs), make([]*State, runs)
			for i := range runs {
				var err error
				states[i], err = testStore(b).Load(t.Context())
				require.NoError(t, err)
			}
			for i, st := range states {
				s := signingStore(b, testKey())
				s.o.NewID = func() string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", 100+i) }
				group.Go(func() error {
					errs[i] = s.Commit(t.Context(), st, testChange(1+i, 1))
					return nil
				})
			}
			require.NoError(t, group.Wait())
			won := 0
			for _, err := range errs {
				var conflict *ConflictError
				if err == nil {
					won++
				} else {
					require.ErrorAs(t, err, &conflict)
				}
			}
			require.Equal(t, 1, won)
			require.Equal(t, []Signature{Signed, Signed}, signatures(t, testStore(b), testPublic()...))
			uses := map[SignatureUse]int{}
			for _, key := range signatureKeys(t, b) {
				use, err := testStore(b).SignatureUse(t.Context(), testPrefix+key)
				require.NoError(t, err)
				uses[use]++
			}
			require.Equal(t, map[SignatureUse]int{OfACommit: 2, LeftOver: runs - 1}, uses)
		})
	}
}

func TestASignatureIsOfACommitOrLeftOverOrNeither(t *testing.T) {
	b := openBucket(t, "mem://")
	empty, err := testStore(b).SignatureUse(t.Context(), testPrefix+signatureOf(1, hexSum(nil)))
	require.NoError(t, err)
	require.Equal(t, LeftOver, empty, "a run was killed before its first commit")
	commitEach(t, signingStore(b, testKey()), testChanges(2)...)
	keys := signatureKeys(t, b)
	require.Len(t, keys, 2)
	other := hexSum([]byte("never committed"))
	for key, want := range map[string]SignatureUse{
		keys[0]: OfACommit, keys[1]: OfACommit, signatureOf(1, other): LeftOver, signatureOf(3, other): LeftOver, signatureOf(4, other): OfNoCommit,
		signatureKey(2): OfNoCommit, signatureKey(2) + ".sig": OfNoCommit, signatureKey(2) + "-x.sig": OfNoCommit, keys[0] + ".sig": OfNoCommit,
		strings.ToUpper(keys[0]): OfNoCommit, "signatures/x": OfNoCommit, "signatures/copy-" + strings.TrimPrefix(keys[0], signaturesFolder): OfNoCommit,
	} {
		use, err := testStore(b).SignatureUse(t.Context(), testPrefix+key)
		require.NoError(t, err)
		require.Equal(t, want, use, key)
	}
}
