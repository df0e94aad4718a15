package apply

import (
	"path"
	"time"

	"logferry/internal/config"
	"logferry/internal/plan"
	"logferry/internal/record"
	"logferry/internal/state"
	"logferry/sinks/bucket"
)

// Summary is the end of a run: what was written, what it cost and what went wrong. Its JSON names are stable.
type Summary struct {
	Type       string    `json:"type"` // "summary"
	Result     Result    `json:"result"`
	Targeted   bool      `json:"targeted,omitempty"` // only some of the partitions were looked at
	Pipeline   string    `json:"pipeline"`
	Version    string    `json:"version"`
	From       time.Time `json:"from"` // of the exported range, inclusive
	To         time.Time `json:"to"`   // exclusive
	StartedAt  time.Time `json:"started_at"`
	DurationMS int64     `json:"duration_ms"`

	Partitions Partitions          `json:"partitions"`
	Actions    map[plan.Action]int `json:"actions"` // how many steps of each kind succeeded
	// Records counts the rows of the partitions that were written, NewRecords those of them that the lake did not have before.
	Records    int64                    `json:"records"`
	NewRecords int64                    `json:"new_records"`
	Details    map[record.Outcome]int64 `json:"details"`
	// Quarantined counts the records that could not be had or read whole, those that are exported without their
	// detail included, of the partitions that the run had to do with. QuarantinedTotal counts those of the whole state, as the run
	// has left it.
	Quarantined      int64            `json:"quarantined"`
	QuarantinedTotal int64            `json:"quarantined_total"`
	Reconcile        ReconcileSummary `json:"reconcile"`
	Files            int64            `json:"files"`
	Bytes            int64            `json:"bytes"` // of the files, over all sinks
	Sinks            []SinkSummary    `json:"sinks"`
	Requests         RequestSummary   `json:"requests"`
	// StraysRemoved counts the data files that no state named.
	StraysRemoved int `json:"strays_removed"`
	// Retained counts the objects that were to be removed, since others have taken their place, and that their buckets keep by a
	// retention or a legal hold. A later run removes them.
	Retained int64 `json:"retained"`
	// Serial and Head are those of the newest commit: as serial:head written down elsewhere, they are what verify --against
	// compares with.
	Serial int64    `json:"serial"`
	Head   string   `json:"head"` // SHA-256, hex
	Errors []string `json:"errors"`
}

// Partitions counts the partitions of a run by how they ended.
type Partitions struct {
	Declared  int `json:"declared"`  // those of the plan, and those that were as declared already
	Written   int `json:"written"`   // the empty ones included
	Empty     int `json:"empty"`     // of them, those without a record, so without a file
	Unchanged int `json:"unchanged"` // as declared already, or found to be
	Deleted   int `json:"deleted"`
	Failed    int `json:"failed"`
	NotDone   int `json:"not_done"` // abandoned or not begun when the run ended early
}

// ReconcileSummary counts the partitions that were compared with the API's counts.
type ReconcileSummary struct {
	Mode    config.Reconcile `json:"mode"`
	Agree   int              `json:"agree"`
	Differ  int              `json:"differ"`
	Unknown int              `json:"unknown"` // the count could not be had, or does not apply to the filters
	// Late counts records that only a second listing showed, and that were added; Extra those that it did not show any more.
	Late  int64 `json:"late"`
	Extra int64 `json:"extra"`
}

// SinkSummary is what went to one sink.
type SinkSummary struct {
	Name  string `json:"name"`
	URL   string `json:"url"`
	Files int64  `json:"files"`
	Bytes int64  `json:"bytes"`
}

// RequestSummary counts requests, the failed and repeated ones included.
type RequestSummary struct {
	List            int64 `json:"list"`
	Detail          int64 `json:"detail"`
	Usage           int64 `json:"usage"`
	Total           int64 `json:"total"`
	Retried         int64 `json:"retried"`
	RateLimited     int64 `json:"rate_limited"` // answered with 429
	BytesDownloaded int64 `json:"bytes_downloaded"`
	// Least is how few list and detail requests could have done the same: a page for each hundred records listed, at least
	// one an interval, and a request for each detail that was wanted and not had before. Usage counts are not in it.
	Least int64 `json:"least"`
	// OverLeast is List and Detail together over Least, to four digits; absent where nothing was needed.
	OverLeast float64 `json:"over_least,omitempty"`
}

// StepResult is the end of one step of the plan.
type StepResult struct {
	Type        string                   `json:"type"` // "partition"
	Action      plan.Action              `json:"action"`
	Project     string                   `json:"project,omitempty"`
	Partition   string                   `json:"partition"` // its path: dt=2026-04-17
	From        time.Time                `json:"from"`
	To          time.Time                `json:"to"`
	Version     int                      `json:"version,omitempty"`
	Records     int64                    `json:"records"`           // rows that it has
	New         int64                    `json:"new_records"`       // rows that it did not have before
	Dropped     int64                    `json:"dropped,omitempty"` // rows that it had and that are not listed any more, where those may go
	Details     map[record.Outcome]int64 `json:"details"`
	Quarantined int64                    `json:"quarantined"`
	Reconcile   *state.Reconcile         `json:"reconcile,omitempty"`
	Files       []FileResult             `json:"files"`
	DurationMS  int64                    `json:"duration_ms"`
	Unchanged   bool                     `json:"unchanged,omitempty"` // nothing was new: its files are as they were
	Error       string                   `json:"error,omitempty"`
	Abandoned   bool                     `json:"abandoned,omitempty"` // the run ended early; nothing of it was committed
}

// Name is the partition's with its project's, as in Running.
func (r *StepResult) Name() string { return path.Join(r.Project, r.Partition) }

// FileResult is one written file.
type FileResult struct {
	Sink   string `json:"sink"`
	Key    string `json:"key"` // below the sink's URL
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// NewSummary is the summary of a run that nothing was done in yet.
func NewSummary(version string) *Summary {
	return &Summary{
		Type: "summary", Result: Failed, Version: version, Actions: map[plan.Action]int{}, Details: map[record.Outcome]int64{},
		Sinks: []SinkSummary{}, Errors: []string{},
	}
}

func (r *run) newSummary() *Summary {
	s := NewSummary(r.opts.Version)
	s.Pipeline, s.From, s.To, s.StartedAt, s.Targeted = r.pipeline.Name, r.plan.From, r.plan.To, r.start.UTC(), r.plan.Targeted
	s.Partitions.Declared = len(r.plan.Steps) + r.plan.Unchanged.Partitions
	s.Partitions.Unchanged = r.plan.Unchanged.Partitions
	s.Reconcile.Mode = r.pipeline.Reconcile
	for _, c := range r.pipeline.Sinks {
		s.Sinks = append(s.Sinks, SinkSummary{Name: c.Name, URL: bucket.Redact(c.URL)})
	}
	return s
}

// add counts the end of one step.
func (s *Summary) add(r StepResult) {
	if r.Abandoned {
		return
	}
	if r.Error != "" {
		s.Errors = append(s.Errors, r.Error)
		if r.Version == 0 { // otherwise it was committed, and disagrees with the API
			s.Partitions.Failed++
			return
		}
	}
	s.Actions[r.Action]++
	s.Quarantined += r.Quarantined
	s.Reconcile.add(r.Reconcile)
	s.NewRecords += r.New
	switch {
	case r.Action == plan.Delete:
		s.Partitions.Deleted++
		return
	case r.Unchanged:
		s.Partitions.Unchanged++
		return
	}
	s.Partitions.Written++
	if r.Records == 0 {
		s.Partitions.Empty++
	}
	s.Records += r.Records
	for outcome, n := range r.Details {
		s.Details[outcome] += n
	}
	for _, f := range r.Files {
		s.addFile(f)
	}
}

func (s *Summary) addFile(f FileResult) {
	s.Files++
	s.Bytes += f.Bytes
	for i := range s.Sinks {
		if s.Sinks[i].Name == f.Sink {
			s.Sinks[i].Files++
			s.Sinks[i].Bytes += f.Bytes
		}
	}
}

func (s *ReconcileSummary) add(r *state.Reconcile) {
	if r == nil {
		return
	}
	switch r.Usage {
	case state.UsageAgrees:
		s.Agree++
	case state.UsageDiffers:
		s.Differ++
	default:
		s.Unknown++
	}
	s.Late += r.LateCount
	s.Extra += r.ExtraCount
}

func (r *run) finish(result Result, err error) {
	s := r.summary
	s.Result = result
	if result == Failed && len(s.Errors) == 0 { // of no partition
		s.Errors = append(s.Errors, err.Error())
	}
	n := r.progress.Snapshot()
	s.Requests = RequestSummary{
		List: n.ListRequests, Detail: n.DetailRequests, Usage: n.UsageRequests,
		Total:   n.ListRequests + n.DetailRequests + n.UsageRequests,
		Retried: n.Retries, RateLimited: n.Throttled, BytesDownloaded: n.Bytes,
		Least: r.least.Load(),
	}
	s.Requests.OverLeast = overLeast(n.ListRequests+n.DetailRequests, s.Requests.Least)
	p := &s.Partitions
	p.NotDone = p.Declared - p.Written - p.Unchanged - p.Failed - p.Deleted
	s.lies(r.state)
	s.Retained = r.retained.Load()
	s.DurationMS = time.Since(r.start).Milliseconds()
}

// lies takes from the state, which may be nil, what lies in the lake at the end.
func (s *Summary) lies(st *state.State) {
	if st == nil {
		return
	}
	s.Serial, s.Head, s.QuarantinedTotal = st.Serial, st.Head, 0
	for _, e := range st.All() {
		s.QuarantinedTotal += e.Quarantined
	}
}
