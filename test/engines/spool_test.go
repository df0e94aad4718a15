package engines_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
)

var errKilled = errors.New("killed")

// kill ends a run after so many details were asked for.
func (w *world) kill(p *config.Pipeline, details int64) {
	w.t.Helper()
	ctx, cancel := context.WithCancelCause(w.t.Context())
	defer cancel(nil)
	var asked atomic.Int64
	o := w.options()
	o.WrapTransport = func(next http.RoundTripper) http.RoundTripper {
		return transportFunc(func(r *http.Request) (*http.Response, error) {
			if strings.HasPrefix(r.URL.Path, logsim.DetailPath) && asked.Add(1) == details {
				cancel(errKilled)
			}
			return next.RoundTrip(r)
		})
	}
	_, err := apply.Run(ctx, p, o)
	require.ErrorIs(w.t, err, errKilled)
}

func TestARunGoesOnFromASpool(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		const records = 800
		l := newLife(t, s, logsim.Options{
			Seed: 7, Records: logsim.Records{Count: records, From: begin, To: end, MedianPayload: 300, MaxPayload: 20_000},
		}, false)
		l.at(end.Add(5 * 24 * time.Hour))
		spool := s.place(t)
		p := l.with("extract", map[string]any{
			"rate": map[string]any{"headroom": "0%"}, "details_in_flight": 8, "spool": spool.url("spool"),
		})
		for range 3 {
			l.kill(p, records/5)
			require.NotEmpty(t, keysOf(t, spool.open("spool"), ""), "what was fetched is kept")
			t.Setenv("XDG_CACHE_HOME", t.TempDir()) // the next run has another machine
		}
		l.apply(p)
		l.sound(p)
		require.LessOrEqual(t, l.sim.Stats().Requests[logsim.Detail], records+3*16, "what was fetched is not asked for again, but for what was under way")
		require.Empty(t, keysOf(t, spool.open("spool"), ""), "nothing is left of a spool")
		l.isAtRest(p)
	})
}
