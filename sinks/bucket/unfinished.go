package bucket

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
)

// RemoveUnfinished removes what uploads in parts have left whose keys begin with prefix, which must not be empty, that began before a
// moment and were neither completed nor aborted, as where a process was killed. Such parts are in no listing, and cost money. It returns how many uploads it removed; the error is
// an *Error. It is about S3 alone, and does nothing elsewhere: Google and Azure drop them by themselves after a week, and a local folder's
// temporary files are removed by later uploads.
func RemoveUnfinished(ctx context.Context, b Bucket, prefix string, before time.Time) (removed int, err error) {
	r, ok := b.(interface {
		RemoveUnfinished(ctx context.Context, prefix string, before time.Time) (int, error)
	})
	if !ok {
		return 0, nil
	}
	if prefix == "" {
		return 0, fail("list unfinished uploads", prefix, errWholeBucket)
	}
	return r.RemoveUnfinished(ctx, prefix, before)
}

var errWholeBucket = errors.New("a whole bucket is not one program's")

// partsOf is where the uploads in parts of a bucket of S3 are found; client is nil for any other store.
type partsOf struct {
	client       *s3.Client
	name, prefix string
}

func newPartsOf(b *blob.Bucket, name, prefix string) partsOf {
	p := partsOf{name: name, prefix: prefix}
	if !b.As(&p.client) {
		p.client = nil
	}
	return p
}

// RemoveUnfinished is the function's work for a store.
func (r *remote) RemoveUnfinished(ctx context.Context, prefix string, before time.Time) (removed int, err error) {
	if r.parts.client == nil {
		return 0, nil
	}
	prefix = r.parts.prefix + prefix
	pages := s3.NewListMultipartUploadsPaginator(r.parts.client, &s3.ListMultipartUploadsInput{Bucket: &r.parts.name, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return removed, fail("list unfinished uploads", prefix, err)
		}
		for _, u := range page.Uploads {
			if u.Initiated == nil || !u.Initiated.Before(before) {
				continue
			}
			_, err := r.parts.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &r.parts.name, Key: u.Key, UploadId: u.UploadId})
			var gone *types.NoSuchUpload
			switch {
			case errors.As(err, &gone):
			case err != nil:
				return removed, fail("remove an unfinished upload", *u.Key, err)
			default:
				removed++
			}
		}
	}
	return removed, nil
}
