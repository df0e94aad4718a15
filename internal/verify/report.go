package verify

import (
	"cmp"
	"slices"
)

// Kind is what is wrong.
type Kind string

// The kinds of findings.
const (
	BrokenState Kind = "state"      // a commit, checkpoint or manifest is not what it should be
	Missing     Kind = "missing"    // an object that the state names is not there
	Altered     Kind = "altered"    // it is, with another size or hash
	Content     Kind = "content"    // its rows are not those that the manifest counts
	Stray       Kind = "stray"      // a data file that no state names
	History     Kind = "history"    // a head that was written down is not, or not so, in the history
	Signature   Kind = "signature"  // a signature is missing, or not that of its commit
	Unsigned    Kind = "unsigned"   // the newest commit has no signature by a key that was given
	Late        Kind = "late"       // the API lists a record that the next apply will add: no fault
	Undeclared  Kind = "undeclared" // a file's sink is not declared any more, or not given: it was not looked at
)

// Finding is one thing that is wrong.
type Finding struct {
	Type      string `json:"type"` // "finding"
	Kind      Kind   `json:"kind"`
	Partition string `json:"partition,omitempty"`
	Sink      string `json:"sink,omitempty"`
	Key       string `json:"key,omitempty"`
	Problem   string `json:"problem"`
	Advice    string `json:"advice,omitempty"`
}

// Report is what a verification has found. Its JSON names are stable.
type Report struct {
	Type        string `json:"type"` // "summary"
	OK          bool   `json:"ok"`
	Deep        bool   `json:"deep"`
	Lineage     string `json:"lineage"`
	Serial      int64  `json:"serial"`
	Head        string `json:"head"` // SHA-256 of the newest commit: written down elsewhere, it proves the whole chain
	Commits     int64  `json:"commits"`
	Partitions  int64  `json:"partitions"`
	Files       int64  `json:"files"`
	Bytes       int64  `json:"bytes"`
	Rows        int64  `json:"rows"`        // as the manifests say
	RowsRead    int64  `json:"rows_read"`   // with Deep, over all sinks
	Quarantined int64  `json:"quarantined"` // records, as the manifests say
	Unreadable  int64  `json:"unreadable"`  // of them, those without a row
	// QuarantineObjects counts those that have what was committed.
	QuarantineObjects int64 `json:"quarantine_objects"`
	// Erased counts records that were erased from the partitions and are not exported again, and Erasures how often that was asked for of
	// a partition. Where partitions were divided, each counts what was erased before.
	Erased       int64           `json:"erased"`
	Erasures     int64           `json:"erasures"`
	WithoutRoot  int64           `json:"without_root"` // partitions whose manifest has no Merkle root: from before there was one
	Anchors      int64           `json:"anchors"`      // that were written down elsewhere, and are in the history
	AnchorsGiven int64           `json:"anchors_given"`
	Signatures   *SignatureCount `json:"signatures,omitempty"`
	// SignaturesUnchecked counts the commits that say that they are signed, where no key was given to check with.
	SignaturesUnchecked int64      `json:"signatures_unchecked,omitempty"`
	Leftovers           int64      `json:"leftovers"` // state objects of killed runs that no commit names: harmless, never read
	Census              *Census    `json:"census,omitempty"`
	Retained            []Retained `json:"retained"` // files of versions that were replaced, which their buckets keep: a glob reads their rows twice
	Findings            []Finding  `json:"findings"`
	DurationMS          int64      `json:"duration_ms"`
}

// Census is what listing the partitions again has shown.
type Census struct {
	Partitions int64 `json:"partitions"`
	Requests   int64 `json:"requests"`
	Listed     int64 `json:"listed"`
	Missing    int64 `json:"missing"` // listed and not in the lake, where no late record is expected any more
	Late       int64 `json:"late"`    // listed and not in the lake yet: the next apply lists the partition again
	Extra      int64 `json:"extra"`   // in the lake and not listed any more
	Erased     int64 `json:"erased"`  // listed, and erased from the lake
}

// NotLookedAt counts the findings about objects in sinks that were not declared or given.
func (r *Report) NotLookedAt() (n int64) {
	for i := range r.Findings {
		if r.Findings[i].Kind == Undeclared {
			n++
		}
	}
	return n
}

// End puts the findings in order and says whether one of them is a fault.
func (r *Report) End() {
	r.OK = true
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Type = "finding"
		r.OK = r.OK && (f.Kind == Late || f.Kind == Undeclared)
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Sink, b.Sink), cmp.Compare(a.Key, b.Key))
	})
}
