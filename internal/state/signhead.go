package state

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"logferry/internal/signing"
)

// ForeignHeadError says that the newest commit is not signed by the key of this run, which builds on no such commit: it may be
// somebody else's. What it says of itself is not to be trusted.
type ForeignHeadError struct {
	Key       string // of the commit, in the bucket
	Serial    int64
	Hash      string
	By        string // who made it
	At        time.Time
	Operation string
	Signer    string    // the key that it says it is signed by, "" for none
	Found     Signature // what there is of a signature: never Signed
	Own       string    // the key of this run
}

func (e *ForeignHeadError) Error() string {
	return fmt.Sprintf("the newest commit, %d, is not signed by the key of this run (%.16s): %s. It says that it is by %q, %s, %q; it may be somebody else's",
		e.Serial, e.Own, e.problem(), e.By, e.At.UTC().Format(time.RFC3339), e.Operation)
}

func (e *ForeignHeadError) problem() string {
	switch e.Found {
	case OtherKey:
		return fmt.Sprintf("it names another key (%.16q)", e.Signer)
	case Lost:
		return "its signature is not there"
	case NotByTheKey:
		return "its signature is by another key, or was altered"
	default:
		return "it has no signature"
	}
}

// Hint says what the user can do.
func (e *ForeignHeadError) Hint() string {
	return "compare `logferry state head` with what was written down after the last run; if the commit is yours, `logferry state sign` signs it"
}

// CheckHead returns a *ForeignHeadError where there is a signing key and the newest commit of st is not signed by it. A state without
// a commit is good.
func (s *Store) CheckHead(ctx context.Context, st *State) error {
	if s.o.SigningKey == nil || st.signed == st.Serial {
		return nil
	}
	head, found, err := s.headOf(ctx, st)
	switch {
	case err != nil:
		return fmt.Errorf("check the signature of commit %d: %w", st.Serial, err)
	case found != Signed:
		return &ForeignHeadError{
			Key: s.CommitKey(head.Serial), Serial: head.Serial, Hash: head.Hash, By: head.By, At: head.At, Operation: head.Operation,
			Signer: head.Signer, Found: found, Own: s.signer(),
		}
	}
	st.signed = st.Serial
	return nil
}

// headOf reads the newest commit of st and looks for its signature by the key.
func (s *Store) headOf(ctx context.Context, st *State) (*Commit, Signature, error) {
	content, err := s.read(ctx, commitKey(st.Serial))
	if err != nil {
		return nil, Unsigned, err
	}
	if hexSum(content) != st.Head {
		return nil, Unsigned, unusable(s.prefix+commitKey(st.Serial), Altered, "its SHA-256 is %s, and it was %s a moment ago", hexSum(content), st.Head)
	}
	head, err := s.decodeCommit(st.Serial, content)
	if err != nil {
		return nil, Unsigned, err
	}
	found, err := s.CheckSignature(ctx, head, s.public())
	return head, found, err
}

func (s *Store) public() []ed25519.PublicKey {
	return []ed25519.PublicKey{signing.Public(s.o.SigningKey)}
}

// HeadSignature is what somebody has to know who is asked to sign the newest commit.
type HeadSignature struct {
	Head  *Commit   // the newest, nil where there is none
	Found Signature // what there is of its signature
	Last  *Commit   // the newest that is signed by the key, nil where none is
}

// HeadSignature looks for the newest commit, and for the newest that is signed by the key, which must be there.
func (s *Store) HeadSignature(ctx context.Context) (*HeadSignature, error) {
	oldest := int64(maxSerial)
	there := map[string]bool{}
	for o, err := range s.bucket.List(ctx, s.prefix+signaturesFolder) {
		if err != nil {
			return nil, fmt.Errorf("list signatures: %w", err)
		}
		if serial, _, ok := parseSignatureOf(o.Key[len(s.prefix):]); ok {
			there[o.Key], oldest = true, min(oldest, serial)
		}
	}
	found := &HeadSignature{}
	for c, err := range s.History(ctx) {
		if err != nil {
			return nil, err
		}
		isHead := found.Head == nil
		if isHead {
			found.Head = c
		}
		if isHead || there[s.SignatureKey(c)] {
			signature, err := s.CheckSignature(ctx, c, s.public())
			if err != nil {
				return nil, err
			}
			if isHead {
				found.Found = signature
			}
			if signature == Signed {
				found.Last = c
				return found, nil
			}
		}
		if c.Serial <= oldest {
			break
		}
	}
	return found, nil
}

// SignHead signs the newest commit of st, whoever made it: somebody has looked at it. Where another key's signature lies under the name
// of its own, a commit that changes nothing follows it, and is signed: that is c. The caller holds the lock.
func (s *Store) SignHead(ctx context.Context, st *State, c Change) error {
	head, found, err := s.headOf(ctx, st)
	switch {
	case err != nil:
	case found == Unsigned || found == Lost || head.Signer == s.signer():
		err = s.sign(ctx, st.Serial, head.content)
	case found != Signed:
		before := st.signed
		st.signed = st.Serial
		if err = s.commit(ctx, st, c.normal()); err != nil {
			st.signed = before
		}
		return wrapSign(head.Serial, err)
	}
	if err == nil {
		st.signed = st.Serial
	}
	return wrapSign(st.Serial, err)
}

func wrapSign(serial int64, err error) error {
	if err != nil {
		return fmt.Errorf("sign commit %d: %w", serial, err)
	}
	return nil
}
