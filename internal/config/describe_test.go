package config

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDescribeIsTheSamePipeline(t *testing.T) {
	p, err := Parse("pipeline.yaml", readTestdata(t, "reference.yaml"), fixed())
	require.NoError(t, err)
	require.Equal(t, string(golden(t, "described.golden", p.Describe())), string(p.Describe()))
	again, err := Parse("pipeline.yaml", p.Describe(), fixed())
	require.NoError(t, err)
	require.Equal(t, string(p.Describe()), string(again.Describe()))

	line, err := json.Marshal(p)
	require.NoError(t, err)
	require.JSONEq(t, string(p.Describe()), string(line))
}

// The digest is pinned: what is stored under it must be found again.
func TestHashStaysWhatItIs(t *testing.T) {
	p := sound(t, pipelineWith("", "", "", ""))
	require.Equal(t, "70608df71e1241b1249ed2d895bba64f9fda52d0bce7e91a13549c681808bea6", p.Hash())
}

func TestHashIsOfTheMeaning(t *testing.T) {
	base := sound(t, pipelineWith("", "", "", "")).Hash()
	for what, src := range map[string]string{
		"a comment":            "# hello\n" + pipelineWith("", "", "", ""),
		"a default written":    pipelineWith("  details: all", "", "", "extract: {rate: {headroom: 0.2}, max_memory: 512MiB}"),
		"another spelling":     pipelineWith("", "  {from: 1790812800000}", "", "extract: {timeout: 0.5m, give_up_after: 900s}"),
		"another credential":   pipelineWith("  api_key: ${PROD_KEY}", "", "", ""),
		"a key of another way": pipelineWith("  session_cookie: ${COOKIE}", "", "", ""),
	} {
		require.Equal(t, base, sound(t, src).Hash(), what)
	}
	for what, src := range map[string]string{
		"a filter":  pipelineWith("  filters: [status == failed]", "", "", ""),
		"the range": pipelineWith("", "  {from: 2026-10-02}", "", ""),
		"a sink":    pipelineWith("", "", `  - {name: lake, url: "file://./other"}`, ""),
		"a column":  pipelineWith("", "", "", "transform: {columns: [{name: a, path: $.a, type: json}]}"),
		"a project": pipelineWith("  projects: [{name: prod, api_key: ${PROD_KEY}}]", "", "", ""),
		"a number":  pipelineWith("", "", "", "extract: {windows: 3}"),
	} {
		require.NotEqual(t, base, sound(t, src).Hash(), what)
	}
}
