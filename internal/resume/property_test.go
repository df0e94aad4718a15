package resume

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/extract"
	"logferry/internal/logsim"
)

// passing are the faults that a later attempt does not meet again.
var passing = []logsim.FaultKind{
	logsim.InternalError, logsim.Unavailable, logsim.TooManyRequests, logsim.Reset, logsim.Truncated, logsim.ExpiredCursor,
	logsim.RepeatedCursor, logsim.EmptyPage,
}

// case of a property: an API, a way to read it, and kills.
type plot struct {
	api     logsim.Options
	options extract.Options
	step    extract.Step
	segment int64
	kills   []kill
}

// kill is one run's end.
type kill struct {
	request int           // at which it is killed
	keep    float64       // share of the journal's bytes that are still there afterwards
	flip    float64       // where in them a bit is flipped; negative for nowhere
	pause   time.Duration // until the next run
}

func drawPlot(t *rapid.T) plot {
	between := rapid.IntRange
	p := plot{
		api: logsim.Options{
			Seed:    rapid.Uint64().Draw(t, "seed"),
			Order:   logsim.Order(between(0, 2).Draw(t, "order")),
			To:      logsim.ToMode(between(0, 2).Draw(t, "to")),
			Cursors: logsim.CursorStyle(between(0, 1).Draw(t, "cursors")),
			Records: logsim.Records{
				Count: between(1, 900).Draw(t, "count"), MedianPayload: 200, MaxPayload: 1 << 14,
				BurstShare: rapid.SampledFrom([]float64{-1, 0.5}).Draw(t, "bursts"), BurstSize: between(3, 250).Draw(t, "burst size"),
			},
			Latency: logsim.Latency{
				List:   logsim.Delay{Base: 50 * time.Millisecond, Jitter: 100 * time.Millisecond},
				Detail: logsim.Delay{Base: 20 * time.Millisecond, Jitter: 50 * time.Millisecond},
			},
			CursorLifetime: rapid.SampledFrom([]time.Duration{0, 3 * time.Second, time.Minute}).Draw(t, "cursor lifetime"),
		},
		options: extract.Options{
			Windows:         between(1, 16).Draw(t, "slots"),
			DetailsInFlight: between(1, 40).Draw(t, "details in flight"),
			MemoryBytes:     rapid.SampledFrom([]int64{1, 50_000, 10 << 20}).Draw(t, "memory"),
		},
		step: extract.Step{
			Interval: day,
			Details:  rapid.SampledFrom([]extract.Details{extract.DetailsAll, extract.DetailsFailed, extract.DetailsNone}).Draw(t, "details"),
			Windows:  between(0, 16).Draw(t, "windows"),
		},
		segment: rapid.SampledFrom([]int64{0, 1, 5000}).Draw(t, "segment"),
	}
	if rapid.IntRange(0, 3).Draw(t, "splitting") == 0 { // enough pages for windows to split
		p.api.Records.Count, p.step.Windows, p.step.Details = between(2500, 5000).Draw(t, "many"), 0, extract.DetailsNone
		p.api.Order = logsim.Order(between(0, 1).Draw(t, "order of many"))
		if rapid.Bool().Draw(t, "skew") {
			p.api.Records.Skew = logsim.Skew{Share: 0.8, Within: 0.02}
		}
	}
	for _, kind := range passing {
		if between(0, 5).Draw(t, kind.String()) == 0 {
			p.api.Faults = append(p.api.Faults, logsim.Fault{Kind: kind, Probability: 0.07, PerRequest: 2})
		}
	}
	if rapid.Bool().Draw(t, "details missing") {
		p.api.Details = logsim.DetailFaults{MissingShare: 0.05, DeniedShare: 0.05}
	}
	for range between(1, 3).Draw(t, "kills") {
		p.kills = append(p.kills, kill{
			request: rapid.OneOf(between(1, 1000), between(1, 60)).Draw(t, "request"),
			keep:    rapid.SampledFrom([]float64{1, 1, 1, rapid.Float64Range(0, 1).Draw(t, "share")}).Draw(t, "keep"),
			flip:    rapid.SampledFrom([]float64{-1, -1, rapid.Float64Range(0, 1).Draw(t, "place")}).Draw(t, "flip"),
			pause:   rapid.SampledFrom([]time.Duration{0, 2 * time.Minute}).Draw(t, "pause"),
		})
	}
	return p
}

func TestKilledWalksTogetherDeliverTheTruthInEveryWorld(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlot(rt)
		var problem string
		synctest.Test(t, func(t *testing.T) { problem = p.play(t) })
		if problem != "" {
			rt.Fatal(problem)
		}
	})
}

// play kills one run after the other, lets the last one end, and says what is wrong with its result.
func (p *plot) play(t *testing.T) string {
	w, err := newWorld(p.api, p.options, p.step)
	if err != nil {
		return err.Error()
	}
	defer w.closed()
	w.disk = newDisk(p.segment)
	for i, k := range p.kills {
		if _, err := w.killed(t.Context(), k.request); err != nil {
			return fmt.Sprintf("run %d: %v", i, err)
		}
		w.disk.cut(int(k.keep * float64(w.disk.size())))
		if k.flip >= 0 {
			w.disk.flip(int(k.flip*float64(w.disk.size())), uint(i))
		}
		time.Sleep(k.pause)
	}
	res, err := w.run(t.Context(), 0)
	if err != nil {
		return fmt.Sprintf("last run: %v; %+v", err, res.stats)
	}
	return w.problem(res)
}

func TestAWalkThatSplitsGoesOnWithTheSameWindowsWhereverItIsKilled(t *testing.T) {
	every := 1
	if testing.Short() {
		every = 21
	}
	for _, order := range []logsim.Order{logsim.Newest, logsim.Oldest} {
		api := logsim.Options{
			Order: order, To: logsim.ToMillisecond, Latency: logsim.Latency{List: logsim.Delay{Base: 100 * time.Millisecond, Jitter: 50 * time.Millisecond}},
			Records: logsim.Records{Count: 4000, Skew: logsim.Skew{Share: 0.8, Within: 0.02}, BurstSize: 250},
		}
		for at, ended := 1, false; !ended; at += every {
			synctest.Test(t, func(t *testing.T) {
				w, err := newWorld(api, extract.Options{Windows: 8}, extract.Step{Interval: day, Details: extract.DetailsNone})
				require.NoError(t, err)
				defer w.closed()
				first, err := w.killed(t.Context(), at)
				require.NoError(t, err)
				pages, _ := journalHas(t, w.disk, w.header)
				second, err := w.run(t.Context(), 0)
				require.NoError(t, err)
				require.Empty(t, w.problem(second), "killed at request %d", at)
				require.LessOrEqual(t, second.lists, first.stats.Pages+60-pages, "killed at request %d, %d pages journalled", at, pages)
				if ended = int64(at) > first.lists; ended {
					require.Greater(t, first.stats.Splits, int64(3))
				}
			})
		}
	}
}
