// Package verify reads back what is in the buckets and compares it with what the state says. It needs no access to the API
// and writes nothing but temporary files.
package verify

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/internal/table"
	"logferry/sinks"
)

// Options of a verification.
type Options struct {
	Store   *state.Store
	Sinks   []*sinks.Sink
	Schema  *table.Schema       // what rows look like now; nil where that is not known
	Shape   string              // names the shape that Schema is of, for manifests of before that name no columns
	Dir     string              // for temporary files, private
	Deep    bool                // read every row back
	Anchors []Anchor            // heads that were written down elsewhere: the history must have them
	Keys    []ed25519.PublicKey // check the signatures of commits with them; none for not at all
	Targets []plan.Target       // the partitions to look at; none for all of them, and for the rest of what lies in the buckets
	// Progress, which may be nil, is told of each partition that was looked at, from several goroutines.
	Progress func(name string)
}

// atOnce is how many partitions are looked at at the same time.
const atOnce = 4

// Run verifies everything. What it finds is in the report; an error says that it could not look.
func Run(ctx context.Context, o Options) (*Report, error) {
	start := time.Now()
	v := &verifier{
		Options: o, report: &Report{Type: "summary", Deep: o.Deep, Findings: []Finding{}, Retained: []Retained{}},
		signed: map[string]int64{}, quarantined: map[string]bool{},
	}
	st, err := v.history(ctx)
	if err != nil || st == nil {
		v.report.End()
		return v.report, err
	}
	entries, err := plan.Select(st, o.Targets)
	if err != nil {
		return nil, err
	}
	if err := v.findHalfDone(ctx, st); err != nil {
		return nil, err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, e := range entries {
		group.Go(func() error {
			err := v.partition(groupCtx, &e)
			if o.Progress != nil {
				o.Progress(e.Name())
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if len(o.Targets) == 0 {
		if err := v.everything(ctx, st); err != nil {
			return nil, err
		}
	}
	v.report.End()
	v.report.DurationMS = time.Since(start).Milliseconds()
	return v.report, nil
}

type verifier struct {
	Options
	names  state.Names
	whole  bool             // the chain was followed to its first commit
	signed map[string]int64 // serials of the commits that name the key of their signature, by the key of that
	half   map[string]bool  // names of the partitions of which a run that did not end may have replaced files
	mu     sync.Mutex       // guards what follows
	report *Report
	// quarantined are the quarantine objects that manifests name, as sink, line break, key.
	quarantined map[string]bool
	erased      state.ErasedSet // of all partitions
}

func (v *verifier) find(f Finding) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.report.Findings = append(v.report.Findings, f)
}

// findHalfDone looks for the notes of runs that did not end, about the version that follows a partition's.
func (v *verifier) findHalfDone(ctx context.Context, st *state.State) error {
	notes, err := v.Store.Pending(ctx)
	var broken *state.UnusableError
	if errors.As(err, &broken) {
		v.broken(broken)
		return nil
	}
	v.half = map[string]bool{}
	for _, m := range notes {
		if e, ok := st.Get(m.Project, m.Partition); ok && m.Version == e.Version+1 {
			v.half[e.Name()] = true
		}
	}
	return err
}

// count changes the report's counts.
func (v *verifier) count(change func(*Report)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change(v.report)
}

// history follows the chain of commits from its head to its first and loads the state. A chain that is broken is a finding; there is no
// state where that can't be loaded.
func (v *verifier) history(ctx context.Context) (*state.State, error) {
	anchors, signatures := newAnchored(v.Anchors), v.newSignatures(ctx)
	var failed error
	for c, err := range v.Store.History(ctx) {
		if failed = err; err != nil {
			break
		}
		v.names.Add(c)
		v.report.Commits++
		if v.report.Head == "" {
			v.report.Head, v.report.Serial, v.report.Lineage = c.Hash, c.Serial, c.Lineage
		}
		if c.Signer != "" {
			v.signed[v.Store.SignatureKey(c)] = c.Serial
		}
		anchors.meet(c)
		signatures.meet(c)
	}
	if len(v.Keys) == 0 {
		v.report.SignaturesUnchecked = int64(len(v.signed))
	}
	if err := signatures.end(); err != nil {
		return nil, err
	}
	var broken *state.UnusableError
	if failed != nil && !errors.As(failed, &broken) {
		return nil, failed
	}
	if v.whole = failed == nil; !v.whole {
		v.broken(broken)
	}
	v.anchors(anchors)
	st, err := v.Store.Load(ctx)
	if errors.As(err, &broken) {
		if v.whole { // otherwise it is what broke the chain
			v.broken(broken)
		}
		return nil, nil
	}
	return st, err
}

// partition verifies one partition. An error says that it could not be looked at; damage is a finding.
func (v *verifier) partition(ctx context.Context, e *state.Entry) error {
	m, err := v.Store.Manifest(ctx, e)
	var broken *state.UnusableError
	if errors.As(err, &broken) {
		v.find(Finding{Kind: BrokenState, Partition: e.Name(), Key: broken.Key, Problem: broken.Problem, Advice: manifestAdvice(e)})
		return nil
	}
	if err != nil {
		return err
	}
	v.count(func(r *Report) {
		r.Partitions++
		r.Rows += m.Rows
		r.Quarantined += int64(len(m.Quarantine))
		r.Unreadable += e.Unreadable
		if m.Root == "" {
			r.WithoutRoot++
		}
		if erased := m.ErasedSet(); erased.Len() > 0 { // partitions of another size have the same list
			r.Erasures += int64(len(m.Erasures))
			v.erased.Join(erased.List())
			r.Erased = v.erased.Len()
		}
		if q := m.QuarantineObject; q != nil {
			v.quarantined[q.Sink+"\n"+q.Key] = true
		}
	})
	c := &checker{verifier: v, entry: e, manifest: m}
	for _, sink := range v.Sinks {
		if err := c.sink(ctx, sink); err != nil {
			return fmt.Errorf("verify %s: %w", e.Name(), err)
		}
	}
	c.undeclared()
	return errors.Join(c.quarantine(ctx), c.advise(ctx))
}
