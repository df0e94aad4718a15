package sinks

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Stored names a file as the state knows it.
type Stored struct {
	Key    string
	Size   int64 // bytes
	SHA256 [32]byte
	Rows   int64
}

// DamagedError says that an object is not the file that was written.
type DamagedError struct {
	Sink    string
	Key     string
	Problem string // "is missing", "has 10 bytes, not 20"
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("sink %q: the file %s %s", e.Sink, e.Key, e.Problem)
}

// Hint is what the user can do about it.
func (e *DamagedError) Hint() string {
	return "`logferry verify` shows all that is damaged, and says of each what puts it right"
}

func (s *Sink) damaged(file Stored, format string, args ...any) error {
	return &DamagedError{Sink: s.options.Name, Key: file.Key, Problem: fmt.Sprintf(format, args...)}
}

// fetch copies an object into the staging folder and checks that it is the file.
func (s *Sink) fetch(ctx context.Context, file Stored) (*stagedFile, error) {
	content, err := s.bucket.Open(ctx, file.Key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.damaged(file, "is missing")
	}
	if err != nil {
		return nil, err
	}
	defer content.Close()
	staged, err := s.newStagedFile()
	if err != nil {
		return nil, err
	}
	if err = s.copyExactly(ctx, staged, content, file); err != nil {
		return nil, errors.Join(err, staged.discard())
	}
	return staged, nil
}

// copyExactly copies content and goes back to the start.
func (s *Sink) copyExactly(ctx context.Context, to *stagedFile, content io.Reader, file Stored) error {
	hash := sha256.New()
	// One byte more than there should be tells that there is more.
	size, err := io.Copy(io.MultiWriter(to.file, hash), io.LimitReader(&cancellable{ctx, content}, file.Size+1))
	if err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	switch {
	case size > file.Size:
		return s.damaged(file, "has more than %d bytes", file.Size)
	case size < file.Size:
		return s.damaged(file, "has %d bytes, not %d", size, file.Size)
	case [32]byte(hash.Sum(nil)) != file.SHA256:
		return s.damaged(file, "has other content: its SHA-256 is %x, not %x", hash.Sum(nil), file.SHA256)
	}
	_, err = to.file.Seek(0, io.SeekStart)
	return err
}

// cancellable is a reader that ends with ctx.
type cancellable struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
