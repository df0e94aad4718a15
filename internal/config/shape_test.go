package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShapeChangesWithWhatRowsAndFilesLookLike(t *testing.T) {
	plain := sound(t, pipelineWith("", "", "", "")).Shape()
	differs := func(extra string) (keys []string) {
		other := sound(t, pipelineWith("", "", "", extra)).Shape()
		for key, value := range other {
			if plain[key] != value {
				keys = append(keys, key)
			}
		}
		return keys
	}
	require.Equal(t, []string{"transform.raw"}, differs("transform: {raw: true}"))
	require.Equal(t, []string{"transform.columns"}, differs("transform: {columns: [{name: a, path: $.b, type: json}]}"))
	require.Empty(t, differs("extract: {windows: 3, max_memory: 64MiB}\nreconcile: off\nstate: {lock_timeout: 3s}"))
	require.Equal(t, `"parquet"`, plain["sinks.lake.format"])
	require.Equal(t, `[]`, plain["source.filters"])
}

func TestShapeHoldsNoSecret(t *testing.T) {
	p, err := parse("pipeline.yaml", readTestdata(t, "reference.yaml"), fixed(), nil)
	require.NoError(t, err)
	for key, value := range p.Shape() {
		require.NotContains(t, value, marker, key)
	}
}
