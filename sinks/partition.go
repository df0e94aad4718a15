package sinks

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"logferry/internal/table"
)

// File is one file of a partition.
type File struct {
	Key    string // empty until it is uploaded
	Size   int64  // bytes
	Rows   int64
	SHA256 [32]byte
	// First and Last are the timestamps of the first and the last row, µs since the epoch. 0 if the schema has no
	// timestamp.
	First, Last int64
}

// ErrUnsorted says that a row came after one that it should come before. Files are marked as sorted, so that it would
// not be found in them.
var ErrUnsorted = errors.New("rows must come sorted by timestamp, then log_id")

// ErrEnded says that the partition was sealed, published, closed or aborted already.
var ErrEnded = errors.New("the partition was sealed, published, closed or aborted already")

// PartitionWriter writes the rows of one partition. It is not for concurrent use. Seal ends the writing and Publish
// uploads, or Close does both; Abort ends it at any point and does nothing after the end.
type PartitionWriter struct {
	sink      *Sink
	schema    *table.Schema
	partition Partition

	folder string // in the staging folder; made for the first row
	parts  []*part
	sealed []File // by Seal: the parts' facts
	state  state
	failed error // of an earlier Write or Seal: the files are unusable

	timestamp, logID int // columns, -1 if the schema hasn't got them
	last             order
}

// state is how far a PartitionWriter is.
type state uint8

const (
	writing state = iota
	sealed
	ended
)

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
	if w.state != writing {
		return ErrEnded
	}
	if w.failed == nil {
		if err := w.write(row); err != nil {
			w.failed = w.wrap(err)
		}
	}
	return w.failed
}

func (w *PartitionWriter) wrap(err error) error {
	return fmt.Errorf("sink %q: partition %s: %w", w.sink.options.Name, w.partition.Prefix, err)
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
