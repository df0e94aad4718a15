package bucket

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"

	"cloud.google.com/go/storage"
	"gocloud.dev/blob"
	"gocloud.dev/gcp"
)

// Left to itself, Google's client repeats a request for as long as its context lives, so that a store that is gone holds a run
// for ever, and an upload that has no condition not at all, so that one 503 ends a run. Both can be repeated: they store the
// same bytes. The pauses grow, and add up to some 15 seconds.
const (
	googleAttempts       = 6 // of a request without a body
	googleUploadAttempts = 9 // without progress, of an upload, whose pauses begin smaller
)

// googleRetries limits the attempts of b if it is one of Google's.
func googleRetries(b *blob.Bucket) {
	var client *storage.Client
	if b.As(&client) {
		client.SetRetry(storage.WithPolicy(storage.RetryAlways), storage.WithMaxAttempts(googleAttempts))
	}
}

// googlePatience is how often an upload may still fail. It knows nothing of the client's own limit, which uploads don't look at.
type googlePatience struct{ left atomic.Int64 }

func (p *googlePatience) renew() { p.left.Store(googleUploadAttempts) }

func (p *googlePatience) again(err error) bool { return storage.ShouldRetry(err) && p.left.Add(-1) > 0 }

// limit is a WriterOptions.BeforeWrite. With another driver it does nothing.
func (p *googlePatience) limit(as func(any) bool) error {
	var object **storage.ObjectHandle
	if as(&object) {
		*object = (*object).Retryer(storage.WithPolicy(storage.RetryAlways), storage.WithErrorFunc(p.again))
	}
	return nil
}

// googleCredentials says why there are none. Go CDK goes on without them, and prints that into the program's output.
func googleCredentials(ctx context.Context, query url.Values) error {
	anonymous, _ := strconv.ParseBool(query.Get("anonymous")) // as Go CDK reads it, which tells of what is no bool
	if os.Getenv("STORAGE_EMULATOR_HOST") != "" || anonymous || query.Get("access_id") == "-" {
		return nil
	}
	if _, err := gcp.DefaultCredentials(ctx); err != nil {
		return fmt.Errorf("no credentials: %w", err)
	}
	return nil
}
