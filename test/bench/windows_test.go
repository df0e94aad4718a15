package bench

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/extract"
	"logferry/internal/logsim"
	"logferry/internal/record"
	"logferry/internal/window"
)

// BenchmarkWindows lists a day without details, in real time: an answer takes 200 ms, and nothing limits the rate. The ideal
// is that of walkers who are never idle and ask for no page twice: pages ÷ walkers × latency.
func BenchmarkWindows(b *testing.B) {
	for _, shape := range []struct {
		name    string
		records logsim.Records
	}{
		{"diurnal", logsim.Records{}},
		{"bursty", logsim.Records{BurstShare: 0.4}},
		{"skewed", logsim.Records{Skew: logsim.Skew{Share: 0.8, Within: 0.02}}},
	} {
		b.Run(shape.name, func(b *testing.B) {
			api := startListing(b, shape.records)
			for b.Loop() {
				api.list(b)
			}
		})
	}
}

const (
	listedRecords = 300_000
	listWalkers   = 32
	listLatency   = 200 * time.Millisecond
)

// listing is a simulated API in this process, and how to walk it.
type listing struct {
	client    *extract.Client
	answers   *stopwatch
	extractor *extract.Extractor
}

func startListing(b *testing.B, records logsim.Records) *listing {
	records.Count, records.From, records.To = listedRecords, dayFrom, dayTo
	delay := logsim.Delay{Base: listLatency}
	sim, err := logsim.New(logsim.Options{
		Seed: 7, Records: records, Rate: logsim.Rate{Limit: -1}, Latency: logsim.Latency{List: delay, Usage: delay},
	})
	require.NoError(b, err)
	b.Cleanup(sim.Close)
	server := httptest.NewServer(sim)
	b.Cleanup(server.Close)
	transport := extract.NewTransport(2*listWalkers, nil)
	b.Cleanup(transport.CloseIdleConnections)
	l := &listing{extractor: extract.New(extract.Options{Windows: listWalkers}), answers: &stopwatch{RoundTripper: transport}}
	b.Cleanup(l.extractor.Close)
	l.client, err = extract.NewClient(extract.ClientOptions{
		BaseURL: server.URL, APIKey: logsim.DefaultKey, Transport: l.answers,
		Governor: extract.NewGovernor(extract.GovernorOptions{Lists: listWalkers}),
	})
	require.NoError(b, err)
	return l
}

// list walks the day once and reports how far that is from the ideal.
func (l *listing) list(b *testing.B) {
	got := &counted{}
	l.answers.took.Store(0)
	began := time.Now()
	stats, err := l.extractor.Walk(b.Context(), extract.Step{
		Client: l.client, Interval: window.New(dayFrom, dayTo), Details: extract.DetailsNone, Usage: &extract.UsageRequest{},
	}, got)
	took := time.Since(began)
	require.NoError(b, err)
	require.EqualValues(b, listedRecords, got.records.Load(), "each record once")

	const pages = listedRecords / extract.PageLimit
	ideal := listLatency * pages / listWalkers
	ratio := took.Seconds() / ideal.Seconds()
	requests := float64(stats.ListRequests+stats.UsageRequests) / pages
	duplicates := 100 * float64(stats.Duplicates+stats.Outside) / float64(stats.Entries)
	waited := time.Duration(l.answers.took.Load())
	busy := 100 * waited.Seconds() / took.Seconds() / listWalkers
	answer := waited / time.Duration(stats.ListRequests+stats.UsageRequests)
	b.Logf("%.2f s, ideal %.2f s, ratio %.3f; requests %d, least %d, ratio %.3f; listed twice %.2f %%; windows %d; an answer took %s, walkers waited for one %.1f %% of the time",
		took.Seconds(), ideal.Seconds(), ratio, stats.ListRequests+stats.UsageRequests, pages, requests, duplicates, stats.WindowsWalked, answer, busy)
	b.ReportMetric(ratio, "ratio")
	b.ReportMetric(duplicates, "duplicates-%")
	b.ReportMetric(requests, "requests/least")
	b.ReportMetric(answer.Seconds()*1000, "answer-ms")
}

// stopwatch sums up how long answers take. Where that is much more than the simulated latency, the machine is the bound.
type stopwatch struct {
	http.RoundTripper
	took atomic.Int64 // ns
}

func (s *stopwatch) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := s.RoundTripper.RoundTrip(r)
	s.took.Add(int64(time.Since(began)))
	return resp, err
}

// counted is a receiver that counts.
type counted struct{ records atomic.Int64 }

func (c *counted) Records(_ context.Context, batch []record.Record) error {
	c.records.Add(int64(len(batch)))
	return nil
}

func (c *counted) Bad(context.Context, extract.Bad) error { return nil }
