package state

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/signing"
)

// golden2 are the objects of format 2, and a signature: manifests with a root, and commits that name their signer. The others
// have no such format.
const golden2 = "testdata/v2"

// testKey signs in tests.
func testKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", 32))) }

func testPublic() []ed25519.PublicKey { return []ed25519.PublicKey{signing.Public(testKey())} }

func goldenManifest2() *Manifest {
	m := goldenManifest()
	m.Root = hexSum([]byte("root"))
	m.Columns = map[string]string{"log_id": "string", "timestamp": "timestamp", "metadata": "json", "instant_charge": "decimal(18,9)"}
	return m
}

func TestTodaysCodeWritesFormat2(t *testing.T) {
	b := openBucket(t, "mem://")
	o := testOptions()
	o.SigningKey = testKey()
	s := New(b, testPrefix, testPipeline, o)
	commitEach(t, s, testChanges(1)...)
	commit := get(t, b, testPrefix+commitKey(1))
	requireGoldenIn(t, golden2, "commit.json", []byte(commit))
	requireGoldenIn(t, golden2, "commit.json.sig", []byte(get(t, b, testPrefix+"signatures/999999999998-1.json-"+hexSum([]byte(commit))[:16]+".sig")))
	requireGoldenIn(t, golden2, "public.pem", signing.EncodePublic(testPublic()[0]))
	content, err := s.encodeManifest(goldenManifest2())
	require.NoError(t, err)
	requireGoldenIn(t, golden2, "manifest.json", content)
}

func TestFormat2IsReadForEver(t *testing.T) {
	content := map[string]string{}
	for _, name := range []string{"commit.json", "commit.json.sig", "manifest.json", "public.pem"} {
		text, err := os.ReadFile(filepath.Join(golden2, name))
		require.NoError(t, err)
		content[name] = string(text)
	}
	b := openBucket(t, "mem://")
	put(t, b, testPrefix+"commits/999999999998-1.json", content["commit.json"])
	put(t, b, testPrefix+"signatures/999999999998-1.json-"+hexSum([]byte(content["commit.json"]))[:16]+".sig", content["commit.json.sig"])
	sha := hexSum([]byte(content["manifest.json"]))
	put(t, b, testPrefix+ManifestKey("acme", testEntry(13, 2).Partition, 2, sha), content["manifest.json"])
	s := testStore(b)
	keys, err := signing.ParsePublic([]byte(content["public.pem"]))
	require.NoError(t, err)
	for c, err := range s.History(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, signing.ID(keys[0]), c.Signer)
		found, err := s.CheckSignature(t.Context(), c, keys)
		require.NoError(t, err)
		require.Equal(t, Signed, found)
	}
	e := testEntry(13, 2)
	e.Project, e.Manifest = "acme", sha
	m, err := s.Manifest(t.Context(), &e)
	require.NoError(t, err)
	require.Equal(t, goldenManifest2(), m)
}
