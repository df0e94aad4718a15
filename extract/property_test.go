package extract

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"logferry/internal/logsim"
	"logferry/internal/record"
	"logferry/internal/window"
)

// world is one way in which the API may turn out, and one way to read it.
type world struct {
	api     logsim.Options
	options Options
	step    Step
	worth   worth // 0 is the default
}

func drawWorld(t *rapid.T) world {
	between := rapid.IntRange
	api := logsim.Options{
		Seed:    rapid.Uint64().Draw(t, "seed"),
		Order:   logsim.Order(between(0, 2).Draw(t, "order")),
		To:      logsim.ToMode(between(0, 2).Draw(t, "to")),
		Cursors: logsim.CursorStyle(between(0, 1).Draw(t, "cursors")),
		Records: logsim.Records{
			Count:         between(1, 700).Draw(t, "count"),
			MedianPayload: 200,
			MaxPayload:    1 << 15,
			BurstShare:    rapid.SampledFrom([]float64{-1, 0.3, 0.9}).Draw(t, "bursts"),
			BurstSize:     between(3, 250).Draw(t, "burst size"),
		},
		Latency: logsim.Latency{
			List:   logsim.Delay{Base: 50 * time.Millisecond, Jitter: 100 * time.Millisecond},
			Detail: logsim.Delay{Base: 20 * time.Millisecond, Jitter: 50 * time.Millisecond},
		},
		ScanLimit: rapid.SampledFrom([]int{0, 40, 130}).Draw(t, "scan limit"),
	}
	// A second is ten pages or so: more than the largest burst, less than many chains.
	api.CursorLifetime = rapid.SampledFrom([]time.Duration{0, time.Second, 3 * time.Second}).Draw(t, "cursor lifetime")
	if rapid.Bool().Draw(t, "late") {
		api.Late = logsim.Late{Share: 0.2, AfterRequests: between(1, 12).Draw(t, "late after")}
	}
	for _, kind := range passing {
		// A simulated page that repeats a row needs one before it with rows.
		if kind == logsim.DuplicateRow && (api.Late.Share > 0 || api.ScanLimit > 0) || kind == logsim.EmptyPage && faulty(api, logsim.DuplicateRow) {
			continue
		}
		if between(0, 4).Draw(t, kind.String()) == 0 {
			api.Faults = append(api.Faults, logsim.Fault{Kind: kind, Probability: 0.07, PerRequest: 2})
		}
	}
	if rapid.Bool().Draw(t, "details missing") {
		api.Details = logsim.DetailFaults{MissingShare: 0.05, DeniedShare: 0.05}
	}
	const length = int64(24 * time.Hour / time.Microsecond)
	from := rapid.Int64Range(0, length).Draw(t, "from")
	until := rapid.Int64Range(from, length).Draw(t, "until")
	if rapid.Bool().Draw(t, "whole day") {
		from, until = 0, length
	}
	if rapid.Bool().Draw(t, "skew") {
		api.Records.Skew = logsim.Skew{Share: 0.8, Within: rapid.SampledFrom([]float64{0.02, 0.00001}).Draw(t, "skew within")}
	}
	api.Usage = logsim.Usage{Nested: logsim.NestedCount(between(0, 2).Draw(t, "nested")), MissingShare: rapid.SampledFrom([]float64{0, 0.9, 1}).Draw(t, "uncounted")}
	api.Latency.Usage = logsim.Delay{Base: rapid.SampledFrom([]time.Duration{0, 100 * time.Millisecond, time.Minute}).Draw(t, "usage takes")}
	start := day.From.UnixMicro()
	return world{
		worth: rapid.SampledFrom([]worth{{}, {first: 1, later: 1, call: 0.1}}).Draw(t, "worth"),
		api:   api,
		options: Options{
			Windows:         between(1, 8).Draw(t, "slots"),
			DetailsInFlight: between(1, 40).Draw(t, "details in flight"),
			MemoryBytes:     rapid.SampledFrom([]int64{1, 50_000, 10 << 20}).Draw(t, "memory"),
		},
		step: Step{
			Interval: window.New(time.UnixMicro(start+from), time.UnixMicro(start+until)),
			Details:  rapid.SampledFrom([]Details{DetailsAll, DetailsFailed, DetailsNone}).Draw(t, "details"),
			Windows:  max(between(-9, 9).Draw(t, "windows"), 0),
			Usage:    rapid.SampledFrom([]*UsageRequest{nil, {}}).Draw(t, "usage"),
		},
	}
}

func faulty(api logsim.Options, kind logsim.FaultKind) bool {
	return slices.ContainsFunc(api.Faults, func(f logsim.Fault) bool { return f.Kind == kind })
}

func TestWalkDeliversTheTruthInEveryWorld(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		var problem string
		synctest.Test(t, func(t *testing.T) { problem = w.play(t) })
		if problem != "" {
			rt.Fatal(problem)
		}
	})
}

// play walks once and says what is wrong with the result.
func (w *world) play(t *testing.T) string {
	s, err := simulate(w.api, w.options, GovernorOptions{})
	if err != nil {
		return err.Error()
	}
	defer s.close()
	if w.worth != (worth{}) {
		s.extractor.worth = w.worth
	}
	truth := s.sim.Truth("")
	visible := truth.IDs(logsim.Query{From: w.step.Interval.From, To: w.step.Interval.To, VisibleNow: true})
	g := &gathered{}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour)
	defer cancel()
	stats, err := s.walk(ctx, w.step, g)
	if err != nil {
		return fmt.Sprintf("%v; %+v", err, stats)
	}
	got, all := g.ids(), s.truth(w.step.Interval)
	for _, id := range visible {
		if _, ok := slices.BinarySearch(got, id); !ok {
			return fmt.Sprintf("%s was visible from the beginning and is not among the %d of %d received", id, len(got), len(all))
		}
	}
	for _, id := range got {
		if _, ok := slices.BinarySearch(all, id); !ok {
			return id + " is not in the interval"
		}
	}
	return w.judge(truth, g, stats)
}

// judge checks the outcomes of the details.
func (w *world) judge(truth *logsim.Truth, g *gathered, stats Stats) string {
	for _, r := range g.records {
		n, _ := truth.Number(r.ID)
		want := map[logsim.Fate]record.Outcome{
			logsim.DetailServed: record.Fetched, logsim.DetailMissing: record.Missing, logsim.DetailDenied: record.Denied,
		}[truth.Fact(n).Fate]
		if w.step.Details == DetailsNone || w.step.Details == DetailsFailed && !truth.Fact(n).Failed {
			want = record.Skipped
		}
		if r.Outcome != want {
			return fmt.Sprintf("the detail of %s is %s, expected %s", r.ID, r.Outcome, want)
		}
		if served := truth.DetailsServed(n); want == record.Fetched && served == 0 {
			return fmt.Sprintf("the detail of %s came from nowhere", r.ID)
		}
	}
	if int64(len(g.records)) != stats.Kept {
		return fmt.Sprintf("%d records received, %d kept", len(g.records), stats.Kept)
	}
	if ids := g.ids(); len(ids) != len(g.records) {
		return fmt.Sprintf("%d records received, %d of them distinct", len(g.records), len(ids))
	}
	return judgeBads(g)
}

// judgeBads checks that a record is reported as bad exactly where its detail was asked for in vain.
func judgeBads(g *gathered) string {
	bads := map[string]Bad{}
	for _, b := range g.bads {
		bads[b.ID] = b
	}
	if len(bads) != len(g.bads) {
		return fmt.Sprintf("%d bad records reported, %d of them distinct", len(g.bads), len(bads))
	}
	for _, r := range g.records {
		_, reported := bads[r.ID]
		if vain := r.Outcome != record.Fetched && r.Outcome != record.Skipped; vain != reported {
			return fmt.Sprintf("the detail of %s is %s, reported as bad: %v", r.ID, r.Outcome, reported)
		}
		delete(bads, r.ID)
	}
	for id, b := range bads {
		return "bad: " + id + ": " + b.Reason + ": " + b.LastError
	}
	return ""
}
