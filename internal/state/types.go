package state

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"logferry/internal/window"
	"logferry/sinks/bucket"
)

// Entry is what the state says of one partition: enough to plan with, without reading its manifest. All times are UTC.
type Entry struct {
	Project     string    `json:"project,omitempty"`
	Partition   string    `json:"partition"` // its path: "dt=2026-04-17/hour=13"
	Version     int       `json:"version"`   // 1, 2, … of this partition; see State.NextVersion
	Manifest    string    `json:"manifest"`  // SHA-256 of the manifest object, hex
	From        time.Time `json:"from"`      // the time of the partition that is covered: From included,
	To          time.Time `json:"to"`        // To excluded
	AsOf        time.Time `json:"as_of"`     // complete as of: when the listing of it began
	Shape       string    `json:"shape"`     // names one of State.Shapes, where it is known
	Rows        int64     `json:"rows"`
	Bytes       int64     `json:"bytes"` // of all files of all sinks
	Quarantined int64     `json:"quarantined,omitzero"`
	Unreadable  int64     `json:"unreadable,omitzero"` // of the quarantined records, those that have no row
	RetryAt     time.Time `json:"retry_at,omitzero"`   // when quarantined records are due to be tried again; zero when none is
	Erased      int64     `json:"erased,omitzero"`     // ids that its manifest says are not to be exported again
	Files       []FileRef `json:"files,omitempty"`
}

// FileRef names a data file.
type FileRef struct {
	Sink string `json:"sink"`
	Key  string `json:"key"`  // below the sink's URL
	Size int64  `json:"size"` // bytes
}

// EntryKey names a partition of a project; Project is "" where a pipeline has one project.
type EntryKey struct {
	Project   string `json:"project,omitempty"`
	Partition string `json:"partition"`
}

// EntryKey returns what names the entry.
func (e *Entry) EntryKey() EntryKey { return EntryKey{Project: e.Project, Partition: e.Partition} }

// Name is the partition's path below its project: "acme/dt=2026-04-17", or without project "dt=2026-04-17".
func (e *Entry) Name() string { return e.EntryKey().String() }

func (k EntryKey) String() string { return path.Join(k.Project, k.Partition) }

// valid says that the key can be part of the keys of objects.
func (k EntryKey) valid() bool {
	return k.Partition != "" && !strings.Contains(k.Project, "/") && bucket.ValidKey(path.Join(k.Project, k.Partition)) == nil
}

// Interval is the time of the partition that is covered.
func (e *Entry) Interval() window.Interval { return window.New(e.From, e.To) }

// normal returns the entry as a load gives it back: UTC, no monotonic clock readings, no empty list of files. It shares
// no memory that is changed later.
func (e *Entry) normal() Entry {
	n := *e
	for _, t := range []*time.Time{&n.From, &n.To, &n.AsOf, &n.RetryAt} {
		*t = t.UTC().Round(0)
	}
	n.Files = append([]FileRef(nil), e.Files...)
	return n
}

// Shape holds, by config key, the values as compact JSON text that decide what rows look like
// ("source.details": `"all"`).
type Shape map[string]string

// Hash names the shape: the first 16 hex digits of the SHA-256 over its JSON with sorted keys.
func (s Shape) Hash() string {
	// A map of strings can only fail to encode for bad UTF-8, which is let through.
	text, _ := json.Marshal(s, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	return hexSum(text)[:shortHash]
}

// shortHash is how many hex digits of a SHA-256 tell objects apart in keys.
const shortHash = 16

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
