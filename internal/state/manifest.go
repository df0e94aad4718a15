package state

import (
	"time"

	"logferry/internal/window"
)

// MaxNamed is how many ids a Reconcile lists of a kind.
const MaxNamed = 100

// Manifest is all that is known of one version of one partition. It is written before the commit that names it and
// never changed. All times are UTC.
type Manifest struct {
	Pipeline  string    `json:"pipeline"`
	Lineage   string    `json:"lineage"`
	Project   string    `json:"project,omitempty"`
	Partition string    `json:"partition"`
	Version   int       `json:"version"`
	Previous  string    `json:"previous,omitempty"` // SHA-256, hex, of the manifest that it replaces
	From      time.Time `json:"from"`               // the time that is covered: From included,
	To        time.Time `json:"to"`                 // To excluded
	AsOf      time.Time `json:"as_of"`              // complete as of: when the listing of it began
	Shape     string    `json:"shape"`              // Shape.Hash of what rows look like
	Files     []File    `json:"files,omitempty"`
	Rows      int64     `json:"rows"` // of one sink; every sink has the same
	IDs       string    `json:"ids"`  // SHA-256, hex, over the log_ids in order of (timestamp, log_id), each followed by "\n"
	// Root is the root, hex, of the Merkle tree over the canonical forms of the rows (table.Canonical) in their order, and Columns
	// what columns they have, by the names of their kinds. Both are empty in format 1.
	Root             string            `json:"root,omitempty"`
	Columns          map[string]string `json:"columns,omitempty"`
	Statuses         map[string]int64  `json:"statuses,omitempty"`
	Details          map[string]int64  `json:"details,omitempty"` // rows by outcome of their detail
	Quarantine       []Quarantined     `json:"quarantine,omitempty"`
	QuarantineObject *Object           `json:"quarantine_object,omitempty"` // what is known of the quarantined records; nil where none is
	Requests         Requests          `json:"requests"`
	Windows          int64             `json:"windows"`         // walked
	Usage            *int64            `json:"usage,omitempty"` // the usage count seen for exactly From to To; nil where it was not asked for or not had
	Reconcile        *Reconcile        `json:"reconcile,omitempty"`
	// Erasures are what was erased from the partition, in this version or an earlier one, and Erased the ids of that. Both are empty
	// up to format 2.
	Erasures  []Erasure   `json:"erasures,omitempty"`
	Erased    []ErasedIDs `json:"erased,omitempty"` // sorted by their salts
	Action    string      `json:"action"`           // of the plan: "create", "refresh", …; or "erase"
	Reason    string      `json:"reason"`
	CreatedAt time.Time   `json:"created_at"`
	Program   string      `json:"program"` // version of the program that wrote it
}

// File is a data file, as verify must find it.
type File struct {
	Sink   string    `json:"sink"`
	Key    string    `json:"key"`    // below the sink's URL
	Size   int64     `json:"size"`   // bytes
	SHA256 string    `json:"sha256"` // hex
	Rows   int64     `json:"rows"`
	First  time.Time `json:"first,omitzero"` // timestamp of the first row, µs
	Last   time.Time `json:"last,omitzero"`
}

// Object names an object that is no data file.
type Object struct {
	Sink   string `json:"sink"`   // that holds it
	Key    string `json:"key"`    // below the sink's URL
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // hex
}

// Quarantined is a record that could not be had or read whole.
type Quarantined struct {
	LogID     string    `json:"log_id,omitempty"` // "" where not even that could be read
	Timestamp time.Time `json:"timestamp,omitzero"`
	Reason    string    `json:"reason"`
	LastError string    `json:"last_error,omitempty"`
	Attempts  int       `json:"attempts"` // requests
	Tries     int       `json:"tries"`    // runs
	FirstSeen time.Time `json:"first_seen"`
	LastTried time.Time `json:"last_tried"`
	Exported  bool      `json:"exported"` // it has a row, made of the list entry
}

// Requests are those spent on one version of a partition.
type Requests struct {
	List   int64 `json:"list"`
	Detail int64 `json:"detail"`
	Usage  int64 `json:"usage"`
}

// The results of comparing the number of rows with the usage count.
const (
	UsageAgrees  = "agrees"
	UsageDiffers = "differs"
	UsageUnknown = "unknown"
)

// Reconcile is the result of counting and listing a partition again. The lists hold at most MaxNamed log_ids, the counts
// all of them.
type Reconcile struct {
	Usage        string   `json:"usage"` // UsageAgrees, UsageDiffers or UsageUnknown
	Missing      []string `json:"missing,omitempty"`
	MissingCount int64    `json:"missing_count,omitzero"`
	Extra        []string `json:"extra,omitempty"`
	ExtraCount   int64    `json:"extra_count,omitzero"`
	Late         []string `json:"late,omitempty"`
	LateCount    int64    `json:"late_count,omitzero"`
}

func (m *Manifest) format() int {
	if len(m.Erasures) > 0 || len(m.Erased) > 0 { // who does not know them would bring the rows back
		return 3
	}
	if m.Root != "" || m.Columns != nil {
		return 2
	}
	return firstFormat
}

func (*Manifest) newestFormat() int { return 3 }

// Interval is the time of the partition that is covered.
func (m *Manifest) Interval() window.Interval { return window.New(m.From, m.To) }

// Entry returns the entry for a manifest that PutManifest stored under the hash sha. retryAt is when quarantined records
// are due again, zero for never.
func (m *Manifest) Entry(sha string, retryAt time.Time) Entry {
	e := Entry{
		Project: m.Project, Partition: m.Partition, Version: m.Version, Manifest: sha,
		From: m.From, To: m.To, AsOf: m.AsOf, Shape: m.Shape, Rows: m.Rows,
		Quarantined: int64(len(m.Quarantine)), RetryAt: retryAt, Erased: m.ErasedSet().Len(),
	}
	for _, q := range m.Quarantine {
		if !q.Exported {
			e.Unreadable++
		}
	}
	for _, f := range m.Files {
		e.Bytes += f.Size
		e.Files = append(e.Files, FileRef{Sink: f.Sink, Key: f.Key, Size: f.Size})
	}
	return e.normal()
}
