package ndjsonfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// windowSize is how far back Zstandard looks for repetitions, bytes: most of what a writer holds.
const windowSize = 1 << 20

type compressor interface {
	io.WriteCloser
	Flush() error
}

func newCompressor(out io.Writer, compression string) (compressor, error) {
	switch compression {
	case "", "none":
		return plain{out}, nil
	case "gzip":
		return gzip.NewWriterLevel(out, gzip.BestSpeed)
	case "zstd":
		return zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(windowSize))
	}
	return nil, unknown(compression)
}

type plain struct{ io.Writer }

func (plain) Flush() error { return nil }
func (plain) Close() error { return nil }

// decompress returns the text of a file. Close releases what the decompressor holds and leaves r open.
func decompress(r io.Reader, compression string) (io.ReadCloser, error) {
	switch compression {
	case "", "none":
		return io.NopCloser(r), nil
	case "gzip":
		z, err := gzip.NewReader(bufio.NewReader(r))
		if err != nil {
			return nil, fmt.Errorf("read gzip header: %w", err)
		}
		return z, nil
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, fmt.Errorf("read zstd header: %w", err)
		}
		return z.IOReadCloser(), nil
	}
	return nil, unknown(compression)
}

func unknown(compression string) error {
	return fmt.Errorf("ndjson files know the compressions gzip, zstd and none, not %q", compression)
}

// Verify reads a finished file to its end and says whether it is whole and has this many lines.
func Verify(r io.Reader, compression string, rows int64) error {
	text, err := decompress(r, compression)
	if err != nil {
		return err
	}
	defer func() { _ = text.Close() }()
	var lines int64
	last := byte('\n')
	buffer := make([]byte, 128<<10)
	for {
		n, err := text.Read(buffer)
		if n > 0 {
			lines += int64(bytes.Count(buffer[:n], []byte{'\n'}))
			last = buffer[n-1]
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read back: %w", err)
		}
	}
	if lines != rows || last != '\n' {
		return fmt.Errorf("the file has %d lines, not %d", lines, rows)
	}
	return nil
}
