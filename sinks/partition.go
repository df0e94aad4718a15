package sinks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"logferry/internal/table"
)

// File is one file of a partition as it was uploaded.
type File struct {
	Key    string
	Size   int64 // bytes
	Rows   int64
	SHA256 [32]byte
	// First and Last are the timestamps of the first and the last row, µs since the epoch. 0 if the schema has no
	// timestamp.
	First, Last int64
}

// ErrUnsorted says that a row came after one that it should come before. Files are marked as sorted, so that it would
// not be found in them.
var ErrUnsorted = errors.New("rows must come sorted by timestamp, then log_id")

// ErrEnded says that the partition was closed or aborted already.
var ErrEnded = errors.New("the partition was closed or aborted already")

// PartitionWriter writes the rows of one partition. It is not for concurrent use. It is ended by exactly one of Close
// and Abort; Abort after either is no error and does nothing.
type PartitionWriter struct {
	sink      *Sink
	schema    *table.Schema
	partition Partition

	folder string // in the staging folder; made for the first row
	parts  []*part
	ended  bool
	failed error // of an earlier Write: the files are unusable

	timestamp, logID int // columns, -1 if the schema hasn't got them
	last             order
}

// order is what rows are sorted by.
type order struct {
	seen      bool
	timestamp int64
	logID     []byte
}

func newPartitionWriter(s *Sink, schema *table.Schema, p Partition) *PartitionWriter {
	s.open.Add(1)
	return &PartitionWriter{sink: s, schema: schema, partition: p, timestamp: schema.Index("timestamp"), logID: schema.Index("log_id")}
}

// Write adds a row, which it copies. Rows must come sorted by timestamp, then log_id. After an error only Abort is left.
func (w *PartitionWriter) Write(row table.Row) error {
	if w.ended {
		return ErrEnded
	}
	if w.failed == nil {
		if err := w.write(row); err != nil {
			w.failed = fmt.Errorf("sink %q: partition %s: %w", w.sink.options.Name, w.partition.Prefix, err)
		}
	}
	return w.failed
}

func (w *PartitionWriter) write(row table.Row) error {
	if len(row) != len(w.schema.Columns) {
		return fmt.Errorf("the row has %d values, the schema %d columns", len(row), len(w.schema.Columns))
	}
	timestamp, err := w.inOrder(row)
	if err != nil {
		return err
	}
	current, err := w.current()
	if err != nil {
		return err
	}
	if err := current.write(row, timestamp); err != nil {
		return err
	}
	// What Size says before Flush is an estimate: it says when to look, not what to do.
	limit := w.sink.options.MaxFileSize
	if current.encoder.Size() < limit {
		return nil
	}
	if err := current.encoder.Flush(); err != nil {
		return err
	}
	if current.encoder.Size() < limit-limit/16 {
		return nil
	}
	return current.finish()
}

// inOrder checks that the row doesn't belong before the last one and returns its timestamp.
func (w *PartitionWriter) inOrder(row table.Row) (timestamp int64, err error) {
	if w.timestamp < 0 {
		return 0, nil
	}
	timestamp = row[w.timestamp].Int
	var logID []byte
	if w.logID >= 0 {
		logID = row[w.logID].Bytes
	}
	if w.last.seen && (timestamp < w.last.timestamp || timestamp == w.last.timestamp && bytes.Compare(logID, w.last.logID) < 0) {
		return 0, fmt.Errorf("%w: (%d, %q) came after (%d, %q)", ErrUnsorted, timestamp, logID, w.last.timestamp, w.last.logID)
	}
	w.last.seen, w.last.timestamp, w.last.logID = true, timestamp, append(w.last.logID[:0], logID...)
	return timestamp, nil
}

// current returns the part that is being written, beginning one if needed.
func (w *PartitionWriter) current() (*part, error) {
	if n := len(w.parts); n > 0 && !w.parts[n-1].finished {
		return w.parts[n-1], nil
	}
	if w.folder == "" {
		if err := os.MkdirAll(w.sink.options.StagingDir, 0o700); err != nil {
			return nil, fmt.Errorf("make staging folder: %w", err)
		}
		folder, err := os.MkdirTemp(w.sink.options.StagingDir, "partition-") // of mode 0700
		if err != nil {
			return nil, fmt.Errorf("make staging folder: %w", err)
		}
		w.folder = folder
	}
	p, err := w.newPart(len(w.parts))
	if err != nil {
		return nil, err
	}
	w.parts = append(w.parts, p)
	return p, nil
}

// BytesWritten is about how many bytes of files there are so far.
func (w *PartitionWriter) BytesWritten() int64 {
	var n int64
	for _, p := range w.parts {
		n += p.size()
	}
	return n
}

// Close ends the last file, reads every file back, uploads them all and then removes the files that the partition had
// before and hasn't any more. A partition without rows has no files. When it returns an error, nothing or some files
// were replaced: writing the partition again puts it right. Whatever it returns, the staged files are gone.
func (w *PartitionWriter) Close(ctx context.Context) ([]File, error) {
	if w.ended {
		return nil, ErrEnded
	}
	defer func() { _ = w.end() }() // what stays in the staging folder is removed with it
	files, err := w.close(ctx)
	if err != nil {
		return nil, fmt.Errorf("sink %q: partition %s: %w", w.sink.options.Name, w.partition.Prefix, err)
	}
	return files, nil
}

func (w *PartitionWriter) close(ctx context.Context) ([]File, error) {
	if w.failed != nil {
		return nil, errors.Join(errors.New("an earlier write failed"), w.failed)
	}
	if n := len(w.parts); n > 0 && !w.parts[n-1].finished {
		if err := w.parts[n-1].finish(); err != nil {
			return nil, err
		}
	}
	files := make([]File, 0, len(w.parts))
	for _, p := range w.parts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		file, err := p.verify()
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	for _, p := range w.parts {
		if err := p.upload(ctx, w.sink.bucket); err != nil {
			return nil, err
		}
	}
	return files, w.sink.removeParts(ctx, w.partition.Prefix, files)
}

// Abort drops what was written. The bucket stays as it was.
func (w *PartitionWriter) Abort() error {
	if w.ended {
		return nil
	}
	return w.end()
}

func (w *PartitionWriter) end() error {
	w.ended = true
	w.sink.open.Add(-1)
	var errs []error
	for _, p := range w.parts {
		errs = append(errs, p.discard())
	}
	if w.folder != "" {
		errs = append(errs, os.RemoveAll(w.folder))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("sink %q: remove staged files: %w", w.sink.options.Name, err)
	}
	return nil
}
