package extract

import (
	"bytes"

	"logferry/internal/record"
)

// hand gives the kept entries of a page on. memory holds the page's size in bytes.
func (c *chain) hand(memory *reservation, kept []record.Entry, size int) {
	var bytesKept int64
	for i := range kept {
		bytesKept += int64(len(kept[i].Raw))
	}
	if bytesKept < int64(size)/2 {
		for i := range kept { // don't hold a page for a few of its entries
			kept[i].Raw = bytes.Clone(kept[i].Raw)
		}
	}
	c.w.hand(memory, kept)
}

// hand gives entries to the detail workers or to the receiver, and the memory with them.
func (w *walk) hand(memory *reservation, entries []record.Entry) {
	skipped := batch{}
	var jobs []job
	var total int64
	for i := range entries {
		rec := record.Record{Entry: entries[i], Outcome: record.Skipped}
		part := held{of: memory, bytes: int64(rec.Size())}
		total += part.bytes
		if w.step.Details.Wants(entries[i].Status) {
			if jobs == nil {
				jobs = make([]job, 0, len(entries)-i)
			}
			jobs = append(jobs, job{walk: w, rec: rec, entry: part})
			continue
		}
		if skipped.records == nil {
			skipped.records = make([]record.Record, 0, len(entries)-i)
		}
		skipped.records = append(skipped.records, rec)
		skipped.held = append(skipped.held, part)
	}
	memory.resize(total)
	w.collector.begin(len(jobs))
	if len(skipped.records) > 0 {
		w.progress.add(countSkipped, int64(len(skipped.records)))
		w.deliver(skipped)
	}
	for i := range jobs {
		w.enqueue(&jobs[i])
	}
}
