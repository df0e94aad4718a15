package plan

import (
	"time"

	"logferry/internal/state"
	"logferry/internal/window"
)

// Estimate is what a step is expected to bring and to cost. -1 is unknown.
type Estimate struct {
	Records  int64 `json:"records"`  // fetched; of a Delete, those removed
	Kept     int64 `json:"kept"`     // read from the files that are there, and written again
	Requests int64 `json:"requests"` // list, detail and usage
	Bytes    int64 `json:"bytes"`    // written, over all sinks; of a Delete, those removed
}

// Total is the estimate of a whole plan.
type Total struct {
	Records  int64 `json:"records"` // fetched; -1 where nothing tells
	Kept     int64 `json:"kept"`    // read from files and written again
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
	// Uncounted says that the pipeline's filters are none that usage counts can be asked for with.
	Uncounted bool
	// Limit of the organisation, requests a minute; 0 where unknown.
	Limit float64
}

const (
	pageRows      = 100   // list entries a page
	assumedLimit  = 2_000 // requests a minute: the small plan's
	assumedFailed = 0.1   // share of records whose status is `failed`
)

// Run is a stretch of time of one project in which a plan fetches everything, as nothing of it is held.
type Run struct {
	Project  string
	From, To time.Time
}

// LongestUsage is the longest range that the API's usage counts answer for.
const LongestUsage = 366 * 24 * time.Hour

// Runs are the stretches whose usage counts tell how many records the plan will fetch: neighbouring steps are one run. st is
// the state that the plan was made of.
func (p *Plan) Runs(st *state.State) []Run {
	var out []Run
	open := map[string]int{} // by project, the run that may grow
	for i := range p.Steps {
		s := &p.Steps[i]
		for _, l := range s.unheld(st) {
			if at, ok := open[s.Project]; ok && out[at].join(l) {
				continue
			}
			open[s.Project] = len(out)
			out = append(out, Run{s.Project, l.From, l.To})
		}
	}
	return out
}

// unheld is what the step lists and has no rows of: all of it where there is no base.
func (s *Step) unheld(st *state.State) []Interval {
	if len(s.Base) == 0 {
		return s.List
	}
	entry, _ := st.Get(s.Project, s.Partition) // the zero one covers nothing
	var out []Interval
	for _, l := range s.List {
		for _, w := range window.Subtract(l.Window(), entry.Interval()) {
			out = append(out, Interval{w.From, w.To})
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
