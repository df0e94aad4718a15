package sinks_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks"
)

// TestCheckRemovesWhatAKilledCheckLeft: its key is that of no later check.
func TestCheckRemovesWhatAKilledCheckLeft(t *testing.T) {
	sink := openSink(t, func(*sinks.Options) {})
	require.NoError(t, sink.WriteObject(t.Context(), "_logferry/check-LEFT", []byte("left"), "text/plain"))
	require.NoError(t, sink.WriteObject(t.Context(), "_logferry/checked", []byte("not ours"), "text/plain"))
	require.NoError(t, sink.Check(t.Context()))
	var keys []string
	for o, err := range sink.List(t.Context(), "") {
		require.NoError(t, err)
		keys = append(keys, o.Key)
	}
	require.Equal(t, "_logferry/checked", strings.Join(keys, " "))
}
