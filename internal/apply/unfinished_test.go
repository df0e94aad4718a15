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

// sweep is what a bucket was told to remove of unfinished uploads.
type sweep struct {
	sink   string // "" for the state's bucket
	prefix string
	before time.Time
}

// sweeping is a bucket that is told so.
type sweeping struct {
	bucket.Bucket
	sink string
	mu   *sync.Mutex
	told *[]sweep
}

func (s sweeping) RemoveUnfinished(_ context.Context, prefix string, before time.Time) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.told = append(*s.told, sweep{s.sink, prefix, before})
	return 0, errRefusing
}

func TestOnlyARunThatSucceedsRemovesUploadsThatNobodyGoesOnWith(t *testing.T) {
	w, e := smallWorld(t)
	e.sinks = append(e.sinks, sinkForm{format: "ndjson", compression: "gzip"})
	var told []sweep
	var mu sync.Mutex
	o := apply.Options{Now: clock, WrapBucket: func(sink string, b bucket.Bucket) bucket.Bucket {
		return sweeping{b, sink, &mu, &told}
	}}
	failing := o
	failing.WrapTransport = func(http.RoundTripper) http.RoundTripper { return refusedTransport{} }
	p := w.config(e)
	p.Extract.GiveUpAfter = time.Millisecond
	_, err := apply.Run(t.Context(), p, failing)
	require.Error(t, err)
	require.Empty(t, told)

	p = w.config(e)
	first, second := p.Sinks[0].Name, p.Sinks[1].Name
	inSinks := []string{first + " tool_execution/", first + " _logferry/", second + " tool_execution/", second + " _logferry/"}
	for _, where := range []struct {
		state string // URL
		below []string
	}{{"", inSinks}, {"file://" + t.TempDir(), append(inSinks, " contract/")}} {
		told = nil
		p.State.URL = where.state
		if where.state != "" { // whose sinks belong to the state beside them
			p.Sinks[0].URL, p.Sinks[1].URL = "file://"+t.TempDir(), "file://"+t.TempDir()
		}
		_, err = apply.Run(t.Context(), p, o)
		require.NoError(t, err, "that they can't be looked for is no failure")
		var below []string
		for _, s := range told {
			below = append(below, s.sink+" "+s.prefix)
			require.WithinDuration(t, time.Now().Add(-24*time.Hour), s.before, time.Minute)
		}
		require.Equal(t, where.below, below, "others may write to the bucket too")
	}
}

type refusedTransport struct{}

func (refusedTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, errRefusing }
