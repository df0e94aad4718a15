package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// An upload holds uploadPart bytes for each of uploadParallel requests. With 8 MiB parts S3's limit of 10,000 parts
// lets a file grow to 78 GiB.
const (
	uploadPart     = 8 << 20
	uploadParallel = 2
)

// remote is a bucket of Go CDK. It doesn't retry: the stores' clients do.
type remote struct {
	bucket *blob.Bucket
}

func (r *remote) Close() error { return r.bucket.Close() }

func (r *remote) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if err := checkKey("upload", key); err != nil {
		return err
	}
	// Some drivers publish what they have got when a body fails half-way; all of them let go when the context is
	// cancelled before the writer is closed.
	uploadCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	exact := &exactReader{ctx: ctx, r: body, left: size, spoiled: cancel}
	// Upload and not NewWriter: the latter panics in the Azure driver when an upload fails.
	err := r.bucket.Upload(uploadCtx, key, exact, &blob.WriterOptions{
		BufferSize:                  uploadPart,
		MaxConcurrency:              uploadParallel,
		ContentType:                 contentType,
		DisableContentTypeDetection: true,
	})
	if exact.err != nil {
		err = exact.err
	}
	if err == nil && exact.left > 0 {
		err = errShort
	}
	if err != nil {
		return fail("upload", key, err)
	}
	return nil
}

func (r *remote) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := checkKey("open", key); err != nil {
		return nil, err
	}
	reader, err := r.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return nil, fail("open", key, err)
	}
	return reader, nil
}

func (r *remote) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		if err := checkPrefix("list", prefix); err != nil {
			yield(Object{}, err)
			return
		}
		objects := r.bucket.List(&blob.ListOptions{Prefix: prefix})
		for {
			o, err := objects.Next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Object{}, fail("list", prefix, err))
				return
			}
			if !yield(Object{Key: o.Key, Size: o.Size, ModTime: o.ModTime}, nil) {
				return
			}
		}
	}
}

func (r *remote) Delete(ctx context.Context, key string) error {
	if err := checkKey("delete", key); err != nil {
		return err
	}
	if err := r.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fail("delete", key, err)
	}
	return nil
}

func azureStatus(err error) int {
	var azure *azcore.ResponseError
	if errors.As(err, &azure) {
		return azure.StatusCode
	}
	return 0
}

var (
	errShort = errors.New("the body ended before its declared size")
	errLong  = errors.New("the body is longer than its declared size")
)

// exactReader passes on exactly left bytes of r and calls spoiled before it reports anything but that.
type exactReader struct {
	ctx     context.Context
	r       io.Reader
	left    int64
	spoiled func()
	err     error
}

func (e *exactReader) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, e.spoil(err)
	}
	n, err := e.r.Read(p)
	e.left -= int64(n)
	switch {
	case e.left < 0:
		return 0, e.spoil(errLong)
	case err == io.EOF && e.left > 0:
		return n, e.spoil(fmt.Errorf("%w: %w", errShort, io.ErrUnexpectedEOF))
	case err != nil && err != io.EOF:
		return n, e.spoil(err)
	}
	return n, err
}

func (e *exactReader) spoil(err error) error {
	e.err = err
	e.spoiled()
	return err
}
