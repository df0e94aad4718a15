package bucket

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"gocloud.dev/blob"
)

// Mode says who may shorten a retention.
type Mode string

// The modes. Google and Azure call the first one unlocked and the second one locked.
const (
	Governance Mode = "governance" // who has a right of its own for that
	Compliance Mode = "compliance" // nobody
)

// Retention is what an object is written with. The zero value asks for nothing.
type Retention struct {
	Mode      Mode
	Until     time.Time // it may be neither replaced nor removed before; zero for no such time
	LegalHold bool      // nor before somebody takes the hold away
}

// None says that nothing is asked for.
func (r Retention) None() bool { return r.Until.IsZero() && !r.LegalHold }

// Rule says what holds for an object that is written under a key now. It may be called concurrently.
type Rule func(key string) Retention

// Hold is what keeps an object from being removed.
type Hold struct {
	Until     time.Time // zero: no time is known
	LegalHold bool
	// Indefinite says that the store keeps the object, and does not tell until when.
	Indefinite bool
	// Hides says that removing or replacing the object is allowed, since it only hides it: this version of it stays.
	Hides bool
}

// Active says whether the object is kept at a moment.
func (h Hold) Active(now time.Time) bool {
	return h.LegalHold || h.Indefinite || now.Before(h.Until)
}

// RetentionError says that a bucket can't keep objects.
type RetentionError struct {
	Why  string // in words
	What string // what the user can do
}

func (e *RetentionError) Error() string { return "the bucket cannot keep objects: " + e.Why }

// Hint says what the user can do.
func (e *RetentionError) Hint() string { return e.What }

// Retain returns b with a rule for what is written through it. Both are closed by closing one of them. The error is a
// *RetentionError where the kind of store has no means for it: a local folder, and memory.
func Retain(b Bucket, rule Rule) (Bucket, error) {
	r, ok := b.(*remote)
	if !ok || r.keeper == nil {
		return nil, &RetentionError{
			Why:  "a folder of this machine, or memory, has no means for that",
			What: "a retention needs s3://, gs:// or azblob://",
		}
	}
	kept := *r
	kept.rule = rule
	return &kept, nil
}

// CheckRetention asks the store whether a bucket of Retain can do what its rule asks for: a *RetentionError where it says that
// it can't. It is nil where the bucket has no rule, and where the store does not tell, as where the right to ask is missing.
func CheckRetention(ctx context.Context, b Bucket) error {
	if r, ok := b.(*remote); ok && r.rule != nil {
		return r.keeper.able(ctx)
	}
	return nil
}

// Held returns what keeps an object from being removed or replaced: nothing where there is no such object, and where the bucket has
// no means to keep any.
func Held(ctx context.Context, b Bucket, key string) (Hold, error) {
	h, ok := b.(interface {
		Held(ctx context.Context, key string) (Hold, error)
	})
	if !ok {
		return Hold{}, nil
	}
	return h.Held(ctx, key)
}

// Hides says that whatever a bucket keeps may be removed all the same, which only hides it: of S3 that is known beforehand, since its
// locks are about versions.
func Hides(b Bucket) bool {
	r, ok := b.(*remote)
	return ok && r.parts.client != nil
}

// keeper is what a kind of store has to keep objects.
type keeper interface {
	// ask puts the retention into an upload that is about to begin. It is a WriterOptions.BeforeWrite.
	ask(as func(any) bool, r Retention) error
	// hold reads what keeps an object.
	hold(ctx context.Context, a *blob.Attributes) Hold
	// able says whether the bucket is set up for it, as far as the store tells.
	able(ctx context.Context) error
}

func newKeeper(b *blob.Bucket, scheme, name string) keeper {
	switch scheme {
	case "s3":
		return newS3Keeper(b, name)
	case "gs":
		return newGoogleKeeper(b, name)
	case "azblob":
		return newAzureKeeper(b)
	}
	return nil
}

// retention is what is asked for an object.
func (r *remote) retention(key string) Retention {
	if r.rule == nil {
		return Retention{}
	}
	return r.rule(key)
}

// Held is the function's work for a store.
func (r *remote) Held(ctx context.Context, key string) (Hold, error) {
	if r.keeper == nil {
		return Hold{}, nil
	}
	if err := checkKey("look at", key); err != nil {
		return Hold{}, err
	}
	a, err := r.bucket.Attributes(ctx, key)
	if err != nil {
		err = fail("look at", key, err)
		if errors.Is(err, fs.ErrNotExist) {
			return Hold{}, nil
		}
		return Hold{}, err
	}
	return r.keeper.hold(ctx, a), nil
}
