package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
)

func (r *remote) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := checkKey("open", key); err != nil {
		return nil, err
	}
	reader, err := r.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return nil, fail("open", key, err)
	}
	return &remoteBody{reader, key}, nil
}

// remoteBody is the content of an object.
type remoteBody struct {
	io.ReadCloser
	key string
}

func (b *remoteBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // an error that wraps it is no end
		err = fail("read", b.key, err)
	}
	return n, err
}

var errCut = errors.New("the connection ended")

// uncut hides that an error stems from a connection that ended: to whoever reads a body or a listing it would look like the end
// of that, or like an object that was cut short.
func uncut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %v", errCut, err) //nolint:errorlint // see above
	}
	return err
}
