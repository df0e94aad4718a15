// Package signing reads and makes the Ed25519 keys that the heads of a state are signed with, in the forms that openssl has
// for them: PKCS#8 and SPKI in PEM.
package signing

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// The errors of keys. None of them repeats anything of the text.
var (
	ErrNoPrivateKey = errors.New("it is no Ed25519 private key: expected PKCS#8 in PEM, or its seed of 32 bytes in base64")
	ErrNoPublicKey  = errors.New("it is no Ed25519 public key: expected SPKI in PEM (-----BEGIN PUBLIC KEY-----)")
)

// ParsePrivate reads a private key: PKCS#8 in PEM, or the base64 of its seed.
func ParsePrivate(text string) (ed25519.PrivateKey, error) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "-----BEGIN") {
		seed, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
		if err != nil || len(seed) != ed25519.SeedSize {
			return nil, ErrNoPrivateKey
		}
		return ed25519.NewKeyFromSeed(seed), nil
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != privateBlock || len(strings.TrimSpace(string(rest))) > 0 {
		return nil, ErrNoPrivateKey
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := key.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, ErrNoPrivateKey
	}
	return private, nil
}

// ParsePublic reads one public key or several, one PEM block each.
func ParsePublic(text []byte) ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		if block.Type == privateBlock {
			return nil, fmt.Errorf("%w, and this is a private key", ErrNoPublicKey)
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		public, ok := key.(ed25519.PublicKey)
		if block.Type != publicBlock || err != nil || !ok {
			return nil, ErrNoPublicKey
		}
		keys, text = append(keys, public), rest
	}
	if len(keys) == 0 || len(strings.TrimSpace(string(text))) > 0 {
		return nil, ErrNoPublicKey
	}
	return keys, nil
}

// ID names a public key: the SHA-256, hex, of its SPKI in DER.
func ID(key ed25519.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic("signing: an Ed25519 key can't be written: " + err.Error())
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// Generate makes a key pair: the private key as PKCS#8 and the public one as SPKI, both in PEM.
func Generate() (private, public []byte, err error) {
	publicKey, privateKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(privateKey)
	if err != nil {
		return nil, nil, fmt.Errorf("write a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: der}), EncodePublic(publicKey), nil
}

// EncodePublic writes a public key as SPKI in PEM.
func EncodePublic(key ed25519.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic("signing: an Ed25519 key can't be written: " + err.Error())
	}
	return pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: der})
}

// Public is the public half of a private key.
func Public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }
