package plan

import (
	"math"
	"time"

	"logferry/internal/config"
	"logferry/internal/state"
	"logferry/internal/window"
)

// Estimate is what a step is expected to bring and to cost. -1 is unknown.
type Estimate struct {
	Records  int64 `json:"records"`  // fetched; of a Delete, those removed
	Requests int64 `json:"requests"` // list, detail and usage
	Bytes    int64 `json:"bytes"`    // written, over all sinks; of a Delete, those removed
}

// Total is the estimate of a whole plan.
type Total struct {
	Records  int64 `json:"records"` // fetched; -1 where nothing tells
	Requests int64 `json:"requests"`
	Bytes    int64 `json:"bytes"`
	// Rate is how many requests a minute are allowed, Limit how many the organisation has; Assumed says that the API has not
	// told yet.
	Rate    float64 `json:"requests_per_minute"`
	Limit   float64 `json:"organisation_limit_per_minute"`
	Assumed bool    `json:"limit_assumed,omitempty"`
	Minutes float64 `json:"minutes"`
	// Share of the organisation's budget that is spent at the most while the plan is carried out.
	Share float64 `json:"share"`
}

// Facts are what estimates are made of, beside the state.
type Facts struct {
	// Usage is the number of tool calls, by the API's usage counts, in each of the plan's runs; absent where unknown.
	Usage map[Run]int64
	// Limit of the organisation, requests a minute; 0 where unknown.
	Limit float64
}

const (
	pageRows      = 100   // list entries a page
	assumedLimit  = 2_000 // requests a minute: the small plan's
	assumedFailed = 0.1   // share of records whose status is `failed`
)

// Run is a stretch of time of one project in which a plan fetches everything.
type Run struct {
	Project  string
	From, To time.Time
}

// LongestUsage is the longest range that the API's usage counts answer for.
const LongestUsage = 366 * 24 * time.Hour

// Runs are the stretches whose usage counts tell how many records the plan will fetch: neighbouring steps are one run.
func (p *Plan) Runs() []Run {
	var out []Run
	open := map[string]int{} // by project, the run that may grow
	for i := range p.Steps {
		s := &p.Steps[i]
		if len(s.Base) > 0 || len(s.List) == 0 {
			continue
		}
		for _, l := range s.List {
			if at, ok := open[s.Project]; ok && out[at].join(l) {
				continue
			}
			open[s.Project] = len(out)
			out = append(out, Run{s.Project, l.From, l.To})
		}
	}
	return out
}

// join grows the run by an interval that touches it at either end.
func (r *Run) join(l Interval) bool {
	from, to := r.From, r.To
	switch {
	case l.From.Equal(to):
		to = l.To
	case l.To.Equal(from):
		from = l.From
	default:
		return false
	}
	if to.Sub(from) > LongestUsage {
		return false
	}
	r.From, r.To = from, to
	return true
}

// AddEstimates fills in what each step and the whole will cost.
func (p *Plan) AddEstimates(c *config.Pipeline, st *state.State, f Facts) {
	density := newDensity(st)
	runs := p.Runs()
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Action != Delete {
			s.Estimate = estimate(s, c, st, density, f.Usage, runs)
		}
	}
	p.Estimate = p.total(c, f)
}

func (p *Plan) total(c *config.Pipeline, f Facts) Total {
	t := Total{Limit: f.Limit, Assumed: f.Limit <= 0}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Action != Delete {
			t.Records = sum(t.Records, s.Estimate.Records)
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

func estimate(s *Step, c *config.Pipeline, st *state.State, d *density, usage map[Run]int64, runs []Run) Estimate {
	entry, _ := st.Get(s.Project, s.Partition)
	listed, fresh := expect(s, &entry, d, usage, runs)
	out := Estimate{Records: fresh, Requests: requests(c, s, listed, fresh, entry.Quarantined)}
	rows := fresh
	if len(s.Base) > 0 {
		rows = sum(entry.Rows, fresh)
		if entry.Version == 0 { // the rows of partitions of another size
			rows = d.expect(s.Project, s.From, s.To)
		}
	}
	switch {
	case rows < 0:
		out.Bytes = -1
	case !s.Rewrite && fresh == 0:
	default:
		out.Bytes = d.bytes(rows)
	}
	return out
}

// expect is how many records a step lists and how many of them are new to it.
func expect(s *Step, e *state.Entry, d *density, usage map[Run]int64, runs []Run) (listed, fresh int64) {
	if len(s.Base) == 0 {
		for _, l := range s.List {
			n := share(s.Project, l, usage, runs)
			if n < 0 {
				n = d.expect(s.Project, l.From, l.To)
			}
			listed = sum(listed, n)
		}
		return listed, listed
	}
	held := window.New(e.From, e.To)
	for _, l := range s.List {
		for _, more := range window.Subtract(l.Window(), held) {
			fresh = sum(fresh, d.expect(s.Project, more.From, more.To))
		}
	}
	listed = fresh
	if s.ListsAll() {
		listed = sum(e.Rows, fresh)
	}
	return listed, fresh
}

// share is an interval's part of the usage count of the run that it lies in, by time.
func share(project string, l Interval, usage map[Run]int64, runs []Run) int64 {
	for _, r := range runs {
		count, known := usage[r]
		if known && r.Project == project && !l.From.Before(r.From) && !l.To.After(r.To) {
			return int64(math.Round(float64(count) * float64(l.To.Sub(l.From)) / float64(r.To.Sub(r.From))))
		}
	}
	return -1
}

func requests(c *config.Pipeline, s *Step, listed, fresh, quarantined int64) int64 {
	if listed < 0 || fresh < 0 {
		return -1
	}
	var n int64
	if len(s.List) > 0 {
		n += max(pages(listed), int64(len(s.List)))
		if c.Reconcile == config.ReconcileFail {
			n += max(pages(listed), 1) // the second census
		}
	}
	switch c.Source.Details {
	case config.DetailsAll:
		n += fresh
	case config.DetailsFailed:
		n += int64(math.Ceil(float64(fresh) * assumedFailed))
	}
	if s.Retry {
		n += quarantined
	}
	if c.Reconcile == config.ReconcileFail && len(s.List) > 0 || c.Reconcile == config.ReconcileWarn && s.Action != Refresh && len(s.List) > 0 {
		n++ // the usage count
	}
	return n
}

func pages(records int64) int64 { return (records + pageRows - 1) / pageRows }
