package bucket

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// createAttempts is how often Create tries while the store says that another request for the key is under way.
const createAttempts = 3

func (r *remote) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if err := checkKey("create", key); err != nil {
		return err
	}
	var err error
	for range createAttempts {
		err = r.put(ctx, key, body, size, &blob.WriterOptions{ContentType: contentType, IfNotExist: true})
		switch {
		case err == nil:
			return nil
		case taken(err):
			return fail("create", key, errTaken)
		case httpStatus(err) != http.StatusConflict && !lost(err):
			return fail("create", key, err)
		}
		// S3 could not tell who was first, or its answer did not arrive, as where it said no and hung up before a large body
		// was sent. Either an object is there now, or the request is to be made again: by the client, if it was lost.
		if there, e := r.bucket.Exists(ctx, key); e == nil && there {
			return fail("create", key, errTaken)
		}
		seeker, ok := body.(io.Seeker)
		if !ok || lost(err) {
			break
		}
		if _, e := seeker.Seek(0, io.SeekStart); e != nil {
			return fail("create", key, errors.Join(err, e))
		}
	}
	return fail("create", key, err)
}

// taken says whether a conditional request failed because the object exists. S3's copies don't all name the code that
// Go CDK looks at.
func taken(err error) bool {
	return gcerrors.Code(err) == gcerrors.FailedPrecondition || httpStatus(err) == http.StatusPreconditionFailed
}

// lost says whether a request failed without an answer.
func lost(err error) bool {
	var failure *url.Error
	return errors.As(err, &failure)
}

// First relies on the stores' listings, which are in byte order.
func (r *remote) First(ctx context.Context, prefix string) (Object, error) {
	if err := checkPrefix("first", prefix); err != nil {
		return Object{}, err
	}
	for token := blob.FirstPageToken; len(token) > 0; {
		page, next, err := r.bucket.ListPage(ctx, token, 1, &blob.ListOptions{Prefix: prefix})
		if err == nil {
			err = ctx.Err() // which not every driver looks at
		}
		if err != nil {
			return Object{}, fail("first", prefix, err)
		}
		for _, o := range page {
			if !strings.HasSuffix(o.Key, "/") { // a folder that some console has made
				return Object{Key: o.Key, Size: o.Size, ModTime: o.ModTime}, nil
			}
		}
		token = next
	}
	return Object{}, fail("first", prefix, errNone)
}
