package extract

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
	"logferry/internal/record"
)

// tally is a Receiver that counts.
type tally struct{ records atomic.Int64 }

func (n *tally) Records(_ context.Context, batch []record.Record) error {
	n.records.Add(int64(len(batch)))
	return nil
}

func (n *tally) Bad(context.Context, Bad) error { return nil }

// shapes are ways in which the records of a day may be spread.
var shapes = []struct {
	name    string
	records logsim.Records
	most    float64 // times the ideal time; some hundredths more than it takes on average, since goroutines take turns in any order
}{
	{"diurnal", logsim.Records{}, 1.3},
	{"bursty", logsim.Records{BurstShare: 0.4}, 1.3},
	{"skewed", logsim.Records{Skew: logsim.Skew{Share: 0.8, Within: 0.02}}, 1.3},
	// Nearly all in three minutes, with fifteen pages in one millisecond among them, which only one walker can read.
	{"steep", logsim.Records{Skew: logsim.Skew{Share: 0.95, Within: 0.002}}, 1.5},
}

// LOGFERRY_SHAPES=all plays every shape in both orders, with and without counts.
func TestWalkersAreBusyToTheEndHoweverTheRecordsAreSpread(t *testing.T) {
	if testing.Short() {
		t.Skip("about time, not about races")
	}
	const (
		walkers = 32
		latency = 200 * time.Millisecond
		records = 300_000
		pages   = records / PageLimit
		ideal   = latency * pages / walkers
	)
	for i, shape := range shapes {
		for _, order := range []logsim.Order{logsim.Newest, logsim.Oldest} {
			for k, usage := range []*UsageRequest{nil, {}} {
				if n := i + int(order) + k; n%4 != 0 && os.Getenv("LOGFERRY_SHAPES") == "" {
					continue
				}
				t.Run(fmt.Sprintf("%s, order %d, counts %v", shape.name, order, usage != nil), func(t *testing.T) {
					shape.records.Count = records
					api := logsim.Options{Seed: uint64(i + 1), Order: order, To: logsim.ToMillisecond, Records: shape.records, Latency: logsim.Latency{
						List: logsim.Delay{Base: latency}, Usage: logsim.Delay{Base: latency},
					}}
					bubble(t, api, Options{Windows: walkers}, func(t *testing.T, s *simulation) {
						s.client.governor = NewGovernor(GovernorOptions{Lists: walkers})
						began := time.Now()
						got := &tally{}
						stats, err := s.walk(t.Context(), Step{Interval: day, Details: DetailsNone, Usage: usage}, got)
						took := time.Since(began)
						require.NoError(t, err)
						require.EqualValues(t, records, got.records.Load(), "each once")
						t.Logf("%.3f times the ideal time, %.3f times the pages; %d windows, %d split off, %d usage requests", float64(took)/float64(ideal),
							float64(stats.ListRequests+stats.UsageRequests)/pages, stats.WindowsWalked, stats.Splits, stats.UsageRequests)
						require.LessOrEqual(t, took, time.Duration(shape.most*float64(ideal)))
						require.LessOrEqual(t, float64(stats.Duplicates+stats.Outside), 0.03*float64(stats.Entries))
						require.LessOrEqual(t, float64(stats.ListRequests+stats.UsageRequests), 1.03*pages)
					})
				})
			}
		}
	}
}

func TestCountsAreAskedBesideTheWalkAndOnlyWhereTheyArePaidFor(t *testing.T) {
	if testing.Short() {
		t.Skip("about time, not about races")
	}
	for _, c := range []struct {
		name    string
		records int
		details Details
		usage   logsim.Usage
		least   int64 // usage requests
		most    int64
	}{
		{name: "few records", records: 4_000},
		{name: "many records", records: 200_000, least: 10, most: 11},
		{name: "with details", records: 15_000, details: DetailsFailed},
		{name: "counts of nothing", records: 200_000, usage: logsim.Usage{MissingShare: 1}, least: 1, most: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.details == "" {
				c.details = DetailsNone
			}
			api := logsim.Options{Records: logsim.Records{Count: c.records, MedianPayload: 40}, Usage: c.usage, Latency: logsim.Latency{
				List: logsim.Delay{Base: 100 * time.Millisecond}, Usage: logsim.Delay{Base: 150 * time.Millisecond},
			}}
			bubble(t, api, Options{}, func(t *testing.T, s *simulation) {
				got := &tally{}
				stats, err := s.walk(t.Context(), Step{Interval: day, Details: c.details, Usage: &UsageRequest{}}, got)
				require.NoError(t, err)
				require.EqualValues(t, c.records, got.records.Load())
				require.GreaterOrEqual(t, stats.UsageRequests, c.least)
				require.LessOrEqual(t, stats.UsageRequests, c.most)
				require.LessOrEqual(t, stats.UsageRequests*100, int64(c.records/PageLimit))
			})
		})
	}
}
