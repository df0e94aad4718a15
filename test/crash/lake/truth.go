package lake

import (
	"fmt"
	"path"
	"slices"
	"time"

	"logferry/internal/logsim"
	"logferry/internal/record"
	"logferry/internal/table"
	"logferry/internal/window"
	"logferry/sinks"
	"logferry/sinks/sinktest"
	"logferry/transform"
)

// outcomes is what becomes of a detail.
var outcomes = map[logsim.Fate]record.Outcome{
	logsim.DetailServed: record.Fetched, logsim.DetailMissing: record.Missing, logsim.DetailDenied: record.Denied,
	logsim.DetailBroken: record.Failed, logsim.DetailInvalid: record.Failed,
}

// Export is what an export with all details is to hold.
type Export struct {
	Transform transform.Options
	Partition window.Granularity
	Format    sinks.Format
	// Outcome replaces what becomes of a detail that can't be had; "" is what the API says of it.
	Outcome record.Outcome
}

// Truth returns the lines that Rows has to return of an export of the records that a query finds. It asks the simulator, and not
// its API.
func (e Export) Truth(truth *logsim.Truth, q logsim.Query) ([]string, error) {
	f, err := transform.New(e.Transform)
	if err != nil {
		return nil, err
	}
	asWritten := sinktest.AsParquet
	if e.Format == sinks.NDJSON {
		asWritten = sinktest.AsNDJSON
	}
	var lines []string
	for _, n := range truth.Numbers(q) {
		rec, err := recordOf(truth, n)
		if err != nil {
			return nil, err
		}
		if e.Outcome != "" && rec.Outcome != record.Fetched {
			rec.Outcome = e.Outcome
		}
		row, err := f.Flatten(rec, "")
		if err != nil {
			return nil, err
		}
		folder := path.Join(sinks.Table, window.PartitionOf(time.UnixMicro(rec.Micros), e.Partition).Path())
		lines = append(lines, Line(folder, asWritten(f.Schema(), []table.Row{row})[0]))
	}
	slices.Sort(lines)
	return lines, nil
}

// recordOf is the n-th record as a faultless run has it.
func recordOf(truth *logsim.Truth, n int) (*record.Record, error) {
	page, err := record.ParsePage(fmt.Appendf(nil, `{"logs":[%s]}`, truth.AppendEntry(nil, n)))
	if err != nil || len(page.Entries) != 1 {
		return nil, fmt.Errorf("record %d of the simulator: %w", n, err)
	}
	rec := &record.Record{Entry: page.Entries[0], Outcome: outcomes[truth.Fact(n).Fate]}
	if rec.Outcome == record.Fetched {
		rec.Detail = truth.AppendDetail(nil, n)
	}
	return rec, nil
}

// Difference says how lines of Rows differ from those of Truth.
type Difference struct {
	Lost, Surplus int    // lines that should be there, and that should not; a row with another value is one of each
	Double        int    // lines that are there more than once
	First         string // one of them
}

// Empty says that there is none.
func (d *Difference) Empty() bool { return d.Lost == 0 && d.Surplus == 0 && d.Double == 0 }

// Compare compares lines.
func Compare(want, got []string) (d Difference) {
	count := map[string]int{}
	for _, line := range got {
		count[line]++
		if count[line] == 2 {
			d.Double++
			d.First = "twice: " + line
		}
	}
	for _, line := range want {
		if count[line] == 0 {
			d.Lost++
			d.First = "lost: " + line
		}
		delete(count, line)
	}
	for line := range count {
		d.Surplus++
		if d.First == "" {
			d.First = "surplus: " + line
		}
	}
	return d
}
