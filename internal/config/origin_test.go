package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOriginOfEveryKindOfValue(t *testing.T) {
	src := pipelineWith("  base_url: https://${HOST}/${EMPTY:-x}\n  filters:\n    - user_id == ${HOST}", "", "", "extract:\n  rate:\n    limit: 100\n  windows: ${NO_SUCH:-3}")
	p := sound(t, src)
	for key, want := range map[string]string{
		"name":                  "pipeline.yaml:2",
		"source.base_url":       "environment variable HOST, EMPTY (pipeline.yaml:4)",
		"source.api_key":        "environment variable COMPOSIO_API_KEY",
		"source.filters":        "pipeline.yaml:5",
		"source.filters[0]":     "environment variable HOST (pipeline.yaml:6)",
		"sinks[0].url":          "pipeline.yaml:10",
		"sinks[0].format":       "default",
		"extract.rate.limit":    "pipeline.yaml:13",
		"extract.rate.headroom": "default",
		"extract.windows":       "environment variable NO_SUCH (pipeline.yaml:14)",
		"extract.timeout":       "default",
		"no.such.key":           "default",
	} {
		require.Equal(t, want, p.Origin(key).String(), key)
	}
	require.Equal(t, Origin{Kind: FromFile, File: "pipeline.yaml", Line: 13, Column: 5}, p.Origin("extract.rate.limit"))

	p = sound(t, pipelineWith("  api_key: ${PROD_KEY}", "", "", ""))
	require.Equal(t, "environment variable PROD_KEY (pipeline.yaml:4)", p.Origin("source.api_key").String())
}
