package main

import (
	"encoding/json"
	"sync"
	"time"

	"logferry/internal/apply"
)

// jsonView writes one JSON object a line: start, partition…, progress every few seconds, and at last the summary.
type jsonView struct {
	mu  sync.Mutex
	enc *json.Encoder
	*ticker
}

func newJSONView(a *app) *jsonView {
	return &jsonView{enc: json.NewEncoder(a.stdout), ticker: newTicker(lineInterval)}
}

func (v *jsonView) line(x any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	_ = v.enc.Encode(x) // a reader that went away is no reason to stop the export
}

// Started implements apply.Events.
func (v *jsonView) Started(s apply.Started, live func() apply.Snapshot) {
	v.line(struct {
		Type string `json:"type"`
		apply.Started
	}{"start", s})
	v.start(func() { v.line(progressLine(live())) })
}

// StepStarted implements apply.Events.
func (v *jsonView) StepStarted(string) {}

// Retrying implements apply.Events.
func (v *jsonView) Retrying(err error, pause time.Duration) {
	v.line(map[string]any{"type": "retry", "error": err.Error(), "pause_ms": pause.Milliseconds()})
}

// StepDone implements apply.Events.
func (v *jsonView) StepDone(r apply.StepResult) { v.line(r) }

// Close implements applyView.
func (v *jsonView) Close() { v.stop() }

// Summary implements applyView.
func (v *jsonView) Summary(s *apply.Summary, err error) error {
	v.line(s)
	return err
}

type progress struct {
	Type           string     `json:"type"` // "progress"
	PartitionsDone int        `json:"partitions_done"`
	Partitions     int        `json:"partitions"`
	Records        int64      `json:"records"`
	Expected       int64      `json:"records_expected,omitempty"`
	Requests       int64      `json:"requests"`
	RateLimit      int        `json:"rate_limit,omitempty"` // absent while the API has not said
	RateRemaining  *int       `json:"rate_remaining,omitempty"`
	PausedUntil    *time.Time `json:"paused_until,omitempty"` // by a 429
	WaitUntil      *time.Time `json:"wait_until,omitempty"`   // requests wait for the rate budget, which is looked at again then
	ElapsedS       float64    `json:"elapsed_s"`
	LeftS          float64    `json:"left_s,omitempty"`
}

func progressLine(s apply.Snapshot) progress {
	p := progress{
		Type: "progress", PartitionsDone: s.Done, Partitions: s.Declared, Records: s.Records, Expected: s.Expected,
		Requests: s.Requests, RateLimit: s.Rate.Limit,
		ElapsedS: s.Elapsed.Round(time.Millisecond).Seconds(), LeftS: s.Left().Seconds(),
	}
	if s.Rate.Remaining >= 0 {
		p.RateRemaining = &s.Rate.Remaining
	}
	if !s.Rate.PausedUntil.IsZero() {
		until := s.Rate.PausedUntil.UTC()
		p.PausedUntil = &until
	}
	if !s.Rate.WaitUntil.IsZero() {
		until := s.Rate.WaitUntil.UTC()
		p.WaitUntil = &until
	}
	return p
}

const lineInterval = 5 * time.Second

// ticker calls a function every so often, from start to stop.
type ticker struct {
	every time.Duration
	quit  chan struct{}
	done  sync.WaitGroup
}

func newTicker(every time.Duration) *ticker { return &ticker{every: every, quit: make(chan struct{})} }

func (t *ticker) start(f func()) {
	t.done.Go(func() {
		tick := time.NewTicker(t.every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				f()
			case <-t.quit:
				return
			}
		}
	})
}

func (t *ticker) stop() {
	close(t.quit)
	t.done.Wait()
}
