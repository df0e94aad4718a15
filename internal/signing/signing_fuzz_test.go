package signing

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzKeys reads any text as a private key and as public keys: a key that is read signs, and nothing of a text that is refused
// stands in the error.
func FuzzKeys(f *testing.F) {
	private, public, err := Generate()
	require.NoError(f, err)
	for _, text := range []string{
		string(private), string(public), string(public) + string(public), string(private) + "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AAAA", "", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", "====", "\xff",
	} {
		f.Add([]byte(text))
	}
	message := []byte("a head")
	f.Fuzz(func(t *testing.T, text []byte) {
		if key, err := ParsePrivate(string(text)); err != nil {
			require.True(t, errors.Is(err, ErrNoPrivateKey) && err.Error() == ErrNoPrivateKey.Error())
		} else {
			signature, err := key.Sign(rand.Reader, message, &ed25519.Options{})
			require.NoError(t, err)
			require.True(t, ed25519.Verify(Public(key), message, signature))
			back, err := ParsePublic(EncodePublic(Public(key)))
			require.NoError(t, err)
			require.Equal(t, []ed25519.PublicKey{Public(key)}, back)
		}
		keys, err := ParsePublic(text)
		if err != nil {
			require.ErrorIs(t, err, ErrNoPublicKey)
			require.Empty(t, keys)
			return
		}
		var again []byte
		for _, key := range keys {
			require.Len(t, ID(key), 64)
			again = append(again, EncodePublic(key)...)
		}
		back, err := ParsePublic(again)
		require.NoError(t, err)
		require.Equal(t, keys, back)
	})
}
