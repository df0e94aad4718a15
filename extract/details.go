package extract

import (
	"errors"
	"net/http"

	"logferry/internal/record"
)

// job is one record on its way to its detail.
type job struct {
	walk  *walk
	rec   record.Record
	entry held
	tries tries
}

// enqueue hands a job to the workers. It blocks while the queue is full; a job of an ended walk is settled unfetched.
func (w *walk) enqueue(j *job) {
	select {
	case w.x.queue <- j:
		w.x.workers.hire(w.x, w.step.Client.governor)
	case <-w.ctx.Done():
		w.abandon(j)
	}
}

// abandon settles a job whose walk has ended.
func (w *walk) abandon(j *job) {
	j.entry.of.releasePart(j.entry.bytes)
	w.collector.end()
}

// fetch makes one attempt at a job's detail and settles it, or lets it sleep outside of the worker.
func (w *walk) fetch(j *job) {
	if w.ctx.Err() != nil {
		w.abandon(j)
		return
	}
	w.progress.add(gaugeDetails, 1)
	memory, v := w.attempt(j)
	w.progress.add(gaugeDetails, -1)
	switch v.class {
	case done:
		w.progress.add(countFetched, 1)
		j.rec.Outcome = record.Fetched
		w.settle(j, memory)
	case retry, retryAfter:
		c := w.step.Client
		pause, err := c.policy.next(&j.tries, OpDetail, v, c.reached.Load())
		switch {
		case err != nil && v.throttled: // the budget is not the record's fault: every other one would end so
			w.fail(err, w.step.Interval)
			w.abandon(j)
			return
		case err != nil:
			w.refused(j, err)
			return
		}
		c.retrying(w.progress, OpDetail, v.err, pause)
		w.progress.add(gaugeSleeping, 1)
		go func() {
			defer w.progress.add(gaugeSleeping, -1)
			if sleep(w.ctx, pause) != nil {
				w.abandon(j)
				return
			}
			w.enqueue(j)
		}()
	case permanent:
		w.refused(j, v.err)
	default:
		w.fail(v.err, w.step.Interval)
		w.abandon(j)
	}
}

// attempt makes one request for a job's detail. On done, the returned memory is what the detail occupies.
func (w *walk) attempt(j *job) (*reservation, verdict) {
	memory, err := w.x.details.reserve(w.ctx)
	if err != nil {
		return nil, verdict{class: stopped, err: err}
	}
	r := w.step.Client.detailRequest(j.rec.ID)
	r.meter, r.memory = w.progress, memory
	body, v := w.step.Client.attempt(w.ctx, &r, &j.tries)
	if v.class != done {
		memory.release()
		return nil, v
	}
	memory.settle(int64(len(body)))
	j.rec.Detail = body
	return memory, v
}

// refused settles a job whose detail can't be had: its entry is delivered alone.
func (w *walk) refused(j *job, err error) {
	var api *APIError
	switch {
	case errors.As(err, &api) && api.Status == http.StatusNotFound:
		w.progress.add(countMissing, 1)
		j.rec.Outcome = record.Missing
	case errors.As(err, &api) && api.Status == http.StatusForbidden:
		w.progress.add(countDenied, 1)
		j.rec.Outcome = record.Denied
	default:
		w.progress.add(countFailed, 1)
		j.rec.Outcome = record.Failed
	}
	if !w.report(badDetail(j, err)) {
		w.abandon(j) // the next run has to meet it again
		return
	}
	w.settle(j, nil)
}

var reasons = map[record.Outcome]string{
	record.Missing: "the API has no detail of it",
	record.Denied:  "the API denies its detail",
	record.Failed:  "its detail can't be fetched",
}

func badDetail(j *job, err error) Bad {
	return Bad{
		Bad: record.Bad{
			ID: j.rec.ID, Micros: j.rec.Micros, HasTime: true, Raw: j.rec.Raw,
			Reason: reasons[j.rec.Outcome],
		},
		Attempts: j.tries.attempts, LastError: err.Error(),
	}
}

// settle collects a job's record and delivers the batch that it completes.
func (w *walk) settle(j *job, memory *reservation) {
	defer w.collector.end()
	if journal := w.step.Journal; journal != nil {
		w.try(func() error { return journal.Settled(&j.rec) })
	}
	parts := [2]held{j.entry}
	n := 1
	if memory != nil {
		parts[1] = held{of: memory, bytes: memory.bytes}
		n = 2
	}
	rec := j.rec
	j.rec = record.Record{} // the job's neighbours keep it in memory until all of their page are settled
	if due, ok := w.collector.add(rec, parts[:n]...); ok {
		w.deliver(due)
	} else if w.x.waiting.Load() > 0 {
		w.flush() // memory is short: what is held here may be what others wait for
	}
}
