package sinks

import (
	"fmt"
	"os"
	"slices"

	"logferry/sinks/bucket"
)

// Format is how a file holds rows.
type Format string

// The formats.
const (
	Parquet Format = "parquet"
	NDJSON  Format = "ndjson"
)

// The smallest and the default values of Options, bytes.
const (
	DefaultMaxFileSize = 256 << 20
	DefaultMemory      = 64 << 20
	MinMemory          = 4 << 20
)

// Options says what a sink is.
type Options struct {
	Name string // for messages
	// URL is a Go CDK bucket URL whose path is the prefix of all keys: file://./out, file:///srv/lake,
	// s3://bucket/prefix, gs://bucket/prefix, azblob://container/prefix, mem://. Each mem:// is a bucket of its own.
	URL    string
	Format Format
	// Compression is zstd, snappy or none for Parquet and gzip, zstd or none for NDJSON. Empty means zstd for Parquet and
	// none for NDJSON.
	Compression string
	// MaxFileSize is the size, in compressed bytes, at which a file is ended and the next one begun. Files come out a few
	// per cent smaller or larger. 0 means DefaultMaxFileSize.
	MaxFileSize int64
	// StagingDir is the folder in which files wait for their upload; it is made if it isn't there. Each open partition has
	// a folder of its own in it, which goes with Publish, Close and Abort; what a killed process leaves there is the caller's
	// to remove. Empty means the system's folder for temporary files.
	StagingDir string
	// Memory is how many bytes the encoders of all open partitions may hold together, at least MinMemory. 0 means
	// DefaultMemory. Besides come some copies of the largest value while it is encoded, and up to 24 MiB for an upload to a
	// remote bucket.
	Memory int64
	// CreatedBy names the program in the files, in the form "logferry version 1.2.3 (build abc)": readers of Parquet
	// distrust the statistics of files whose writer they can't parse.
	CreatedBy string
	// Retention, if set, says what each object that is written below URL is to be kept by; see Keepable. Open refuses it for a place that
	// has no means for it.
	Retention bucket.Rule
	// Bucket, if set, is used instead of opening URL, with a retention of its own if any, and stays the caller's to close.
	Bucket bucket.Bucket
}

// extensions are the file name extensions by format and compression.
var extensions = map[Format]map[string]string{
	Parquet: {"zstd": ".parquet", "snappy": ".parquet", "none": ".parquet"},
	NDJSON:  {"gzip": ".ndjson.gz", "zstd": ".ndjson.zst", "none": ".ndjson"},
}

var contentTypes = map[string]string{
	".parquet":    "application/vnd.apache.parquet",
	".ndjson":     "application/x-ndjson",
	".ndjson.gz":  "application/gzip",
	".ndjson.zst": "application/zstd",
}

// withDefaults returns the options with every empty field filled in, or says what is wrong with them.
func (o Options) withDefaults() (Options, error) {
	compressions := extensions[o.Format]
	if compressions == nil {
		return o, fmt.Errorf("unknown format %q: use %s or %s", o.Format, Parquet, NDJSON)
	}
	if o.Compression == "" {
		o.Compression = map[Format]string{Parquet: "zstd", NDJSON: "none"}[o.Format]
	}
	if _, known := compressions[o.Compression]; !known {
		var names []string
		for name := range compressions {
			names = append(names, name)
		}
		slices.Sort(names)
		return o, fmt.Errorf("unknown compression %q for %s: use one of %q", o.Compression, o.Format, names)
	}
	if o.MaxFileSize < 0 || o.Memory < 0 || o.Memory > 0 && o.Memory < MinMemory {
		return o, fmt.Errorf("sizes must not be negative, and memory must be at least %d bytes", MinMemory)
	}
	if o.MaxFileSize == 0 {
		o.MaxFileSize = DefaultMaxFileSize
	}
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	if o.StagingDir == "" {
		o.StagingDir = os.TempDir()
	}
	return o, nil
}

func (o *Options) extension() string { return extensions[o.Format][o.Compression] }
