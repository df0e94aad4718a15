package sinks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"logferry/internal/table"
	"logferry/sinks/ndjsonfile"
	"logferry/sinks/parquetfile"
)

// decoder reads a file's rows.
type decoder interface {
	// Next returns a row, valid until the next call, and io.EOF after the last one.
	Next() (table.Row, error)
	Close() error
}

// Read yields the rows of a partition's files, in their order, as rows of schema. Columns are found by their names: one
// that a file hasn't got is null, one that only the file has is left out, and one of another type in the file is an error.
// A row is valid until the next one. An error ends it: a *DamagedError says that a file is not the one that is asked for.
//
// Each file is fetched whole into a folder of its own in the staging folder and checked before its first row; the folder
// goes when the reading ends. Besides the disk it takes, of Parquet a page (about 1 MiB, or one value if that is larger)
// and a dictionary a column are in memory, of NDJSON a line. The format is told by the key's extension, whatever the
// sink writes at present.
//
// What was written comes back as it was, with these exceptions: JSON texts in NDJSON have spaces for the line breaks
// between their tokens, and JSON texts that are empty or `null` and floats that are no numbers are null there.
func (s *Sink) Read(ctx context.Context, schema *table.Schema, files []Stored) iter.Seq2[table.Row, error] {
	return func(yield func(table.Row, error) bool) {
		for _, file := range files {
			goOn, err := s.readFile(ctx, schema, file, yield)
			if err != nil {
				yield(nil, s.wrapRead(file, err))
				return
			}
			if !goOn {
				return
			}
		}
	}
}

func (s *Sink) wrapRead(file Stored, err error) error {
	var damaged *DamagedError
	if errors.As(err, &damaged) {
		return err
	}
	return s.wrap(fmt.Errorf("read rows of %q: %w", file.Key, err))
}

// readFile yields a file's rows. It returns false when yield did.
func (s *Sink) readFile(ctx context.Context, schema *table.Schema, file Stored, yield func(table.Row, error) bool) (goOn bool, err error) {
	staged, err := s.fetch(ctx, file)
	if err != nil {
		return false, err
	}
	defer func() { _ = staged.discard() }() // what can't be removed is found with what killed processes left
	rows, err := newDecoder(staged.file, file, schema)
	if err != nil {
		return false, err
	}
	defer func() { _ = rows.Close() }() // what was only read can't be lost
	for n := int64(0); ; n++ {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			if n != file.Rows {
				return false, s.damaged(file, "has %d rows, not %d", n, file.Rows)
			}
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if !yield(row, nil) {
			return false, nil
		}
	}
}

// newDecoder returns the decoder for the format and compression that the key's extension stands for.
func newDecoder(content *os.File, file Stored, schema *table.Schema) (decoder, error) {
	name := file.Key[strings.LastIndexByte(file.Key, '/')+1:]
	for compression, extension := range extensions[NDJSON] {
		if strings.HasSuffix(name, extension) {
			return ndjsonfile.NewReader(content, schema, compression)
		}
	}
	if strings.HasSuffix(name, ".parquet") {
		return parquetfile.NewReader(content, file.Size, schema)
	}
	return nil, errors.New("its name has no extension of a data file: .parquet, .ndjson, .ndjson.gz or .ndjson.zst")
}

// stagedFile is a file of the bucket in the staging folder.
type stagedFile struct {
	folder string
	file   *os.File
}

func (s *Sink) newStagedFile() (*stagedFile, error) {
	if err := os.MkdirAll(s.options.StagingDir, 0o700); err != nil {
		return nil, fmt.Errorf("make staging folder: %w", err)
	}
	folder, err := os.MkdirTemp(s.options.StagingDir, "read-") // of mode 0700
	if err != nil {
		return nil, fmt.Errorf("make staging folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(folder, "file"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make staged file: %w", err), os.RemoveAll(folder))
	}
	return &stagedFile{folder: folder, file: file}, nil
}

func (f *stagedFile) discard() error { return errors.Join(f.file.Close(), os.RemoveAll(f.folder)) }
