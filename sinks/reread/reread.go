package reread

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"logferry/internal/table"
)

// Row is called with what identifies a row and how it went, in the file's order. The timestamp is in µs since
// 1970-01-01T00:00:00Z. status and detail are empty where they are null or the file has no such column. logID is valid
// until it returns. Its error ends the reading.
type Row func(micros int64, logID []byte, status, detail string) error

// Column is a column as it was found in a file.
type Column struct {
	Name string
	// Type is the declared type in Parquet: string, int64, float64, bool, timestamp (µs, UTC) or decimal(18,9), or Arrow's
	// name of another one. In NDJSON, which declares nothing, it is what the values are: string, number, bool, object or
	// array, or several of them in this order with | between them, or nothing if all are null.
	Type string
	// Required says that nulls cannot be (Parquet) or are not (NDJSON) in it.
	Required bool
}

// FileError says that a file cannot be read to its end, or is not one that this program writes.
type FileError struct {
	Key string
	Err error
}

func (e *FileError) Error() string { return fmt.Sprintf("the file %s: %v", e.Key, e.Err) }

func (e *FileError) Unwrap() error { return e.Err }

// Hint is what the user can do about it.
func (e *FileError) Hint() string {
	return "remove the partition from the state (`logferry state rm`) and run `logferry apply`, which makes it anew from the API"
}

// File reads the local file at path whole, every value of it, and calls row for each row. It is of the format that key's
// extension says. It returns the columns in their order and the number of rows. A damaged file gives a *FileError and
// never a panic; errors of ctx and of row come back as they are.
func File(ctx context.Context, path, key string, row Row) (columns []Column, rows int64, err error) {
	r := &reading{}
	return r.file(ctx, path, key, handlers{
		group: func(group *rowGroup, columns []Column) error {
			return readGroup(group, columns, func(micros int64, logID []byte, status, detail string) error {
				return r.call(func() error { return row(micros, logID, status, detail) })
			})
		},
		line: func(n *ndjson, values []json.RawMessage) error {
			micros, texts, err := n.keys(values)
			if err != nil {
				return err
			}
			return r.call(func() error { return row(micros, []byte(texts[0]), texts[1], texts[2]) })
		},
	})
}

// Rows is File for all values of the rows: those of the schema's columns, which are found by their names. One that the file
// hasn't got is null. A row is valid until row returns.
func Rows(ctx context.Context, path, key string, schema *table.Schema, row func(table.Row) error) (columns []Column, rows int64, err error) {
	r := &reading{}
	call := func(values table.Row) error { return r.call(func() error { return row(values) }) }
	var lines lineValues
	return r.file(ctx, path, key, handlers{
		group: func(group *rowGroup, columns []Column) error {
			return readGroupValues(group, columns, schema, call)
		},
		line: func(n *ndjson, values []json.RawMessage) error {
			of, err := lines.row(n.names, values, schema)
			if err != nil {
				return err
			}
			return call(of)
		},
	})
}

// handlers take what is read: the row groups of Parquet, and the lines of NDJSON by the values of their columns.
type handlers struct {
	group func(*rowGroup, []Column) error
	line  func(*ndjson, []json.RawMessage) error
}

// reading keeps what the caller's function says, and does, apart from what is the file's fault.
type reading struct {
	inRow   bool
	refused error
}

func (r *reading) call(row func() error) error {
	r.inRow = true
	r.refused = row()
	r.inRow = false
	return r.refused
}

func (r *reading) file(ctx context.Context, path, key string, h handlers) (columns []Column, rows int64, err error) {
	opened, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("read back: %w", err)
	}
	defer func() { _ = opened.Close() }()
	info, err := opened.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("read back: %w", err)
	}
	columns, rows, err = r.read(&source{ctx: ctx, file: opened, size: info.Size()}, key, h)
	switch {
	case r.refused != nil:
		return columns, rows, r.refused
	case ctx.Err() != nil:
		return columns, rows, ctx.Err()
	case err != nil:
		return columns, rows, &FileError{Key: key, Err: err}
	}
	return columns, rows, nil
}

func (r *reading) read(file *source, key string, h handlers) (columns []Column, rows int64, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			if r.inRow {
				panic(cause)
			}
			err = fmt.Errorf("it is damaged: %v", cause)
		}
	}()
	if isParquet(key) {
		return readParquet(file, h.group)
	}
	for _, compression := range []string{"", ".gz", ".zst"} {
		if strings.HasSuffix(key, ".ndjson"+compression) {
			return readNDJSON(file, compression, h.line)
		}
	}
	return nil, 0, errors.New("its name has no extension of a data file")
}

func isParquet(key string) bool { return strings.HasSuffix(key, ".parquet") }

// source is a file that can be read until ctx ends. It has no Close: the libraries would call it.
type source struct {
	ctx  context.Context
	file *os.File
	size int64 // bytes
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.file.Read(p)
}

func (s *source) ReadAt(p []byte, offset int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.file.ReadAt(p, offset)
}

func (s *source) Seek(offset int64, whence int) (int64, error) { return s.file.Seek(offset, whence) }
