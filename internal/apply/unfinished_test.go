package apply_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/sinks/bucket"
)

// sweeping is a bucket that is told what unfinished uploads are to be removed.
type sweeping struct {
	bucket.Bucket
	mu     *sync.Mutex
	before *[]time.Time
	below  *[]string
}

func (s sweeping) RemoveUnfinished(_ context.Context, prefix string, before time.Time) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.before, *s.below = append(*s.before, before), append(*s.below, prefix)
	return 0, errRefusing
}

func TestOnlyARunThatSucceedsRemovesUploadsThatNobodyGoesOnWith(t *testing.T) {
	w, e := smallWorld(t)
	var before []time.Time
	var below []string
	var mu sync.Mutex
	o := apply.Options{Now: clock, WrapBucket: func(_ string, b bucket.Bucket) bucket.Bucket {
		return sweeping{b, &mu, &before, &below}
	}}
	failing := o
	failing.WrapTransport = func(http.RoundTripper) http.RoundTripper { return refusedTransport{} }
	p := w.config(e)
	p.Extract.GiveUpAfter = time.Millisecond
	_, err := apply.Run(t.Context(), p, failing)
	require.Error(t, err)
	require.Empty(t, before)
	_, err = apply.Run(t.Context(), w.config(e), o)
	require.NoError(t, err, "that they can't be looked for is no failure")
	require.Equal(t, []string{"tool_execution/", "_logferry/"}, below, "others may write to the bucket too")
	require.WithinDuration(t, time.Now().Add(-24*time.Hour), before[0], time.Minute)
}

type refusedTransport struct{}

func (refusedTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, errRefusing }
