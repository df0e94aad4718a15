package config

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheStateBesideTheDataIsKeptAsThatIs(t *testing.T) {
	year := Retention{Mode: Governance, Period: 365 * day}
	const kept = `  - {name: a, url: "s3://b/a", retention: {period: 365d}}`
	for _, test := range []struct {
		sinks, rest string
		sink, state Retention
	}{
		{kept, "", year, year},
		{kept, "state: {retention: {mode: none}}", year, Retention{}},
		{kept, "state: {retention: {legal_hold: true}}", year, Retention{Mode: Governance, LegalHold: true}},
		{kept, `state: {url: "s3://b/state"}`, year, Retention{}},
		{"", `state: {url: "s3://b/state", retention: {mode: compliance, period: 2h}}`, Retention{}, Retention{Mode: Compliance, Period: 2 * time.Hour}},
		{`  - {name: z, url: "s3://b/z", retention: {mode: none}}` + "\n" + kept, "", Retention{}, Retention{}},
	} {
		p := sound(t, pipelineWith("", "", test.sinks, test.rest))
		require.Equal(t, []Retention{test.sink, test.state}, []Retention{p.Sinks[0].Retention, p.State.Retention}, test.rest)
		again, err := Parse("described", p.Describe(), withKey())
		require.NoError(t, err, "%s", p.Describe())
		require.Equal(t, []Retention{test.sink, test.state}, []Retention{again.Sinks[0].Retention, again.State.Retention}, "%s", p.Describe())
		require.Equal(t, p.Hash(), again.Hash())
	}
}

func TestAPipelineWithoutARetentionIsDescribedWithoutOne(t *testing.T) {
	require.NotContains(t, string(sound(t, pipelineWith("", "", "", "")).Describe()), "retention")
}
