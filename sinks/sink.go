package sinks

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"logferry/internal/table"
	"logferry/sinks/bucket"
)

// Sink writes partitions into a bucket. Its methods may be called concurrently.
type Sink struct {
	options Options
	bucket  bucket.Bucket
	owned   bool
	open    atomic.Int64 // partitions
}

// Open opens the sink. It makes no request: see Check. The caller closes it.
func Open(ctx context.Context, options Options) (*Sink, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("sink %q: %w", options.Name, err)
	}
	s := &Sink{options: options, bucket: options.Bucket}
	if s.bucket == nil {
		if s.bucket, err = bucket.Open(ctx, options.URL); err != nil {
			return nil, s.unusable("open", err)
		}
		if options.Retention != nil {
			kept, err := bucket.Retain(s.bucket, options.Retention)
			if err != nil {
				return nil, errors.Join(s.wrap(err), bucket.Close(s.bucket))
			}
			s.bucket = kept
		}
		s.owned = true
	}
	return s, nil
}

// Close closes the bucket, unless it was given in the options. All partitions must be closed or aborted before.
func (s *Sink) Close() error {
	if !s.owned {
		return nil
	}
	if err := bucket.Close(s.bucket); err != nil {
		return fmt.Errorf("sink %q: close bucket: %w", s.options.Name, err)
	}
	return nil
}

// Name returns the sink's name.
func (s *Sink) Name() string { return s.options.Name }

// Bucket returns the bucket that the sink writes to, for what is kept beside the data. It is closed with the sink, or by
// who gave it in the options.
func (s *Sink) Bucket() bucket.Bucket { return s.bucket }

// share is how many bytes one open partition may hold at the moment.
func (s *Sink) share() int64 { return s.options.Memory / max(1, s.open.Load()) }

// Partition says where rows go.
type Partition struct {
	// Prefix is the partition's folder below the sink's URL, without a slash at its end: see PartitionPrefix.
	Prefix string
	// Metadata goes into the Parquet files' key-value metadata. NDJSON has no place for it.
	Metadata map[string]string
}

// NewPartition begins a partition. The caller ends it with Publish, Close or Abort. Two writers of one partition at the same time
// would overwrite each other's files.
func (s *Sink) NewPartition(ctx context.Context, schema *table.Schema, p Partition) (*PartitionWriter, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := bucket.ValidKey(p.Prefix); err != nil {
		return nil, fmt.Errorf("sink %q: partition %q: %w", s.options.Name, p.Prefix, err)
	}
	return newPartitionWriter(s, schema, p), nil
}
