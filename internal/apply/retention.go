package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"logferry/internal/config"
	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/sinks"
	"logferry/sinks/bucket"
)

// asked is what a declared retention asks for an object that is written now.
func asked(r config.Retention) bucket.Retention {
	out := bucket.Retention{LegalHold: r.LegalHold}
	if r.Period > 0 {
		out.Mode, out.Until = bucket.Mode(r.Mode), time.Now().Add(r.Period).UTC().Truncate(time.Second).Add(time.Second)
	}
	return out
}

// sinkRule says what the n-th sink's objects are kept by, those of the state included where it lies there; nil for nothing.
func (s *Session) sinkRule(n int) bucket.Rule {
	data, history := s.pipeline.Sinks[n].Retention, config.Retention{}
	if n == 0 && s.pipeline.State.URL == "" {
		history = s.pipeline.State.Retention
	}
	if data.None() && history.None() {
		return nil
	}
	prefix := stateFolder + s.pipeline.Name + "/"
	return func(key string) bucket.Retention {
		rest, ofState := strings.CutPrefix(key, prefix)
		switch {
		case sinks.Keepable(key):
			return asked(data)
		case ofState && state.Lasting(rest):
			return asked(history)
		}
		return bucket.Retention{}
	}
}

// keepState returns the state's own bucket, with what the state's objects are kept by.
func (s *Session) keepState(b bucket.Bucket) (bucket.Bucket, error) {
	history := s.pipeline.State.Retention
	if history.None() {
		return b, nil
	}
	prefix := s.pipeline.Name + "/"
	return bucket.Retain(b, func(key string) bucket.Retention {
		if rest, ours := strings.CutPrefix(key, prefix); ours && state.Lasting(rest) {
			return asked(history)
		}
		return bucket.Retention{}
	})
}

// left takes what the bucket keeps for no failure of a removal: it counts it. A later run, after the time, removes it.
func (s *Session) left(err error) error {
	if !errors.Is(err, bucket.ErrRetained) {
		return err
	}
	n, kept := int64(1), (*sinks.RetainedError)(nil)
	if errors.As(err, &kept) {
		n = int64(len(kept.Keys))
	}
	s.retained.Add(n)
	s.opts.Logger.Info("objects that were to be removed stay: the bucket keeps them", "objects", n, "reason", err)
	return nil
}

// unlessRetained is for notes, which are in nobody's way once the state is another one.
func unlessRetained(err error) error {
	if errors.Is(err, bucket.ErrRetained) {
		return nil
	}
	return err
}

// holdsAtOnce is how many objects are looked at at the same time.
const holdsAtOnce = 16

// RetainedError says that objects that should be removed are kept by their buckets. None was removed.
type RetainedError struct{ Sinks []Retained }

// Retained is what one sink's bucket keeps.
type Retained struct {
	Sink    string
	Objects int
	Until   time.Time // the latest; zero where none names a time
	// Holds are those under a legal hold, and Indefinite those of which the store does not tell until when.
	Holds, Indefinite int
}

func (r *Retained) add(h bucket.Hold) {
	r.Objects++
	if h.LegalHold {
		r.Holds++
	}
	if h.Indefinite {
		r.Indefinite++
	}
	if h.Until.After(r.Until) {
		r.Until = h.Until
	}
}

func (r *Retained) String() string {
	text := fmt.Sprintf("the bucket of sink %q keeps %d object", r.Sink, r.Objects)
	if r.Objects != 1 {
		text += "s"
	}
	if !r.Until.IsZero() {
		text += ", the last of them until " + r.Until.UTC().Format(time.RFC3339)
	}
	if r.Holds > 0 {
		text += fmt.Sprintf(", %d under a legal hold", r.Holds)
	}
	if r.Indefinite > 0 {
		text += fmt.Sprintf(", %d without saying until when", r.Indefinite)
	}
	return text
}

func (e *RetainedError) Error() string {
	parts := make([]string, len(e.Sinks))
	for i := range e.Sinks {
		parts[i] = e.Sinks[i].String()
	}
	return strings.Join(parts, "; ") + ": nothing was removed"
}

// Hint is what the user can do about it.
func (e *RetainedError) Hint() string {
	return "remove them when their time is over, or choose others with --target; `logferry state rm` takes partitions out of the state and leaves their files"
}

// refuseRetained is a *RetainedError where a bucket keeps any object of the partitions. What a sink without a declared retention only
// hides when it is removed is no reason: that was never promised to stay.
func (s *Session) refuseRetained(ctx context.Context, entries []state.Entry) error {
	var objects []plan.Object
	for i := range entries {
		of, err := s.objectsOf(ctx, &entries[i])
		if err != nil {
			return err
		}
		objects = append(objects, of...)
	}
	holds, err := s.holds(ctx, objects)
	if err != nil {
		return fmt.Errorf("find out what the buckets keep: %w", err)
	}
	refused := &RetainedError{}
	for i, c := range s.pipeline.Sinks {
		in := Retained{Sink: c.Name}
		for n, o := range objects {
			if h := holds[n]; o.Sink == c.Name && h.Active(time.Now()) && (!s.pipeline.Sinks[i].Retention.None() || !h.Hides) {
				in.add(h)
			}
		}
		if in.Objects > 0 {
			refused.Sinks = append(refused.Sinks, in)
		}
	}
	if len(refused.Sinks) > 0 {
		return refused
	}
	return nil
}

// refuseDeletes is refuseRetained for the partitions that a plan removes because they left the declared range. Those whose rows are in
// partitions of another size now are removed as far as the buckets let them be.
func (r *run) refuseDeletes(ctx context.Context, steps []*step) error {
	var entries []state.Entry
	for _, s := range steps {
		if s.plan.Action == plan.Delete && !r.superseded(s) {
			entries = append(entries, s.entry)
		}
	}
	if len(entries) == 0 || len(r.failed) > 0 || ctx.Err() != nil {
		return nil
	}
	return r.refuseRetained(ctx, entries)
}

func (r *run) superseded(s *step) bool {
	return s.partition.Granularity != r.pipeline.Range.Partition && !s.plan.From.Before(r.rng.From) && !s.plan.To.After(r.rng.To)
}

// objectsOf are a partition's data files, and the object with its quarantined records.
func (s *Session) objectsOf(ctx context.Context, e *state.Entry) ([]plan.Object, error) {
	var out []plan.Object
	for _, f := range e.Files {
		out = append(out, plan.Object{Sink: f.Sink, Key: f.Key, Size: f.Size})
	}
	if e.Quarantined == 0 {
		return out, nil
	}
	m, err := s.store.Manifest(ctx, e)
	if err != nil {
		return nil, err
	}
	if q := m.QuarantineObject; q != nil {
		out = append(out, plan.Object{Sink: q.Sink, Key: q.Key, Size: q.Size})
	}
	return out, nil
}

// holds asks the stores what keeps objects. It does not ask S3 about a sink without a retention: what it keeps is only hidden.
func (s *Session) holds(ctx context.Context, objects []plan.Object) ([]bucket.Hold, error) {
	out := make([]bucket.Hold, len(objects))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(holdsAtOnce)
	for n, o := range objects {
		sink := s.sink(o.Sink)
		if sink == nil || s.retentionOf(o.Sink).None() && bucket.Hides(sink.Bucket()) {
			continue
		}
		group.Go(func() (err error) {
			out[n], err = bucket.Held(ctx, sink.Bucket(), o.Key)
			return err
		})
	}
	return out, group.Wait()
}

func (s *Session) retentionOf(sink string) config.Retention {
	for _, c := range s.pipeline.Sinks {
		if c.Name == sink {
			return c.Retention
		}
	}
	return config.Retention{}
}

// Retained is how many objects were to be removed and are kept by their buckets, so far.
func (s *Session) Retained() int64 { return s.retained.Load() }

// Hiding names the sinks with a declared retention: their buckets may keep versions, so that what is removed there is hidden, and
// neither gone nor free.
func (s *Session) Hiding() []string {
	names := []string{}
	for _, c := range s.pipeline.Sinks {
		if !c.Retention.None() {
			names = append(names, c.Name)
		}
	}
	return names
}

// leaveRetained takes the files that no state names, and whose removal a bucket would refuse, out of a plan: there is nothing to do about
// them. Where a store does not answer they stay in it, and the removal shows what becomes of them.
func (s *Session) leaveRetained(ctx context.Context, pl *plan.Plan) {
	holds, err := s.holds(ctx, pl.Strays)
	if err != nil {
		s.opts.Logger.Debug("what the buckets keep was not found out", "error", err)
		return
	}
	kept := map[string]*Retained{}
	strays := []plan.Object{}
	for n, o := range pl.Strays {
		if h := holds[n]; !h.Hides && h.Active(time.Now()) {
			if kept[o.Sink] == nil {
				kept[o.Sink] = &Retained{Sink: o.Sink}
			}
			kept[o.Sink].add(h)
			continue
		}
		strays = append(strays, o)
	}
	pl.Strays = strays
	for _, c := range s.pipeline.Sinks {
		if r := kept[c.Name]; r != nil {
			pl.Warnings = append(pl.Warnings, r.String()+" that no state names: a later run removes what it can, and until then a glob reads it")
		}
	}
}
