package extract

import "sync/atomic"

// counter is one of the things that a walk counts.
type counter uint8

const (
	countPages counter = iota
	countEntries
	countKept
	countDuplicates
	countOutside
	countKnown
	countWindows
	countResumed
	countUnreadable
	countFetched
	countSkipped
	countMissing
	countDenied
	countFailed
	countListRequests
	countDetailRequests
	countUsageRequests
	countRetries
	countThrottled
	countRestarts
	countSplits
	countBytes
	gaugeWindows
	gaugeDetails
	gaugeSleeping
	counters
)

// Progress counts what walks do, while they do it. One Progress may serve several walks; the zero value is ready. All
// methods may be called concurrently. It must not be copied.
type Progress struct {
	n      [counters]atomic.Int64
	parent *Progress // counts the same; nil for none
}

// NewProgress returns a Progress whose counts are counted on the parent too: a walk's within those of a whole run.
func NewProgress(parent *Progress) *Progress { return &Progress{parent: parent} }

// add counts on p and its parents. A nil Progress counts nothing.
func (p *Progress) add(c counter, n int64) {
	for ; p != nil; p = p.parent {
		p.n[c].Add(n)
	}
}

func requestCounter(op Op) counter {
	switch op {
	case OpDetail:
		return countDetailRequests
	case OpUsage:
		return countUsageRequests
	default:
		return countListRequests
	}
}

// Stats are the counts of a Progress at one moment.
type Stats struct {
	Pages      int64 // list pages read
	Entries    int64 // elements on them
	Kept       int64 // entries that belong to the interval and were not known, each once; entries pending from an earlier walk too
	Duplicates int64 // entries seen before
	Outside    int64 // entries whose timestamp is outside their window
	Known      int64 // entries that an earlier walk had listed
	Unreadable int64 // elements that are no record, reported as Bad

	// What became of the details of kept entries.
	Fetched, Skipped, Missing, Denied, Failed int64

	// Attempts, retries among them included.
	ListRequests, DetailRequests, UsageRequests int64

	Retries   int64 // attempts that had to be repeated
	Throttled int64 // answers with status 429
	Restarts  int64 // cursor chains begun again
	Splits    int64 // windows split off from others while those were walked
	Bytes     int64 // of successful answers, decompressed

	WindowsWalked  int64 // windows begun, resumed ones among them
	ResumedWindows int64 // of them those that an earlier walk had begun

	Windows  int64 // windows walking now
	InFlight int64 // details being fetched now, waiting for the rate budget included
	Sleeping int64 // details waiting for their next attempt now
}

// Snapshot returns the counts. They are read one after the other, not at one instant.
func (p *Progress) Snapshot() Stats {
	get := func(c counter) int64 { return p.n[c].Load() }
	return Stats{
		Pages: get(countPages), Entries: get(countEntries), Kept: get(countKept), Duplicates: get(countDuplicates),
		Outside: get(countOutside), Known: get(countKnown), Unreadable: get(countUnreadable),
		Fetched: get(countFetched), Skipped: get(countSkipped), Missing: get(countMissing), Denied: get(countDenied), Failed: get(countFailed),
		ListRequests: get(countListRequests), DetailRequests: get(countDetailRequests), UsageRequests: get(countUsageRequests),
		Retries: get(countRetries), Throttled: get(countThrottled), Restarts: get(countRestarts), Splits: get(countSplits), Bytes: get(countBytes),
		WindowsWalked: get(countWindows), ResumedWindows: get(countResumed),
		Windows: get(gaugeWindows), InFlight: get(gaugeDetails), Sleeping: get(gaugeSleeping),
	}
}
