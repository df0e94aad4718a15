package apply

import (
	"iter"
	"math"

	"logferry/extract"
	"logferry/internal/record"
)

// leastRequests is how few list and detail requests could have done what a walk did: a page for each hundred entries that it
// listed, one page at least where it listed at all, and a request for each detail that it settled. handed is how many entries
// it was given by an earlier walk: those are not listed again.
func leastRequests(n *extract.Stats, handed int64) int64 {
	var pages int64
	if n.ListRequests > 0 {
		listed := max(n.Kept-handed, 0) + n.Known
		pages = max((listed+extract.PageLimit-1)/extract.PageLimit, 1)
	}
	return pages + n.Fetched + n.Missing + n.Denied + n.Failed
}

// overLeast is how many times the least possible number was spent; 0 where nothing was needed.
func overLeast(spent, least int64) float64 {
	if least == 0 {
		return 0
	}
	const digits = 1e4
	return math.Round(float64(spent)/float64(least)*digits) / digits
}

// counted counts what a sequence yields. It may be nil.
func counted(entries iter.Seq2[record.Entry, error], n *int64) iter.Seq2[record.Entry, error] {
	if entries == nil {
		return nil
	}
	return func(yield func(record.Entry, error) bool) {
		for e, err := range entries {
			if err == nil {
				*n++
			}
			if !yield(e, err) {
				return
			}
		}
	}
}
