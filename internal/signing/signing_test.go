package signing

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The key of RFC 8410, 10.1 and 10.3.
const (
	knownPublic  = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
	knownPrivate = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n"
)

func TestKeysOfTheStandardAreRead(t *testing.T) {
	private, err := ParsePrivate(knownPrivate)
	require.NoError(t, err)
	require.Equal(t, "d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842", hex.EncodeToString(private.Seed()))
	public, err := ParsePublic([]byte(knownPublic))
	require.NoError(t, err)
	require.Equal(t, Public(private), public[0])
	require.Equal(t, knownPublic, string(EncodePublic(public[0])))
	for _, seed := range []string{base64.StdEncoding.EncodeToString(private.Seed()), " " + base64.RawStdEncoding.EncodeToString(private.Seed()) + "\n"} {
		same, err := ParsePrivate(seed)
		require.NoError(t, err)
		require.Equal(t, private, same)
	}
}

func TestWhatIsMadeIsRead(t *testing.T) {
	private, public, err := Generate()
	require.NoError(t, err)
	key, err := ParsePrivate(string(private))
	require.NoError(t, err)
	keys, err := ParsePublic(append([]byte(knownPublic), public...))
	require.NoError(t, err)
	require.Len(t, keys, 2)
	require.Equal(t, Public(key), keys[1])
	require.NotEqual(t, ID(keys[0]), ID(keys[1]))
	other, _, err := Generate()
	require.NoError(t, err)
	require.NotEqual(t, private, other)
}

func TestOtherTextsAreRefusedAndNotRepeated(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	privateDER, err := x509.MarshalPKCS8PrivateKey(other)
	require.NoError(t, err)
	publicDER, err := x509.MarshalPKIXPublicKey(&other.PublicKey)
	require.NoError(t, err)
	for _, text := range []string{
		"", "S3CRET", strings.Repeat("A", 42) + "=", knownPublic, knownPrivate[:90], knownPrivate + "S3CRET",
		string(pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: privateDER})),
		strings.ReplaceAll(knownPrivate, "PRIVATE KEY", "OPENSSH PRIVATE KEY"),
	} {
		_, err := ParsePrivate(text)
		require.ErrorIs(t, err, ErrNoPrivateKey, text)
		require.NotContains(t, err.Error(), "S3CRET")
	}
	for _, text := range []string{
		"", "S3CRET", knownPrivate, knownPublic[:80], knownPublic + "S3CRET", knownPublic + knownPrivate,
		string(pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: publicDER})),
	} {
		_, err := ParsePublic([]byte(text))
		require.ErrorIs(t, err, ErrNoPublicKey, text)
		require.NotContains(t, err.Error(), "S3CRET")
	}
}
