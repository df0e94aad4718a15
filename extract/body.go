package extract

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/klauspost/compress/gzip"
)

const (
	scratchSize = 64 << 10  // bytes of a fresh pooled buffer; most answers fit
	maxPooled   = 256 << 10 // bytes; a larger buffer is not kept for later: what is pooled is in no reservation
	handOver    = 256 << 10 // bytes; a larger answer keeps its buffer, if that is used well, and is not copied
)

var (
	scratchPool = sync.Pool{New: func() any { b := make([]byte, 0, scratchSize); return &b }}
	gzipPool    = sync.Pool{New: func() any { return new(gunzip) }}
)

var errLarge = errors.New("body is larger than its bound")

// readBody reads and decompresses an answer's body. The result is the caller's own memory. It returns errLarge for a body
// of more than limit bytes. Before its buffer grows beyond what is already accounted for, grow is asked with the new
// size in bytes; nil means always yes.
func readBody(resp *http.Response, limit int64, grow func(size int64) error) ([]byte, error) {
	var body io.Reader = resp.Body
	switch encoding := resp.Header["Content-Encoding"]; {
	case len(encoding) == 0 || encoding[0] == "" || encoding[0] == "identity":
		if n := resp.ContentLength; n > 0 && n <= min(scratchSize, limit) {
			return readSized(body, int(n))
		}
	case len(encoding) == 1 && (encoding[0] == "gzip" || encoding[0] == "x-gzip"):
		z := gzipPool.Get().(*gunzip)
		defer gzipPool.Put(z)
		if err := z.begin(body); err != nil {
			if err == io.EOF { //nolint:errorlint // returned bare, for an empty body
				return nil, nil
			}
			return nil, err
		}
		body = &z.reader
	default:
		return nil, errors.New("unexpected Content-Encoding " + printable(encoding[0]))
	}
	scratch := scratchPool.Get().(*[]byte)
	defer scratchPool.Put(scratch)
	full, err := readAll(body, (*scratch)[:0], limit, grow)
	grown := cap(full) > cap(*scratch)
	switch {
	case err != nil:
		return nil, err
	case grown && len(full) >= handOver && len(full) >= cap(full)/4*3:
		return full[:len(full):len(full)], nil
	case grown && cap(full) <= maxPooled:
		*scratch = full[:0]
	}
	return bytes.Clone(full), nil
}

// gunzip decompresses a body. What fits is read into memory before: the library decompresses that faster than a stream.
type gunzip struct {
	reader gzip.Reader
	memory bytes.Reader
	packed [scratchSize]byte
}

// begin returns io.EOF for an empty body.
func (z *gunzip) begin(body io.Reader) error {
	n := 0
	for n < len(z.packed) {
		m, err := body.Read(z.packed[n:])
		n += m
		if err == io.EOF {
			z.memory.Reset(z.packed[:n])
			return z.reader.Reset(&z.memory)
		}
		if err != nil {
			return err
		}
	}
	z.memory.Reset(z.packed[:])
	return z.reader.Reset(io.MultiReader(&z.memory, body))
}

// readSized reads a body of known length, and its end, without which the connection would not be used again.
func readSized(body io.Reader, n int) ([]byte, error) {
	out := make([]byte, n)
	if _, err := io.ReadFull(body, out); err != nil {
		return nil, err
	}
	var more [1]byte
	if _, err := body.Read(more[:]); err != nil && err != io.EOF {
		return nil, err
	}
	return out, nil
}

// readAll appends all of body to b.
func readAll(body io.Reader, b []byte, limit int64, grow func(size int64) error) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			size := min(int64(cap(b))*2, limit+1)
			if int64(len(b)) > limit {
				return b, errLarge
			}
			if grow != nil {
				if err := grow(size); err != nil {
					return b, err
				}
			}
			larger := make([]byte, len(b), size)
			copy(larger, b)
			b = larger
		}
		n, err := body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if int64(len(b)) > limit {
			return b, errLarge
		}
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}
