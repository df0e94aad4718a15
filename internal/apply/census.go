package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"logferry/extract"
	"logferry/internal/plan"
	"logferry/internal/record"
	"logferry/internal/spool"
	"logferry/internal/state"
	"logferry/internal/verify"
	"logferry/internal/window"
)

// census lists the partitions again and names the ids that are in one place only.
func (s *Session) census(ctx context.Context, targets []plan.Target, report *verify.Report) error {
	if _, err := s.Load(ctx); err != nil {
		return err
	}
	entries, err := s.Select(targets)
	if err != nil {
		return err
	}
	report.Census = &verify.Census{}
	r := &run{Session: s, plan: &plan.Plan{}}
	for _, e := range entries {
		if err := r.censusOf(ctx, e, report); err != nil {
			return fmt.Errorf("list %s again: %w", e.Name(), err)
		}
	}
	n := s.progress.Snapshot()
	report.Census.Requests = n.ListRequests
	report.End()
	return nil
}

// otherWindows is how many windows a census cuts a partition into: more than a walk begins with, and an odd number, so that
// their edges lie elsewhere.
const otherWindows = 7

func (r *run) censusOf(ctx context.Context, e state.Entry, report *verify.Report) (err error) {
	project, ok := r.project(e.Project)
	if !ok || e.From.Before(r.opts.Now.Add(-plan.Retention)) {
		return nil // not declared any more, or deleted by the service: there is nothing to compare with
	}
	listed := spool.New(spool.Options{Dir: r.dir, Budget: r.budget})
	defer func() { err = errors.Join(err, listed.Close()) }()
	interval := window.New(e.From, e.To)
	_, err = r.extractor.Walk(ctx, extract.Step{
		Client: project.client, Interval: interval, Filters: filters(r.pipeline.Source.Filters), Details: extract.DetailsNone,
		Windows: otherWindows, Progress: &r.progress,
	}, listing{listed})
	if err != nil {
		return err
	}
	m, err := r.store.Manifest(ctx, &e)
	if err != nil {
		return err
	}
	gone := m.ErasedSet()
	st := &step{run: r, entry: e, known: m, project: project, plan: &plan.Step{Project: e.Project, Partition: e.Partition, From: e.From, To: e.To, Base: []string{e.Name()}}}
	var missed, extra named
	for entry, err := range missing(listed.Sorted(ctx), st.baseKeys(ctx), func(k record.Key) { extra.add(k.ID) }) {
		if err != nil {
			return err
		}
		if gone.Has(entry.ID) {
			report.Census.Erased++
			continue
		}
		missed.add(entry.ID)
	}
	r.report(&e, report.Census, listed.Count(), missed, extra, report)
	return nil
}

// report adds what a partition's census has shown. Ids that the next apply will add, as it lists the partition again, are
// late and no finding.
func (r *run) report(e *state.Entry, c *verify.Census, listed int64, missed, extra named, report *verify.Report) {
	c.Partitions++
	c.Listed += listed
	c.Extra += extra.count
	lookback := r.pipeline.Range.Lookback
	late := lookback > 0 && e.AsOf.Before(e.To.Add(lookback))
	if late {
		c.Late += missed.count
	} else {
		c.Missing += missed.count
	}
	find := func(kind verify.Kind, what string, n named, advice string) {
		if n.count > 0 {
			report.Findings = append(report.Findings, verify.Finding{
				Kind: kind, Partition: e.Name(), Problem: fmt.Sprintf("%d records %s (%s)", n.count, what, few(n.ids)), Advice: advice,
			})
		}
	}
	if late {
		find(verify.Late, "are late: listed since "+e.AsOf.UTC().Format(time.RFC3339), missed, "logferry apply adds them")
	} else {
		find(verify.Content, "are listed and missing in the lake", missed, "logferry apply --replace "+e.Name()+" fetches the partition anew")
	}
	find(verify.Content, "are in the lake and not listed any more", extra, "the API may have deleted them; the lake keeps them")
}

// listing takes the keys of a walk's entries, and nothing else of them: what they hold is not redacted, and the spool may write it to disk.
type listing struct{ to *spool.Spool }

// Records implements extract.Receiver.
func (l listing) Records(ctx context.Context, recs []record.Record) error {
	keys := make([]record.Record, len(recs))
	for i := range recs {
		keys[i] = record.Record{Entry: record.Entry{Key: recs[i].Key}, Outcome: record.Skipped}
	}
	return l.to.Add(ctx, keys)
}

// Bad implements extract.Receiver.
func (l listing) Bad(context.Context, extract.Bad) error { return nil }
