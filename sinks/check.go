package sinks

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"

	"logferry/sinks/bucket"
)

// CheckError says that a sink can't be used, and what to do about it.
type CheckError struct {
	Sink   string
	URL    string // without user and query
	Op     string // "open", "list", "upload" or "delete"
	Reason bucket.Reason
	Hint   string // what the user can do
	Err    error
}

func (e *CheckError) Error() string {
	return fmt.Sprintf("sink %q (%s) cannot be used: %v. %s", e.Sink, e.URL, e.Err, e.Hint)
}

func (e *CheckError) Unwrap() error { return e.Err }

// checkPrefix is where Check tries to write.
const checkPrefix = "_logferry/check-"

// mostKept is how many refusals end the removing of what earlier checks left in a bucket that keeps everything for a time.
const mostKept = 10

// Check finds out whether the sink can list, write and remove objects, and leaves nothing behind, nor what a check left that
// was killed or never had its answer, but for what the bucket keeps. It returns a *CheckError if it can't, a *bucket.RetentionError
// where the bucket can't keep what the sink's retention asks for, and ctx's error when that was cancelled.
func (s *Sink) Check(ctx context.Context) error {
	if err := bucket.CheckRetention(ctx, s.bucket); err != nil {
		return s.wrap(err)
	}
	var left []string
	for o, err := range s.bucket.List(ctx, checkPrefix) {
		if err != nil {
			return s.refused(ctx, "list", err)
		}
		left = append(left, o.Key)
	}
	kept := 0
	for _, key := range left { // another run's that is being checked just now may be one of them, and does not need it
		err := s.bucket.Delete(ctx, key)
		switch {
		case errors.Is(err, bucket.ErrRetained):
			kept++
		case err != nil:
			return s.refused(ctx, "delete", err)
		}
		if kept == mostKept {
			break
		}
	}
	key := checkPrefix + rand.Text()
	body := []byte("written by a check before an export; can be removed\n")
	if err := s.bucket.Upload(ctx, key, bytes.NewReader(body), int64(len(body)), "text/plain"); err != nil {
		return s.refused(ctx, "upload", err)
	}
	err := s.bucket.Delete(context.WithoutCancel(ctx), key)
	if err != nil && !errors.Is(err, bucket.ErrRetained) {
		return s.refused(ctx, "delete", err)
	}
	return nil
}

func (s *Sink) refused(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.unusable(op, err)
}

// Unusable explains a failed operation on the sink's bucket by what the user can do about it: a *CheckError. op is "open", "list",
// "upload" or "delete".
func (s *Sink) Unusable(op string, err error) error { return s.unusable(op, err) }

func (s *Sink) unusable(op string, err error) error {
	reason := bucket.Other
	var failure *bucket.Error
	if errors.As(err, &failure) {
		reason = failure.Reason
	}
	return &CheckError{
		Sink:   s.options.Name,
		URL:    bucket.Redact(s.options.URL),
		Op:     op,
		Reason: reason,
		Hint:   hint(s.options.URL, op, reason),
		Err:    err,
	}
}

// credentials says, by scheme, where the store's client takes its credentials from.
var credentials = map[string]string{
	"s3":     "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE or the machine's role, and AWS_REGION",
	"gs":     "GOOGLE_APPLICATION_CREDENTIALS, `gcloud auth application-default login` or the machine's service account",
	"azblob": "AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or a managed identity",
}

// rights says what each operation needs.
var rights = map[string]string{"open": "opening", "list": "listing", "upload": "writing", "delete": "removing"}

func hint(rawURL, op string, reason bucket.Reason) string {
	scheme := ""
	if u, err := url.Parse(rawURL); err == nil {
		scheme = u.Scheme
	}
	from, remote := credentials[scheme]
	switch {
	case reason == bucket.NotFound && remote:
		return "Create the bucket or correct its name in the URL: it is not created here."
	case reason == bucket.Denied && remote:
		return fmt.Sprintf("Allow the credentials %s of objects in the bucket, or use others. They come from %s.", rights[op], from)
	case reason == bucket.Denied:
		return fmt.Sprintf("Allow this user %s of files in the folder, or choose another.", rights[op])
	case remote:
		return fmt.Sprintf("Check the URL, the network and the credentials, which come from %s.", from)
	case scheme == "file":
		return "Check that the path is a folder, or can become one, and that its disk has room."
	}
	return "Use a URL that starts with file://, s3://, gs:// or azblob://."
}
