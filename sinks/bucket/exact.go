package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
)

var (
	errShort = errors.New("the body ended before its declared size")
	errLong  = errors.New("the body is longer than its declared size")
)

// exactReader passes on exactly left bytes of r and calls spoiled before it reports anything but that. It calls progress
// whenever it is asked for more.
type exactReader struct {
	ctx      context.Context
	r        io.Reader
	left     int64
	progress func()
	spoiled  func()
	err      error
}

func (e *exactReader) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, e.spoil(err)
	}
	e.progress()
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
