package main

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheTerminalShowsRetriesOfThePlanToo(t *testing.T) {
	var stderr bytes.Buffer
	v := newTerminalView(&app{stderr: &stderr})
	v.Retrying(errors.New("refused"), 1500*time.Millisecond)
	require.Equal(t, "retry  in 1.5s: refused\n", stderr.String())
	v.Close()
}
