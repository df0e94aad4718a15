package apply

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sync/atomic"
	"time"

	"logferry/extract"
	"logferry/internal/config"
	"logferry/internal/record"
	"logferry/internal/spool"
	"logferry/internal/window"
)

// step is one partition of one project: the unit of work and of retry.
type step struct {
	runner  *runner
	project project
	slice   window.Slice

	progress *extract.Progress
	writing  atomic.Bool
	written  atomic.Int64
}

func (s *step) name() string { return path.Join(s.project.name, s.slice.Partition.Path()) }

func (s *step) live() Running {
	n := s.progress.Snapshot()
	out := Running{
		Name: s.name(), Phase: Fetching, Listed: n.Kept, Requests: n.ListRequests + n.DetailRequests,
		Records: n.Fetched + n.Skipped + n.Missing + n.Denied + n.Failed,
	}
	if s.writing.Load() {
		out.Phase, out.Records = Writing, s.written.Load()
	}
	return out
}

// run exports the partition. The result is complete up to the error, if there is one.
func (s *step) run(ctx context.Context) (StepResult, error) {
	start := time.Now()
	res := StepResult{
		Type: "partition", Project: s.project.name, Partition: s.slice.Partition.Path(),
		From: s.slice.Interval.From, To: s.slice.Interval.To,
		Details: map[record.Outcome]int64{}, Files: []FileResult{},
	}
	err := s.export(ctx, &res)
	if err != nil {
		err = fmt.Errorf("partition %s: %w", s.name(), err)
		res.Error = err.Error()
	}
	res.DurationMS = time.Since(start).Milliseconds()
	return res, err
}

func (s *step) export(ctx context.Context, res *StepResult) (err error) {
	r := s.runner
	records := spool.New(spool.Options{Dir: r.dir, Budget: r.budget})
	bad := newQuarantine(spool.New(spool.Options{Dir: r.dir, Budget: r.budget}), r.opts.Now)
	defer func() { err = errors.Join(err, records.Close(), bad.close()) }()

	_, err = r.extractor.Walk(ctx, extract.Step{
		Client: s.project.client, Interval: s.slice.Interval, Filters: filters(r.pipeline.Source.Filters),
		Details: detailModes[r.pipeline.Source.Details], Progress: s.progress,
	}, &collector{step: s, records: records, bad: bad})
	if err != nil {
		return err
	}
	if err := s.write(ctx, records, res); err != nil {
		return err
	}
	return s.putAside(ctx, bad, res)
}

var detailModes = map[config.Details]extract.Details{
	config.DetailsAll: extract.DetailsAll, config.DetailsFailed: extract.DetailsFailed, config.DetailsNone: extract.DetailsNone,
}

// collector hands what a walk finds to the spool and to quarantine.
type collector struct {
	step    *step
	records *spool.Spool
	bad     *quarantine
}

// Records implements extract.Receiver.
func (c *collector) Records(ctx context.Context, recs []record.Record) error {
	return c.records.Add(ctx, recs)
}

// Bad implements extract.Receiver.
func (c *collector) Bad(ctx context.Context, b extract.Bad) error {
	if c.step.runner.pipeline.Extract.OnBadRecord == config.Fail {
		return &BadRecordError{ID: b.ID, Reason: b.Reason, LastError: b.LastError}
	}
	return c.bad.add(ctx, c.step.project.name, b)
}
