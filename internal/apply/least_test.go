package apply

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/extract"
)

func TestLeastRequestsCountsPagesListedAndDetailsSettled(t *testing.T) {
	for name, c := range map[string]struct {
		stats  extract.Stats
		handed int64
		least  int64
	}{
		"nothing was done":               {},
		"an interval without records":    {stats: extract.Stats{ListRequests: 1}, least: 1},
		"a page that is not full":        {stats: extract.Stats{ListRequests: 1, Kept: 99, Skipped: 99}, least: 1},
		"two full pages":                 {stats: extract.Stats{ListRequests: 5, Kept: 200, Skipped: 200}, least: 2},
		"one record more":                {stats: extract.Stats{ListRequests: 5, Kept: 201, Fetched: 201}, least: 3 + 201},
		"repeats need no page":           {stats: extract.Stats{ListRequests: 9, Kept: 100, Duplicates: 700, Outside: 50}, least: 1},
		"details by outcome":             {stats: extract.Stats{ListRequests: 1, Kept: 10, Skipped: 1, Fetched: 2, Missing: 2, Denied: 2, Failed: 3}, least: 1 + 9},
		"handed entries are not listed":  {stats: extract.Stats{Kept: 300, Fetched: 300}, handed: 300, least: 300},
		"resumed, and listed some":       {stats: extract.Stats{ListRequests: 2, Kept: 450, Known: 20, Fetched: 450}, handed: 300, least: 2 + 450},
		"ended before all were kept":     {stats: extract.Stats{ListRequests: 1, Kept: 3}, handed: 5, least: 1},
		"usage requests are not counted": {stats: extract.Stats{UsageRequests: 8}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.least, leastRequests(&c.stats, c.handed)) })
	}
}

func TestSummaryLeavesTheRatioOutWhereNothingWasNeeded(t *testing.T) {
	for _, c := range []struct {
		spent, least int64
		text         string
	}{
		{0, 0, `"least":0}`},
		{3, 0, `"least":0}`},
		{100, 100, `"least":100,"over_least":1}`},
		{103, 101, `"least":101,"over_least":1.0198}`},
	} {
		text, err := json.Marshal(RequestSummary{Least: c.least, OverLeast: overLeast(c.spent, c.least)})
		require.NoError(t, err)
		require.Contains(t, string(text), c.text)
	}
}
