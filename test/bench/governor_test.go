package bench

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/extract"
	"logferry/internal/logsim"
	"logferry/internal/record"
	"logferry/internal/window"
)

const (
	windowVar = "LOGFERRY_BENCH_WINDOW" // length of the rate window, which stands for the minute; default 5s
	plotVar   = "LOGFERRY_BENCH_PLOT"   // the SVG file that the case of the jump is drawn to; none by default

	rateWindows  = 24
	ratePerSec   = 200 // the organisation's limit, as requests a second
	jumpFrom     = 8.4 // windows
	jumpTo       = 16.4
	rateHeadroom = 0.2
)

// rateCase is an API that counts requests, and how they are paced.
type rateCase struct {
	name     string
	headroom float64
	latency  time.Duration
	rate     func(length time.Duration) logsim.Rate
	skew     time.Duration // of the server's clock
	aside    []int         // windows around a change: not in the ratio
	plot     bool
}

func rateCases() []rateCase {
	limit := func(length time.Duration) int { return int(ratePerSec * length.Seconds()) }
	steady := func(length time.Duration) logsim.Rate { return logsim.Rate{Limit: limit(length), Window: length} }
	var cases []rateCase
	for _, headroom := range []float64{0, rateHeadroom} {
		for _, latency := range []time.Duration{50, 200, 800} {
			cases = append(cases, rateCase{
				name: fmt.Sprintf("steady/headroom=%g/latency=%dms", headroom, latency), headroom: headroom, latency: latency * time.Millisecond, rate: steady,
			})
		}
	}
	add := func(c rateCase) {
		c.headroom, c.latency = rateHeadroom, 200*time.Millisecond
		cases = append(cases, c)
	}
	add(rateCase{name: "jump", plot: true, aside: []int{8, 9, 16, 17}, rate: func(length time.Duration) logsim.Rate {
		r := steady(length)
		r.Background = func(since time.Duration) float64 {
			if n := float64(since) / float64(length); n < jumpFrom || n >= jumpTo {
				return 0
			}
			return ratePerSec / 2
		}
		return r
	}})
	add(rateCase{name: "limit-halved", aside: []int{8, 9}, rate: func(length time.Duration) logsim.Rate {
		r := steady(length)
		r.Changes = []logsim.LimitChange{{After: 8*length + length/2, Limit: r.Limit / 2}}
		return r
	}})
	add(rateCase{name: "phase-and-skewed-dates", skew: 30 * time.Second, rate: func(length time.Duration) logsim.Rate {
		r := steady(length)
		r.Phase, r.RetryAfterDate = length*2/3, true
		return r
	}})
	add(rateCase{name: "no-headers", rate: func(length time.Duration) logsim.Rate {
		return logsim.Rate{Limit: int(2000 * length.Minutes()), Window: length, OmitHeaders: true} // the documented limit
	}})
	add(rateCase{name: "rolling", rate: func(length time.Duration) logsim.Rate {
		r := steady(length)
		r.Rolling = true
		return r
	}})
	return cases
}

// BenchmarkGovernor walks records with their details against rate limits, each case for 24 windows, all cases at the same
// time. share is what was spent of what was free: the limit without the headroom and the organisation's own traffic, in
// the windows that were walked from beginning to end. Its ideal is 1.
func BenchmarkGovernor(b *testing.B) {
	length := 5 * time.Second
	if text := os.Getenv(windowVar); text != "" {
		var err error
		length, err = time.ParseDuration(text)
		require.NoError(b, err)
	}
	cases := rateCases()
	runs := make([]*rateRun, len(cases))
	b.ResetTimer()
	var all sync.WaitGroup
	for i, c := range cases {
		runs[i] = newRateRun(b, c, length)
		all.Go(func() { runs[i].walk(b) })
	}
	all.Wait()
	for i, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			// All cases have run already.
			runs[i].report(b)
		})
	}
}

// rateRun is one case being played.
type rateRun struct {
	rateCase
	length time.Duration
	sim    *logsim.Server
	server *httptest.Server
	began  time.Time

	mu   sync.Mutex
	sent []time.Time // requests admitted
}

func newRateRun(b *testing.B, c rateCase, length time.Duration) *rateRun {
	r := &rateRun{rateCase: c, length: length}
	now := func() time.Time { return time.Now().Add(c.skew) }
	sim, err := logsim.New(logsim.Options{
		Seed: 7, Rate: c.rate(length), Now: now,
		Records: logsim.Records{Count: rateWindows * int(ratePerSec*length.Seconds()), From: dayFrom, To: dayTo, MedianPayload: 200, MaxPayload: 2000},
		Latency: logsim.Latency{List: logsim.Delay{Base: c.latency}, Detail: logsim.Delay{Base: c.latency}},
	})
	require.NoError(b, err)
	r.sim, r.began = sim, now()
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Date", now().UTC().Format(http.TimeFormat))
		r.mu.Lock()
		r.sent = append(r.sent, now())
		r.mu.Unlock()
		sim.ServeHTTP(w, req)
	}))
	b.Cleanup(r.server.Close)
	return r
}

// walk exports for the time of the windows and throws the records away.
func (r *rateRun) walk(b *testing.B) {
	transport := extract.NewTransport(extract.MaxDetails, nil)
	defer transport.CloseIdleConnections()
	client, err := extract.NewClient(extract.ClientOptions{
		BaseURL: r.server.URL, APIKey: logsim.DefaultKey, Transport: transport,
		Governor: extract.NewGovernor(extract.GovernorOptions{Headroom: r.headroom}),
	})
	if err != nil {
		b.Error(err)
		return
	}
	x := extract.New(extract.Options{})
	defer x.Close()
	ctx, cancel := context.WithTimeout(b.Context(), rateWindows*r.length)
	defer cancel()
	_, err = x.Walk(ctx, extract.Step{Client: client, Interval: window.New(dayFrom, dayTo)}, discard{})
	if ctx.Err() == nil {
		b.Errorf("%s: ended before its time: %v", r.name, err)
	}
}

type discard struct{}

func (discard) Records(context.Context, []record.Record) error { return nil }
func (discard) Bad(context.Context, extract.Bad) error         { return nil }

func (r *rateRun) report(b *testing.B) {
	var ours, free, refusedFirst, refusedLater, othersRefused float64
	least := 1.0
	windows := r.sim.Windows("")
	for i, w := range windows {
		othersRefused += float64(w.BackgroundRefused)
		if i <= 1 {
			refusedFirst += float64(w.Refused)
		} else {
			refusedLater += float64(w.Refused)
		}
		if i == 0 || i >= len(windows)-2 || slices.Contains(r.aside, i) {
			continue
		}
		left := float64(w.Limit)*(1-r.headroom) - float64(w.Background)
		ours, free = ours+float64(w.Requests), free+left
		least = min(least, float64(w.Requests)/left)
	}
	b.ReportMetric(ours/free, "share")
	b.ReportMetric(least, "share-of-the-worst-window")
	b.ReportMetric(1, "ideal")
	b.ReportMetric(refusedFirst, "429s-in-the-first-window")
	b.ReportMetric(refusedLater, "429s-later")
	b.ReportMetric(othersRefused, "others-refused")
	b.ReportMetric(0, "ns/op")
	if path := os.Getenv(plotVar); path != "" && r.plot {
		require.NoError(b, os.WriteFile(path, r.draw(windows), 0o644)) //nolint:gosec // a picture for the documentation
	}
}

// perSecond counts the requests of every step, as requests a second.
func (r *rateRun) perSecond(step time.Duration) []float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]float64, int(rateWindows*r.length/step)+1)
	for _, t := range r.sent {
		if k := int(t.Sub(r.began) / step); k < len(out) {
			out[k] += 1 / step.Seconds()
		}
	}
	return out
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }
