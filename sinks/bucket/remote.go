package bucket

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

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

// abortTime is how long an upload to S3 may go on after its context was cancelled, to remove the parts it has sent.
const abortTime = 10 * time.Second

// remote is a bucket of Go CDK. It doesn't retry: the stores' clients do.
type remote struct {
	bucket *blob.Bucket
	// aborts says that the driver publishes nothing when the body fails, and needs its context then to clean up.
	aborts bool
	parts  partsOf
	keeper keeper // nil where the store has no means to keep objects
	rule   Rule   // nil for none
}

func (r *remote) Close() error { return r.bucket.Close() }

func (r *remote) Upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if err := checkKey("upload", key); err != nil {
		return err
	}
	if err := r.put(ctx, key, body, size, &blob.WriterOptions{ContentType: contentType}); err != nil {
		return fail("upload", key, err)
	}
	return nil
}

// put stores size bytes of body. It fills options in.
func (r *remote) put(ctx context.Context, key string, body io.Reader, size int64, options *blob.WriterOptions) error {
	uploadCtx, spoiled, end := r.uploadContext(ctx)
	defer end()
	exact := &exactReader{ctx: ctx, r: body, left: size, spoiled: spoiled}
	var patience googlePatience
	exact.progress = patience.renew
	keep := r.retention(key)
	options.BeforeWrite = func(as func(any) bool) error {
		if err := patience.limit(as); err != nil || keep.None() {
			return err
		}
		return r.keeper.ask(as, keep)
	}
	options.BufferSize = uploadPart
	options.MaxConcurrency = uploadParallel
	options.DisableContentTypeDetection = true
	err := r.send(uploadCtx, key, exact, options, keep)
	if exact.err != nil {
		return exact.err
	}
	return err
}

func (r *remote) send(ctx context.Context, key string, body io.Reader, options *blob.WriterOptions, keep Retention) error {
	if azure, ok := r.keeper.(*azureKeeper); ok && !keep.None() {
		return azure.upload(ctx, r.parts.prefix+key, body, options, keep)
	}
	// Upload and not NewWriter: the latter panics in the Azure driver when an upload fails.
	return r.bucket.Upload(ctx, key, body, options)
}

// uploadContext returns the context for an upload, what must be called when its body fails, and what releases it.
func (r *remote) uploadContext(ctx context.Context) (upload context.Context, spoiled, end func()) {
	if !r.aborts {
		// Most drivers publish what they have got when a body fails half-way; all of them let go when the context is
		// cancelled before the writer is closed.
		upload, cancel := context.WithCancel(ctx)
		return upload, cancel, cancel
	}
	// The S3 client removes the parts it has sent only while its context lives, so that a cancelled ctx reaches it as an
	// error of the body first, and as a cancelled context later.
	upload, cancel := context.WithCancel(context.WithoutCancel(ctx))
	late := time.AfterFunc(abortTime, cancel)
	late.Stop()
	stop := context.AfterFunc(ctx, func() { late.Reset(abortTime) })
	return upload, func() {}, func() {
		stop()
		late.Stop()
		cancel()
	}
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
			if err == io.EOF { //nolint:errorlint // an error that wraps it is no end
				return
			}
			if err == nil {
				err = ctx.Err() // which not every driver looks at
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
