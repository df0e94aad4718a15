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
	p, err := Parse("pipeline.yaml", readTestdata(t, "reference.yaml"), fixed())
	require.NoError(t, err)
	for key, value := range p.Shape() {
		require.NotContains(t, value, marker, key)
	}
}

func TestAnotherKeyOfAHashIsAnotherShape(t *testing.T) {
	shaped := func(transform string) *Pipeline {
		return sound(t, pipelineWith("", "", "", "transform: {redact: [{path: $.a, action: "+transform+"}]}"))
	}
	one, same, other := shaped(`hash, key: "${HASH_KEY}"`), shaped(`hash, key: "${HASH_KEY}"`), shaped("hash, key_file: keys/hash")
	const key = "transform.redact"
	require.Equal(t, `[{"path":"$.a","action":"hash","key_id":"`+one.Transform.Redact[0].keyID()+`"}]`, one.Shape()[key])
	require.Len(t, one.Transform.Redact[0].keyID(), 8)
	require.Equal(t, one.Shape(), same.Shape())
	require.NotEqual(t, one.Shape()[key], other.Shape()[key])
	require.NotEqual(t, one.Hash(), other.Hash())
	require.NotContains(t, string(one.Describe()), "key_id")
	require.Contains(t, string(other.Describe()), `"key_file": "keys/hash"`)
	require.Equal(t, `[{"path":"$.a","action":"drop"}]`, shaped("drop").Shape()[key])
}
