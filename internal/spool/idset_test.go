package spool

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIDSetHasWhatWasAdded(t *testing.T) {
	s := NewIDSet()
	require.False(t, s.Has(""))
	for i := range 5000 {
		s.Add(fmt.Sprint("log_", i%2500))
	}
	s.Seal()
	require.Equal(t, 2500, s.Len())
	for i := range 5000 {
		require.Equal(t, i < 2500, s.Has(fmt.Sprint("log_", i)))
	}
}
