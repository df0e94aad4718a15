package sinks

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"

	"logferry/internal/table"
	"logferry/sinks/bucket"
	"logferry/sinks/ndjsonfile"
	"logferry/sinks/parquetfile"
)

// encoder writes rows as one file.
type encoder interface {
	Write(table.Row) error
	// Size is the file's size so far, bytes: exact after Flush, otherwise an estimate.
	Size() int64
	Flush() error
	Close() error
}

// part is one file of a partition in the staging folder.
type part struct {
	n       int // in the partition, from 0
	path    string
	schema  *table.Schema
	options *Options

	finished bool
	bytes    int64 // once finished
	// Until then:
	file    *os.File
	buffer  *bufio.Writer
	encoder encoder

	rows        int64
	first, last int64
}

func (w *PartitionWriter) newPart(n int) (*part, error) {
	options := &w.sink.options
	path := filepath.Join(w.folder, fmt.Sprintf("part-%05d", n))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make staged file: %w", err)
	}
	p := &part{
		n:       n,
		path:    path,
		schema:  w.schema,
		options: options,
		file:    file,
		buffer:  bufio.NewWriterSize(file, 64<<10),
	}
	switch options.Format {
	case Parquet:
		metadata := maps.Clone(w.partition.Metadata)
		if metadata == nil {
			metadata = make(map[string]string, 1)
		}
		metadata["logferry.created_by"] = options.CreatedBy
		p.encoder, err = parquetfile.NewWriter(p.buffer, w.schema, parquetfile.Options{
			Compression: options.Compression,
			CreatedBy:   options.CreatedBy,
			Metadata:    metadata,
			Memory:      w.sink.share,
		})
	case NDJSON:
		p.encoder, err = ndjsonfile.NewWriter(p.buffer, w.schema, options.Compression)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return p, nil
}

func (p *part) write(row table.Row, timestamp int64) error {
	if err := p.encoder.Write(row); err != nil {
		return err
	}
	if p.rows == 0 {
		p.first = timestamp
	}
	p.last = timestamp
	p.rows++
	return nil
}

func (p *part) size() int64 {
	if p.finished {
		return p.bytes
	}
	return p.encoder.Size()
}

// finish ends and closes the file.
func (p *part) finish() error {
	err := p.encoder.Close()
	if err == nil {
		err = p.buffer.Flush()
	}
	if err == nil {
		p.bytes, err = p.file.Seek(0, io.SeekEnd)
	}
	if err == nil {
		err = p.file.Close()
	}
	if err != nil {
		return fmt.Errorf("end staged file %d: %w", p.n, err)
	}
	p.encoder, p.buffer, p.file, p.finished = nil, nil, nil, true
	return nil
}

// verify reads the finished file back and returns its facts.
func (p *part) verify() (File, error) {
	hash := sha256.New()
	err := p.read(func(content *io.SectionReader) (err error) {
		switch p.options.Format {
		case Parquet:
			err = parquetfile.Verify(content, p.bytes, p.schema, p.rows)
		case NDJSON:
			err = ndjsonfile.Verify(io.NewSectionReader(content, 0, p.bytes), p.options.Compression, p.rows)
		}
		if err == nil {
			_, err = io.Copy(hash, io.NewSectionReader(content, 0, p.bytes))
		}
		return err
	})
	if err != nil {
		return File{}, fmt.Errorf("staged file %d is not what was written: %w", p.n, err)
	}
	return File{Size: p.bytes, Rows: p.rows, SHA256: [32]byte(hash.Sum(nil)), First: p.first, Last: p.last}, nil
}

func (p *part) upload(ctx context.Context, b bucket.Bucket, key string) error {
	return p.read(func(content *io.SectionReader) error {
		return b.Upload(ctx, key, content, p.bytes, contentTypes[p.options.extension()])
	})
}

// read opens the finished file for do.
func (p *part) read(do func(*io.SectionReader) error) error {
	file, err := os.Open(p.path)
	if err != nil {
		return err
	}
	return errors.Join(do(io.NewSectionReader(file, 0, p.bytes)), file.Close())
}

// discard closes the file if it is still open. The folder is removed by the partition.
func (p *part) discard() error {
	if p.finished {
		return nil
	}
	if err := p.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
