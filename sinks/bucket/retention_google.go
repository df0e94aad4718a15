package bucket

import (
	"context"
	"sync"

	"cloud.google.com/go/storage"
	"gocloud.dev/blob"
)

// googleKeeper keeps objects by Google's object retention and temporary holds.
type googleKeeper struct {
	bucket *storage.BucketHandle
	once   sync.Once
	attrs  *storage.BucketAttrs // nil where the right to read them is missing
}

func newGoogleKeeper(b *blob.Bucket, name string) keeper {
	var client *storage.Client
	if !b.As(&client) {
		return nil
	}
	return &googleKeeper{bucket: client.Bucket(name)}
}

func (k *googleKeeper) ask(as func(any) bool, r Retention) error {
	var w *storage.Writer
	if !as(&w) {
		return errNoMeans
	}
	if !r.Until.IsZero() {
		mode := "Unlocked"
		if r.Mode == Compliance {
			mode = "Locked"
		}
		w.Retention = &storage.ObjectRetention{Mode: mode, RetainUntil: r.Until.UTC()}
	}
	w.TemporaryHold = r.LegalHold
	return nil
}

// hold takes in the bucket's policy, which the store adds to the time of each object. Where the bucket keeps versions, removing an
// object only makes a version of it that is no longer the current one.
func (k *googleKeeper) hold(ctx context.Context, a *blob.Attributes) Hold {
	var o storage.ObjectAttrs
	if !a.As(&o) {
		return Hold{}
	}
	h := Hold{Until: o.RetentionExpirationTime.UTC(), LegalHold: o.TemporaryHold || o.EventBasedHold}
	if o.Retention != nil && o.Retention.RetainUntil.After(h.Until) {
		h.Until = o.Retention.RetainUntil.UTC()
	}
	if !h.Until.IsZero() || h.LegalHold {
		b := k.attributes(ctx)
		h.Hides = b != nil && b.VersioningEnabled
	}
	return h
}

func (k *googleKeeper) able(ctx context.Context) error {
	if b := k.attributes(ctx); b != nil && b.ObjectRetentionMode != "Enabled" {
		return &RetentionError{
			Why:  "object retention is off in it",
			What: "turn it on (gcloud storage buckets update gs://NAME --enable-per-object-retention), or write to a bucket that has it",
		}
	}
	return nil
}

// attributes are the bucket's, asked for once.
func (k *googleKeeper) attributes(ctx context.Context) *storage.BucketAttrs {
	k.once.Do(func() {
		if a, err := k.bucket.Attrs(ctx); err == nil {
			k.attrs = a
		}
	})
	return k.attrs
}
