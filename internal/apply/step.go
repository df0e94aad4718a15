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
	"logferry/internal/plan"
	"logferry/internal/record"
	"logferry/internal/state"
	"logferry/internal/window"
	"logferry/sinks"
)

// step is one step of the plan in work: one partition of one project.
type step struct {
	run       *run
	plan      *plan.Step
	project   project
	partition window.Partition
	entry     state.Entry     // zero where the state does not have the partition
	known     *state.Manifest // of the entry; nil where there is none
	erased    *erased         // what must not come back
	erasing   *erasing        // what is erased by the step

	progress *extract.Progress
	writing  atomic.Bool
	written  atomic.Int64
}

// steps makes the steps of the plan ready.
func (r *run) steps() ([]*step, error) {
	r.erasures = withErasures(r.state)
	return r.stepsOf(r.plan.Steps)
}

func (r *run) stepsOf(steps []plan.Step) ([]*step, error) {
	var out []*step
	for i := range steps {
		ps := &steps[i]
		partition, err := window.ParsePartition(ps.Partition)
		if err != nil {
			return nil, err
		}
		project, declared := r.project(ps.Project)
		if !declared && ps.Action != plan.Delete && ps.Action != eraseAction {
			return nil, fmt.Errorf("the plan names the project %q, which is not declared", ps.Project)
		}
		s := &step{run: r, plan: ps, project: project, partition: partition, progress: extract.NewProgress(&r.progress)}
		s.project.name = ps.Project
		s.entry, _ = r.state.Get(ps.Project, ps.Partition)
		out = append(out, s)
	}
	return out, nil
}

func (s *step) live() Running {
	n := s.progress.Snapshot()
	out := Running{
		Name: s.plan.Name(), Phase: Fetching, Listed: n.Kept, Requests: n.ListRequests + n.DetailRequests,
		Records: n.Fetched + n.Skipped + n.Missing + n.Denied + n.Failed,
	}
	if !s.writing.Load() {
		return out
	}
	out.Phase = Writing
	if s.plan.Action != plan.Refresh { // which also reads all that is there
		out.Records = s.written.Load()
	}
	return out
}

// prefix is the partition's folder below each sink.
func (s *step) prefix() string { return sinks.PartitionPrefix(s.plan.Project, s.plan.Partition) }

// do carries the step out.
func (s *step) do(ctx context.Context, res *StepResult) error {
	if s.plan.Action == plan.Delete {
		return s.remove(ctx)
	}
	if s.entry.Version > 0 {
		m, err := s.run.store.Manifest(ctx, &s.entry)
		var broken *state.UnusableError
		if errors.As(err, &broken) && s.plan.Action == plan.Replace && len(s.plan.Base) == 0 { // nothing but its name is needed
			s.run.opts.Logger.Warn("the manifest is damaged: the partition is fetched anew", "partition", s.plan.Name(), "error", err)
			m, err = nil, nil
		}
		if err != nil {
			return err
		}
		s.known = m
	}
	if err := s.learnErased(ctx); err != nil {
		return err
	}
	for {
		w := s.begin()
		err := w.end(s.export(ctx, w, res))
		var damaged *sinks.DamagedError
		if !errors.As(err, &damaged) || !s.without(damaged) {
			return err
		}
		s.run.opts.Logger.Warn("a file is damaged: the rows come from another sink, or from the API again", "partition", s.plan.Name(), "error", err)
	}
}

// without gives up a sink whose file proved to be damaged, and says whether the rows can be read from another one.
func (s *step) without(damaged *sinks.DamagedError) bool {
	s.plan.Gone = append(s.plan.Gone, plan.Object{Sink: damaged.Sink, Key: damaged.Key, Size: -1})
	s.plan.Rewrite = true
	for _, name := range s.plan.Base {
		m, err := s.manifestOf(context.Background(), name)
		if err != nil || s.source(m) == nil {
			return false
		}
	}
	return true
}

func (s *step) export(ctx context.Context, w *work, res *StepResult) error {
	if err := s.recall(ctx, w); err != nil {
		return err
	}
	if err := s.fetch(ctx, w); err != nil {
		return err
	}
	if s.unchanged(w) {
		return s.commitUnchanged(ctx, w, res)
	}
	return s.write(ctx, w, res)
}

var detailModes = map[config.Details]extract.Details{
	config.DetailsAll: extract.DetailsAll, config.DetailsFailed: extract.DetailsFailed, config.DetailsNone: extract.DetailsNone,
}

func (s *step) newResult() StepResult {
	return StepResult{
		Type: "partition", Action: s.plan.Action, Project: s.plan.Project, Partition: s.plan.Partition,
		From: s.plan.From, To: s.plan.To, Details: map[record.Outcome]int64{}, Files: []FileResult{},
	}
}

// result carries the step out. The result is complete up to the error, if there is one.
func (s *step) result(ctx context.Context) (StepResult, error) {
	start := time.Now()
	res := s.newResult()
	err := s.do(ctx, &res)
	if err != nil {
		err = fmt.Errorf("partition %s: %w", path.Join(s.plan.Project, s.plan.Partition), err)
		res.Error = err.Error()
	}
	res.DurationMS = time.Since(start).Milliseconds()
	return res, err
}
