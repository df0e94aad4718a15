package apply

import (
	"path"
	"time"

	"logferry/internal/record"
	"logferry/sinks/bucket"
)

// Summary is the end of a run: what was written, what it cost and what went wrong. Its JSON names are stable.
type Summary struct {
	Type       string    `json:"type"` // "summary"
	Pipeline   string    `json:"pipeline"`
	Version    string    `json:"version"`
	From       time.Time `json:"from"` // of the exported range, inclusive
	To         time.Time `json:"to"`   // exclusive
	StartedAt  time.Time `json:"started_at"`
	DurationMS int64     `json:"duration_ms"`

	Partitions Partitions               `json:"partitions"`
	Records    int64                    `json:"records"`
	Details    map[record.Outcome]int64 `json:"details"`
	// Quarantined counts the records that could not be had or read whole, those that are exported without their
	// detail included.
	Quarantined int64          `json:"quarantined"`
	Files       int64          `json:"files"`
	Bytes       int64          `json:"bytes"` // of the files, over all sinks
	Sinks       []SinkSummary  `json:"sinks"`
	Requests    RequestSummary `json:"requests"`
	Errors      []string       `json:"errors"`
}

// Partitions counts the partitions of a run by how they ended.
type Partitions struct {
	Declared int `json:"declared"`
	Written  int `json:"written"` // the empty ones included
	Empty    int `json:"empty"`   // without a record, so without a file
	Failed   int `json:"failed"`
	NotDone  int `json:"not_done"` // abandoned or not begun when the run ended early
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
}

// StepResult is the end of one partition.
type StepResult struct {
	Type        string                   `json:"type"` // "partition"
	Project     string                   `json:"project,omitempty"`
	Partition   string                   `json:"partition"` // its path: dt=2026-04-17
	From        time.Time                `json:"from"`
	To          time.Time                `json:"to"`
	Records     int64                    `json:"records"`
	Details     map[record.Outcome]int64 `json:"details"`
	Quarantined int64                    `json:"quarantined"`
	Files       []FileResult             `json:"files"`
	DurationMS  int64                    `json:"duration_ms"`
	Error       string                   `json:"error,omitempty"`
	Abandoned   bool                     `json:"abandoned,omitempty"` // the run ended early; nothing of it was replaced
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

func (r *runner) newSummary(start time.Time, partitions int) *Summary {
	s := &Summary{
		Type: "summary", Pipeline: r.pipeline.Name, Version: r.opts.Version,
		From: r.rng.From, To: r.rng.To, StartedAt: start.UTC(),
		Partitions: Partitions{Declared: partitions}, Details: map[record.Outcome]int64{}, Errors: []string{},
	}
	for _, c := range r.pipeline.Sinks {
		s.Sinks = append(s.Sinks, SinkSummary{Name: c.Name, URL: bucket.Redact(c.URL)})
	}
	return s
}

// add counts the end of one partition.
func (s *Summary) add(r StepResult) {
	if r.Abandoned {
		return
	}
	if r.Error != "" {
		s.Partitions.Failed++
		s.Errors = append(s.Errors, r.Error)
		return
	}
	s.Partitions.Written++
	if r.Records == 0 {
		s.Partitions.Empty++
	}
	s.Records += r.Records
	s.Quarantined += r.Quarantined
	for outcome, n := range r.Details {
		s.Details[outcome] += n
	}
	for _, f := range r.Files {
		s.Files++
		s.Bytes += f.Bytes
		for i := range s.Sinks {
			if s.Sinks[i].Name == f.Sink {
				s.Sinks[i].Files++
				s.Sinks[i].Bytes += f.Bytes
			}
		}
	}
}

func (r *runner) finish(s *Summary, start time.Time) {
	n := r.progress.Snapshot()
	s.Requests = RequestSummary{
		List: n.ListRequests, Detail: n.DetailRequests, Usage: n.UsageRequests,
		Total:   n.ListRequests + n.DetailRequests + n.UsageRequests,
		Retried: n.Retries, RateLimited: n.Throttled, BytesDownloaded: n.Bytes,
	}
	s.Partitions.NotDone = s.Partitions.Declared - s.Partitions.Written - s.Partitions.Failed
	s.DurationMS = time.Since(start).Milliseconds()
}
