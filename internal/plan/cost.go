package plan

import (
	"math"
	"time"

	"logferry/internal/config"
	"logferry/internal/state"
)

// AddEstimates fills in what each step and the whole will cost. st is the state that the plan was made of.
func (p *Plan) AddEstimates(c *config.Pipeline, st *state.State, f Facts) {
	e := estimator{config: c, state: st, density: newDensity(st, len(c.Sinks)), facts: f, runs: p.Runs(st)}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Action != Delete {
			s.Estimate = e.step(s)
		}
	}
	p.Estimate = p.total(c, f)
}

func (p *Plan) total(c *config.Pipeline, f Facts) Total {
	t := Total{Limit: f.Limit, Assumed: f.Limit <= 0}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Action != Delete {
			t.Records = sum(t.Records, s.Estimate.Records)
			t.Kept = sum(t.Kept, s.Estimate.Kept)
			t.Requests = sum(t.Requests, s.Estimate.Requests)
			t.Bytes = sum(t.Bytes, s.Estimate.Bytes)
		}
	}
	if t.Assumed {
		t.Limit = assumedLimit
	}
	t.Rate = t.Limit * (1 - c.Extract.Rate.Headroom)
	if most := float64(c.Extract.Rate.Limit); most > 0 {
		t.Rate = min(t.Rate, most)
	}
	if t.Requests < 0 {
		t.Minutes, t.Share = -1, -1
		return t
	}
	t.Minutes = float64(t.Requests) / t.Rate
	t.Share = t.Rate / t.Limit
	return t
}

// sum adds two estimates, of which either may be unknown.
func sum(a, b int64) int64 {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}

// estimator knows what the estimates of steps are made of.
type estimator struct {
	config  *config.Pipeline
	state   *state.State
	density *density
	facts   Facts
	runs    []Run
}

func (e *estimator) step(s *Step) Estimate {
	entry, _ := e.state.Get(s.Project, s.Partition)
	var fresh int64
	for _, l := range s.unheld(e.state) {
		n := e.share(s.Project, l)
		if n < 0 {
			n = e.density.expect(s.Project, l.From, l.To)
		}
		fresh = sum(fresh, n)
	}
	listed := fresh
	if len(s.Base) > 0 && s.ListsAll() {
		listed = sum(entry.Rows, fresh)
	}
	out := Estimate{Records: fresh, Requests: e.requests(s, listed, fresh, &entry)}
	if s.Rewrite || fresh != 0 {
		out.Kept = e.kept(s)
		out.Bytes = e.density.size(sum(out.Kept, fresh))
	}
	return out
}

// kept is how many rows of the base lie in what the step covers: of partitions of another size, their share of time.
func (e *estimator) kept(s *Step) int64 {
	var n int64
	for _, name := range s.Base {
		base, ok := e.state.Get(SplitName(name))
		held := base.Interval()
		if !ok || held.Empty() {
			continue
		}
		within := held.Intersect(Interval{s.From, s.To}.Window())
		before := func(t time.Time) int64 { // so that the shares of neighbours add up
			return int64(math.Round(float64(base.Rows) * float64(t.Sub(held.From)) / float64(held.Duration())))
		}
		n += before(within.To) - before(within.From)
	}
	return n
}

// share is an interval's part of the usage count of the run that it lies in, by time.
func (e *estimator) share(project string, l Interval) int64 {
	for _, r := range e.runs {
		count, known := e.facts.Usage[r]
		if known && r.Project == project && !l.From.Before(r.From) && !l.To.After(r.To) {
			return int64(math.Round(float64(count) * float64(l.To.Sub(l.From)) / float64(r.To.Sub(r.From))))
		}
	}
	return -1
}

// requests is what a step asks for: pages, twice where a census is taken, details, and the usage count that it is compared with.
func (e *estimator) requests(s *Step, listed, fresh int64, entry *state.Entry) int64 {
	if listed < 0 || fresh < 0 {
		return -1
	}
	census := e.config.Reconcile == config.ReconcileFail
	var n int64
	if len(s.List) > 0 {
		n = max(pages(listed), int64(len(s.List)))
		if census {
			n *= 2
		}
	}
	switch e.config.Source.Details {
	case config.DetailsAll:
		n += fresh
	case config.DetailsFailed:
		n += int64(math.Ceil(float64(fresh) * assumedFailed))
	}
	if s.Retry {
		n += max(entry.Quarantined-entry.Unreadable, 0)
	}
	compared := census || e.config.Reconcile == config.ReconcileWarn && s.Action != Refresh
	if compared && len(s.List) > 0 && !e.facts.Uncounted && s.To.Sub(s.From) <= LongestUsage {
		n++
	}
	return n
}

func pages(records int64) int64 { return (records + pageRows - 1) / pageRows }
