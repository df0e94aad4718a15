package state

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"logferry/internal/signing"
)

const signatureType = "application/octet-stream"

// signatureKey is where the signature over a commit lies below the prefix.
func signatureKey(serial int64) string {
	return signaturesFolder + strings.TrimPrefix(commitKey(serial), commitsFolder) + ".sig"
}

// parseSignatureKey is the inverse of signatureKey.
func parseSignatureKey(key string) (serial int64, ok bool) {
	name, found := strings.CutPrefix(key, signaturesFolder)
	if !found {
		return 0, false
	}
	serial, ok = parseCommitKey(commitsFolder + strings.TrimSuffix(name, ".sig"))
	return serial, ok && signatureKey(serial) == key
}

// signer is the ID of the key that commits are signed with, "" where they are not.
func (s *Store) signer() string {
	if s.o.SigningKey == nil {
		return ""
	}
	return signing.ID(signing.Public(s.o.SigningKey))
}

// SignHead signs the newest commit where it has no signature: a run was killed, or failed to write it, after the commit. It
// says whether it did. Where there is no key or no commit, and where the head was signed with another key, there is nothing to do. A signature
// that should be by this key and isn't is an *UnusableError. The caller holds the lock.
func (s *Store) SignHead(ctx context.Context, st *State) (signed bool, err error) {
	if s.o.SigningKey == nil || st.signed == st.Serial {
		return false, nil
	}
	content, err := s.read(ctx, commitKey(st.Serial))
	if err == nil && hexSum(content) != st.Head {
		err = unusable(s.prefix+commitKey(st.Serial), Altered, "its SHA-256 is %s, and it was %s a moment ago", hexSum(content), st.Head)
	}
	if err == nil {
		signed, err = s.sign(ctx, st, content)
	}
	if err != nil {
		return false, fmt.Errorf("sign commit %d: %w", st.Serial, err)
	}
	return signed, nil
}

// sign writes the signature over the head, whose object holds content.
func (s *Store) sign(ctx context.Context, st *State, content []byte) (signed bool, err error) {
	key := signatureKey(st.Serial)
	signature := ed25519.Sign(s.o.SigningKey, content)
	if found, err := s.read(ctx, key); err == nil && slices.Equal(found, signature) {
		st.signed = st.Serial
		return false, nil
	}
	found, err := s.create(ctx, key, signature, signatureType)
	if err == nil {
		st.signed = st.Serial
		return true, nil
	}
	if found == nil {
		return false, err
	}
	head, err := s.decodeCommit(st.Serial, content)
	if err != nil {
		return false, err
	}
	if head.Signer == s.signer() {
		broken := unusable(s.prefix+key, Altered, "it is not the signature that this key makes of commit %d", st.Serial)
		broken.Advice = "find out who wrote it; once it is removed the next run signs the commit"
		return false, broken
	}
	st.signed = st.Serial // by another key
	return false, nil
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
	signature, err := s.read(ctx, signatureKey(c.Serial))
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

// HasCommit says whether there is a commit for a signature of Objects.
func (s *Store) HasCommit(ctx context.Context, signature string) (bool, error) {
	serial, ok := parseSignatureKey(strings.TrimPrefix(signature, s.prefix))
	if !ok {
		return false, nil
	}
	_, err := s.read(ctx, commitKey(serial))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// SignatureKey is where the signature over the commit with a serial lies in the bucket.
func (s *Store) SignatureKey(serial int64) string { return s.prefix + signatureKey(serial) }

// CommitKey is where the commit with a serial lies in the bucket.
func (s *Store) CommitKey(serial int64) string { return s.prefix + commitKey(serial) }
