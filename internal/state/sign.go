package state

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"strings"

	"logferry/internal/signing"
)

const (
	signatureType   = "application/octet-stream"
	signatureEnding = ".sig"
)

// signatureKey is what the keys of all signatures of commits with a serial begin with, below the prefix.
func signatureKey(serial int64) string {
	return signaturesFolder + strings.TrimPrefix(commitKey(serial), commitsFolder)
}

// parseSignatureKey is the inverse of signatureKey.
func parseSignatureKey(key string) (serial int64, ok bool) {
	name, found := strings.CutPrefix(key, signaturesFolder)
	if !found {
		return 0, false
	}
	return parseCommitKey(commitsFolder + name)
}

// signatureOf is where the signature over the commit with a serial and a SHA-256 lies below the prefix. Two runs that race for a
// serial make two commits, so that neither takes the name of the other's signature.
func signatureOf(serial int64, sha string) string {
	return signatureKey(serial) + "-" + sha[:shortHash] + signatureEnding
}

// parseSignatureOf is the inverse of signatureOf; sha is as much of the hash as the key has.
func parseSignatureOf(key string) (serial int64, sha string, ok bool) {
	name, found := strings.CutSuffix(key, signatureEnding)
	at := strings.LastIndexByte(name, '-')
	if !found || at < 0 {
		return 0, "", false
	}
	sha = name[at+1:]
	serial, ok = parseSignatureKey(name[:at])
	return serial, sha, ok && len(sha) == shortHash && strings.Trim(sha, "0123456789abcdef") == ""
}

// signer is the ID of the key that commits are signed with, "" where they are not.
func (s *Store) signer() string {
	if s.o.SigningKey == nil {
		return ""
	}
	return signing.ID(signing.Public(s.o.SigningKey))
}

// sign writes the signature over a commit that is about to be written, or is there, as content. That it is there already is success.
func (s *Store) sign(ctx context.Context, serial int64, content []byte) error {
	key := signatureOf(serial, hexSum(content))
	found, err := s.createSure(ctx, key, ed25519.Sign(s.o.SigningKey, content), signatureType)
	if found != nil {
		broken := unusable(s.prefix+key, Altered, "it is not the signature that this key makes of commit %d", serial)
		broken.Advice = "find out who wrote it, remove it, and run again"
		return broken
	}
	return err
}

// Signature is what CheckSignature found.
type Signature uint8

// The results of checking a signature.
const (
	Unsigned    Signature = iota // there is none, and the commit names no key
	Signed                       // by one of the keys
	OtherKey                     // by a key that was not given: it was not checked
	Lost                         // there is none, and the commit names a key
	NotByTheKey                  // it is not the signature of the key that it should be of, or of no key that is known
)

// CheckSignature looks for the signature over a commit of History and checks it with the keys.
func (s *Store) CheckSignature(ctx context.Context, c *Commit, keys []ed25519.PublicKey) (Signature, error) {
	signature, err := s.read(ctx, signatureOf(c.Serial, c.Hash))
	switch {
	case errors.Is(err, fs.ErrNotExist) && c.Signer == "":
		return Unsigned, nil
	case errors.Is(err, fs.ErrNotExist):
		return Lost, nil
	case err != nil:
		return Unsigned, err
	}
	given := c.Signer == ""
	for _, key := range keys {
		if ed25519.Verify(key, c.content, signature) {
			return Signed, nil
		}
		given = given || signing.ID(key) == c.Signer
	}
	if !given {
		return OtherKey, nil
	}
	return NotByTheKey, nil
}

// SignatureUse says what an object in the folder of the signatures is for.
type SignatureUse uint8

// The uses of a signature.
const (
	OfNoCommit SignatureUse = iota // no run can have left it there: neither its commit is there nor the one before
	OfACommit                      // its commit is there
	LeftOver                       // a run was killed, or lost a race, between it and its commit
)

// SignatureUse says what a signature of Objects is for.
func (s *Store) SignatureUse(ctx context.Context, signature string) (SignatureUse, error) {
	serial, sha, ok := parseSignatureOf(strings.TrimPrefix(signature, s.prefix))
	if !ok {
		return OfNoCommit, nil
	}
	content, err := s.read(ctx, commitKey(serial))
	switch {
	case err == nil && strings.HasPrefix(hexSum(content), sha):
		return OfACommit, nil
	case err == nil || errors.Is(err, fs.ErrNotExist) && serial == 1:
		return LeftOver, nil
	case !errors.Is(err, fs.ErrNotExist):
		return OfNoCommit, err
	}
	_, err = s.read(ctx, commitKey(serial-1)) // a run signs what follows the newest commit
	if errors.Is(err, fs.ErrNotExist) {
		return OfNoCommit, nil
	}
	return LeftOver, err
}

// SignatureKey is where the signature over a commit of History lies in the bucket.
func (s *Store) SignatureKey(c *Commit) string { return s.prefix + signatureOf(c.Serial, c.Hash) }

// CommitKey is where the commit with a serial lies in the bucket.
func (s *Store) CommitKey(serial int64) string { return s.prefix + commitKey(serial) }
