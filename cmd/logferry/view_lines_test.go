package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
)

func TestSummarySaysWhereClearlyMoreWasSpentThanNeeded(t *testing.T) {
	for _, c := range []struct {
		requests apply.RequestSummary
		text     string
	}{
		{apply.RequestSummary{}, ""},
		{apply.RequestSummary{List: 51, Detail: 5000, Least: 5050, OverLeast: 1.0002}, ""},
		{apply.RequestSummary{List: 3, Least: 1, OverLeast: 3}, ""},
		{apply.RequestSummary{List: 1500, Detail: 5000, Least: 5000, OverLeast: 1.3}, ", 1.30 times the least possible 5,000"},
	} {
		require.Equal(t, c.text, leastText(c.requests))
	}
}

func TestSummaryCountsWhatIsInQuarantineAndWhatBucketsKeep(t *testing.T) {
	for name, c := range map[string]struct {
		summary        apply.Summary
		contains, none string
	}{
		"nothing":                {apply.Summary{}, "", "quarantined|retained"},
		"all of it in this run":  {apply.Summary{Quarantined: 3, QuarantinedTotal: 3}, "quarantined  3, see _logferry/quarantine/", "in all"},
		"some of it in this run": {apply.Summary{Quarantined: 3, QuarantinedTotal: 1200}, "quarantined  3 in the partitions of this run, 1,200 in all, see", ""},
		"none of it in this run": {apply.Summary{QuarantinedTotal: 12}, "quarantined  0 in the partitions of this run, 12 in all, see", ""},
		"what buckets keep":      {apply.Summary{Retained: 1}, "retained     1 object whose place others have taken: the buckets keep them", "quarantined"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			printSummary(&app{stdout: &out}, &c.summary, nil, nil)
			require.Contains(t, out.String(), c.contains)
			if c.none != "" {
				require.NotRegexp(t, c.none, out.String())
			}
		})
	}
}
