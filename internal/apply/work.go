package apply

import (
	"context"
	"errors"
	"sync"
	"time"

	"logferry/extract"
	"logferry/internal/config"
	"logferry/internal/record"
	"logferry/internal/resume"
	"logferry/internal/spool"
)

// work is what a step has gathered: records that the partition does not have yet, and what could not be had.
type work struct {
	step    *step
	records *spool.Spool
	bad     *quarantine

	// asOf is when the listing began; zero where nothing was listed.
	asOf    time.Time
	windows int64
	census  census
	// again are the quarantined records that are tried again, and resolved those of them whose detail was had.
	again, resolved map[string]bool
	journals        []*resume.Run
	// dropped counts records that the partition had and that are not listed any more, where they may go.
	dropped int64
	// committed says that what was fetched is in the lake, whatever else went wrong.
	committed bool
	spools    []*spool.Spool
}

func (s *step) begin() *work {
	w := &work{step: s, again: map[string]bool{}, resolved: map[string]bool{}}
	w.records = w.spool()
	w.bad = newQuarantine(w.spool(), s.run.opts.Now)
	return w
}

// spool makes one that ends with the work.
func (w *work) spool() *spool.Spool {
	sp := spool.New(spool.Options{Dir: w.step.run.dir, Budget: w.step.run.budget})
	w.spools = append(w.spools, sp)
	return sp
}

// end gives memory and disk back. The journals are kept where the step failed, and go where it was committed.
func (w *work) end(err error) error {
	var errs []error
	for _, sp := range w.spools {
		errs = append(errs, sp.Close())
	}
	var fewer *FewerError
	keep := err != nil && !w.committed && !errors.As(err, &fewer) // a listing that lacks records is of no use to the next run
	for _, j := range w.journals {
		if keep {
			errs = append(errs, j.Close())
		} else if failed := j.Remove(context.Background()); failed != nil {
			w.step.run.opts.Logger.Warn("remove the spool of a committed partition", "partition", w.step.plan.Name(), "error", failed)
		}
	}
	return errors.Join(append([]error{err}, errs...)...)
}

// collector hands what a walk finds to a spool and to quarantine.
type collector struct {
	work    *work
	records *spool.Spool
	listing bool       // only what there is counts: entries of records that are tried again are taken too
	mu      sync.Mutex // guards work.resolved
}

// Records implements extract.Receiver. What lies outside of the partition is dropped, as a journal may be of a wider range,
// and so is what was tried again in vain: the partition has its row.
func (c *collector) Records(ctx context.Context, recs []record.Record) error {
	kept := 0
	for i := range recs {
		if c.takes(&recs[i]) {
			recs[kept] = recs[i]
			kept++
		}
	}
	return c.records.Add(ctx, recs[:kept])
}

func (c *collector) takes(r *record.Record) bool {
	p := c.work.step.plan
	if at := time.UnixMicro(r.Micros); at.Before(p.From) || !at.Before(p.To) {
		return false
	}
	if c.listing || !c.work.again[r.ID] {
		return true
	}
	if r.Outcome != record.Fetched {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.work.resolved[r.ID] = true
	return true
}

// Bad implements extract.Receiver.
func (c *collector) Bad(ctx context.Context, b extract.Bad) error {
	s := c.work.step
	if s.run.pipeline.Extract.OnBadRecord == config.Fail {
		return &BadRecordError{ID: b.ID, Reason: b.Reason, LastError: b.LastError}
	}
	return c.work.bad.add(ctx, s.plan.Project, b)
}
