package main

import (
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
