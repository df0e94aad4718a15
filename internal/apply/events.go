package apply

import (
	"sync"
	"time"

	"logferry/extract"
	"logferry/internal/plan"
	"logferry/sinks/bucket"
)

// Events is told what a run does. Its methods may be called from several goroutines at once.
type Events interface {
	// Started comes once, before the first step. live may be called at any time until Apply has returned.
	Started(run Started, live func() Snapshot)
	// StepStarted comes once a partition, with Running.Name.
	StepStarted(name string)
	// Retrying comes when a request failed that will be repeated, but not for every one of them.
	Retrying(err error, pause time.Duration)
	// StepDone comes once a partition that was started, in the order in which they end.
	StepDone(StepResult)
}

// AskingEvents are Events that want to know what planning waits for, too.
type AskingEvents interface {
	// Asking comes when planning begins to wait for what; done is called when it has it, or does without.
	Asking(what string) (done func())
}

// asking tells that planning waits.
func (s *Session) asking(what string) (done func()) {
	if e, ok := s.opts.Events.(AskingEvents); ok {
		return e.Asking(what)
	}
	return func() {}
}

// Started says what a run is about to do.
type Started struct {
	Pipeline   string    `json:"pipeline"`
	From       time.Time `json:"from"`
	To         time.Time `json:"to"`
	Partitions int       `json:"partitions"` // with a step
	Unchanged  int       `json:"unchanged"`  // without one
	// Actions counts the steps by what they do.
	Actions map[plan.Action]int `json:"actions"`
	Sinks   []string            `json:"sinks"` // URLs
}

// Snapshot is how far a run has come.
type Snapshot struct {
	Declared int       // partitions
	Done     int       // partitions
	Running  []Running // in the order in which they were started
	Records  int64     // of all partitions
	Requests int64
	Expected int64         // records that the plan expects; 0 where that is unknown
	Planned  time.Duration // that the plan expects the whole to take; 0 where that is unknown
	Elapsed  time.Duration
	Rate     extract.Budget
}

// Left is how long the rest will take: as planned at first, later at the pace so far; 0 while that can't be told.
func (s Snapshot) Left() time.Duration {
	var share float64
	switch {
	case s.Expected > 0:
		share = float64(s.Records) / float64(s.Expected)
	case s.Declared > 0:
		share = float64(s.Done) / float64(s.Declared)
	}
	const early = 0.05
	if share < early && s.Planned > 0 {
		return time.Duration(float64(s.Planned) * (1 - max(share, 0))).Round(time.Second)
	}
	if share <= 0 || share > 1 {
		return 0
	}
	return time.Duration(float64(s.Elapsed) * (1 - share) / share).Round(time.Second)
}

// Running is a partition in work.
type Running struct {
	Name     string // project and partition
	Phase    Phase
	Listed   int64 // records found so far
	Records  int64 // of them, those whose detail has been settled while Phase is Fetching; those written afterwards
	Requests int64
}

// Phase is what is being done for a partition.
type Phase string

// The phases, in order.
const (
	Fetching Phase = "fetching"
	Writing  Phase = "writing"
)

// noEvents is told to nobody.
type noEvents struct{}

func (noEvents) Started(Started, func() Snapshot) {}
func (noEvents) StepStarted(string)               {}
func (noEvents) Retrying(error, time.Duration)    {}
func (noEvents) StepDone(StepResult)              {}

// board keeps what Snapshot shows.
type board struct {
	mu      sync.Mutex
	start   time.Time
	running []*step
	ended   Snapshot // sums over the steps that ended
}

// expected is how many records a plan's steps fetch or read from files, 0 where that is not known.
func expected(pl *plan.Plan) int64 {
	if pl.Estimate.Records < 0 || pl.Estimate.Kept < 0 {
		return 0
	}
	return pl.Estimate.Records + pl.Estimate.Kept
}

func (b *board) begin(s *step) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running = append(b.running, s)
}

func (b *board) end(s *step, r StepResult) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, other := range b.running {
		if other == s {
			b.running = append(b.running[:i], b.running[i+1:]...)
			break
		}
	}
	b.ended.Done++
	switch {
	case r.Unchanged: // its records were there
	case r.Action == plan.Refresh: // a plan knows nothing of the others that are read for late ones
		b.ended.Records += r.New
	default:
		b.ended.Records += r.Records
	}
}

func (b *board) snapshot() Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.ended
	out.Elapsed = time.Since(b.start)
	for _, s := range b.running {
		r := s.live()
		out.Running = append(out.Running, r)
		out.Records += r.Records
	}
	return out
}

func (r *run) started() Started {
	s := Started{Pipeline: r.pipeline.Name, From: r.plan.From, To: r.plan.To, Partitions: len(r.plan.Steps), Unchanged: r.plan.Unchanged.Partitions}
	s.Actions = map[plan.Action]int{}
	for _, a := range plan.Actions {
		if n := r.plan.Count(a); n > 0 {
			s.Actions[a] = n
		}
	}
	for _, c := range r.pipeline.Sinks {
		s.Sinks = append(s.Sinks, bucket.Redact(c.URL))
	}
	return s
}
