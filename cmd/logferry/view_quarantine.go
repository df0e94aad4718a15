package main

import (
	"fmt"

	"github.com/dustin/go-humanize"

	"logferry/internal/apply"
	"logferry/internal/plan"
)

// printQuarantine says how many records could not be had or read whole so far: steps name only those that are due.
func (a *app) printQuarantine(q plan.Quarantine) {
	if q.Quarantined == 0 {
		return
	}
	again := "none"
	if q.QuarantinedDue > 0 {
		again = humanize.Comma(q.QuarantinedDue)
	}
	fmt.Fprintf(a.stdout, "%s in quarantine, %s of them tried again now.\n", counted(q.Quarantined, "record"), again)
}

// quarantineText counts the records of a run's end that could not be had or read whole, "" for none.
func quarantineText(s *apply.Summary) string {
	const where = ", see _logferry/quarantine/ in the first sink"
	switch {
	case s.Quarantined == 0 && s.QuarantinedTotal == 0:
		return ""
	case s.Quarantined == s.QuarantinedTotal:
		return humanize.Comma(s.Quarantined) + where
	}
	return fmt.Sprintf("%s in the partitions of this run, %s in all", humanize.Comma(s.Quarantined), humanize.Comma(s.QuarantinedTotal)) + where
}
