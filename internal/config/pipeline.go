package config

import (
	"time"

	"logferry/internal/window"
)

// Pipeline is a whole pipeline.yaml with every default filled in. Load and Parse make it.
type Pipeline struct {
	Version   int    // 1
	Name      string // [a-z0-9][a-z0-9-]{0,62}
	Source    Source
	Range     Range
	Extract   Extract
	Transform Transform
	Sinks     []Sink // at least one, names and places unique
	State     State
	Reconcile Reconcile

	warnings Diagnostics
	origins  map[string]Origin
}

// Warnings are the findings that do not forbid a run, in the order of the file.
func (p *Pipeline) Warnings() Diagnostics { return p.warnings }

// Source says which logs are read, and from where.
type Source struct {
	BaseURL   string // no slash at its end
	AllowHTTP bool
	// Projects has at least one element. Where the file declares no projects, its one element has no name.
	Projects []Project
	Filters  []Filter // AND-combined
	Details  Details
}

// NamesProjects says that the file declares projects, so that paths and rows name them.
func (s *Source) NamesProjects() bool { return len(s.Projects) > 0 && s.Projects[0].Name != "" }

// Project is one project of the organisation and the way in.
type Project struct {
	Name       string // [a-z0-9][a-z0-9_-]{0,62}; "" where none are declared
	Credential Credential
}

// Method is a way to authenticate.
type Method string

// The methods. An APIKey is sent as the header x-api-key, a SessionCookie as Cookie.
const (
	APIKey        Method = "api_key"
	SessionCookie Method = "session_cookie"
)

// Credential is what a project's requests are authenticated with.
type Credential struct {
	Method Method
	Secret Secret
	File   string // the api_key_file as written, where the secret was read from one
}

// Filter is one condition on the logs, in the API's own words.
type Filter struct {
	Field    string // one of FilterFields
	Operator string // == != contains not_contains
	Value    string
}

// Details says which records get their full detail fetched.
type Details string

// The choices for source.details.
const (
	DetailsAll    Details = "all"
	DetailsFailed Details = "failed"
	DetailsNone   Details = "none"
)

// Range says which time is exported, cut into which partitions. Resolve turns it into instants.
type Range struct {
	From, To  Time          // From included, To excluded
	Settle    time.Duration // nothing younger is exported
	Lookback  time.Duration // partitions that ended less than this ago are listed again
	Partition window.Granularity
}

// Count is a number, or Auto.
type Count int

// Auto leaves the number to the program.
const Auto Count = 0

// Extract says how the API is read.
type Extract struct {
	Windows         Count // cursor chains at once, 1 to 256, or Auto
	DetailsInFlight Count // detail requests at once, 1 to 1024, or Auto
	Rate            Rate
	Timeout         time.Duration // of one request
	GiveUpAfter     time.Duration // one request is retried for so long
	OnBadRecord     OnBadRecord
	MaxMemory       int64  // bytes
	Spool           string // a folder or a bucket URL; "" is the user's cache folder
}

// Rate says how fast the API is read.
type Rate struct {
	Limit    Count   // requests a minute, or Auto: what the response headers say
	Headroom float64 // share of the budget left to the organisation's own traffic: 0 ≤ Headroom < 1
}

// OnBadRecord says what becomes of a record that can't be fetched or read.
type OnBadRecord string

// The choices for extract.on_bad_record.
const (
	Quarantine OnBadRecord = "quarantine"
	Fail       OnBadRecord = "fail"
)

// Transform says what a row holds beyond the built-in columns.
type Transform struct {
	Columns       []Column
	Redact        []Redaction
	RedactSecrets bool
	Raw           bool
}

// Column is a declared column.
type Column struct {
	Name string // [a-z_][a-z0-9_]{0,127}, none of ReservedColumns
	Path string // RFC 9535 JSONPath into the record
	Type ColumnType
}

// ColumnType is the type of a declared column.
type ColumnType string

// The types of declared columns.
const (
	ColumnString    ColumnType = "string"
	ColumnInt64     ColumnType = "int64"
	ColumnFloat64   ColumnType = "float64"
	ColumnBool      ColumnType = "bool"
	ColumnTimestamp ColumnType = "timestamp"
	ColumnJSON      ColumnType = "json"
)

// Redaction takes values out of a record before anything of it is written.
type Redaction struct {
	Path   string // RFC 9535 JSONPath into the record, without filters; neither the record itself nor its id, timestamp or status
	Action RedactAction
	Key    Secret // of the HMAC, at least 16 bytes; only with RedactHash
	File   string // the key_file as written, where the key was read from one
}

// RedactAction is what is done with a redacted value.
type RedactAction string

// The choices for an action. RedactHash is HMAC-SHA-256 under the redaction's key.
const (
	RedactDrop RedactAction = "drop"
	RedactMask RedactAction = "mask"
	RedactHash RedactAction = "hash"
)

// Sink is a place that rows are written to.
type Sink struct {
	Name        string // [a-z0-9][a-z0-9_-]{0,62}
	URL         string // a Go CDK bucket URL whose path is the prefix
	Format      Format
	Compression Compression
	MaxFileSize int64 // bytes
	Retention   Retention
}

// Format is a file format.
type Format string

// The file formats.
const (
	Parquet Format = "parquet"
	NDJSON  Format = "ndjson"
)

// Compression is a codec of a Format.
type Compression string

// The codecs. Parquet takes Zstd, Snappy and None; NDJSON takes Gzip, Zstd and None.
const (
	Zstd   Compression = "zstd"
	Snappy Compression = "snappy"
	Gzip   Compression = "gzip"
	None   Compression = "none"
)

// State says where the state is kept.
type State struct {
	URL         string        // a bucket URL; "" is _logferry/ in the first sink
	LockTimeout time.Duration // another run's lock is waited for so long
	// SigningKey signs commits: an Ed25519 private key, as signing.ParsePrivate reads it. Zero where they are not signed.
	SigningKey     Secret
	SigningKeyFile string // as written, where the key was read from a file
	// Retention is that of commits, checkpoints, manifests and signatures. Without a URL it is that of the first sink where nothing else
	// is said.
	Retention Retention
}

// Reconcile says what a disagreement with the usage counts does.
type Reconcile string

// The choices for reconcile.
const (
	ReconcileOff  Reconcile = "off"
	ReconcileWarn Reconcile = "warn"
	ReconcileFail Reconcile = "fail"
)
