package verify

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"logferry/internal/state"
)

// SignatureCount says how many commits are signed by whom.
type SignatureCount struct {
	Signed   int64 `json:"signed"`    // by one of the keys that were given
	OtherKey int64 `json:"other_key"` // by others: they were not checked
	Unsigned int64 `json:"unsigned"`
	Newest   int64 `json:"newest"` // serial of the newest commit that is signed by one of the keys, 0 for none
}

// signaturesAtOnce is how many signatures are read at the same time.
const signaturesAtOnce = 16

// signatures checks the signatures of a history while it is walked.
type signatures struct {
	v     *verifier
	group *errgroup.Group
	ctx   context.Context

	mu     sync.Mutex
	count  SignatureCount
	head   *state.Commit
	ofHead state.Signature
}

// newSignatures returns nil where there is no key to check with.
func (v *verifier) newSignatures(ctx context.Context) *signatures {
	if len(v.Keys) == 0 {
		return nil
	}
	s := &signatures{v: v}
	s.group, s.ctx = errgroup.WithContext(ctx)
	s.group.SetLimit(signaturesAtOnce)
	return s
}

// meet checks the next commit, the newest first.
func (s *signatures) meet(c *state.Commit) {
	if s == nil {
		return
	}
	isHead := s.head == nil
	if isHead {
		s.head = c
	}
	s.group.Go(func() error {
		found, err := s.v.Store.CheckSignature(s.ctx, c, s.v.Keys)
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if isHead {
			s.ofHead = found
		}
		s.add(c, found)
		return nil
	})
}

func (s *signatures) add(c *state.Commit, found state.Signature) {
	switch found {
	case state.Signed:
		s.count.Signed++
		s.count.Newest = max(s.count.Newest, c.Serial)
	case state.OtherKey:
		s.count.OtherKey++
	case state.Unsigned:
		s.count.Unsigned++
	case state.Lost:
		s.count.Unsigned++
		s.v.lostSignature(s.v.Store.SignatureKey(c), c.Serial)
	case state.NotByTheKey:
		s.v.find(Finding{
			Kind: Signature, Key: s.v.Store.SignatureKey(c),
			Problem: fmt.Sprintf("is not the signature of %s by a key that was given: one of the two was altered, or another key made it", s.v.Store.CommitKey(c.Serial)),
			Advice:  "restore both from a copy, and find out who can write to the bucket; give every key that was ever used with --public-key",
		})
	}
}

// lostSignature reports a commit whose signature is gone, or is that of other bytes.
func (v *verifier) lostSignature(key string, serial int64) {
	v.find(Finding{
		Kind: Signature, Key: key, Problem: fmt.Sprintf("is not there, and commit %d says that it was signed: it was removed, or the commit was altered or forged", serial),
		Advice: "restore both from a copy, and find out who can write to the bucket: a signature is written before its commit",
	})
}

// end waits for the checks and says what is to be said of the head.
func (s *signatures) end() error {
	if s == nil {
		return nil
	}
	if err := s.group.Wait(); err != nil {
		return err
	}
	s.v.report.Signatures = &s.count
	if s.head == nil || s.ofHead != state.Unsigned && s.ofHead != state.OtherKey {
		return nil
	}
	problem, advice := "the newest commit is not signed", "compare it with what was written down after the last run; if it is yours, `logferry state sign` signs it"
	if s.ofHead == state.OtherKey {
		advice = "give the public key of every key that was ever used with --public-key; where none of them signed it, find out who can write to the bucket"
		problem = "the newest commit was signed by another key (" + s.head.Signer + ")"
	}
	if n := s.count.Newest; n > 0 {
		problem += fmt.Sprintf("; the newest commit that is signed by a key that was given is %d: what follows it may be anybody's", n)
	} else {
		problem += ", and no other commit is signed by a key that was given"
	}
	s.v.find(Finding{
		Kind: Unsigned, Key: s.v.Store.CommitKey(s.head.Serial), Problem: problem, Advice: advice,
	})
	return nil
}
