package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/sinks"
	"logferry/sinks/bucket"
)

// Retained is a data file of a version that was replaced, as it was committed then, that its bucket keeps under its key: no fault.
type Retained struct {
	Type      string     `json:"type"` // "retained"
	Partition string     `json:"partition"`
	Version   int        `json:"version"` // of the partition
	Sink      string     `json:"sink"`
	Key       string     `json:"key"`
	Until     *time.Time `json:"until,omitempty"` // absent where the store does not tell, or a legal hold keeps it
}

// stray is a data file that no state names.
type stray struct {
	sink *sinks.Sink
	key  string
	size int64

	hold bucket.Hold
	sum  string       // SHA-256, hex
	of   *state.Entry // the version that it is a file of; nil for none
	gone bool         // a run removed it meanwhile
}

func (s *stray) kept() bool { return !s.hold.Hides && s.hold.Active(time.Now()) }

// straysAtOnce is how many files that no state names are looked at at the same time.
const straysAtOnce = 16

// strays reports data files that no state names, and those apart that their buckets keep of versions that were replaced.
func (v *verifier) strays(ctx context.Context, found []*stray) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(straysAtOnce)
	for _, s := range found {
		group.Go(func() error { return s.look(groupCtx) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(s *stray) bool { return s.gone })
	if err := v.recognise(ctx, found); err != nil {
		return err
	}
	for _, s := range found {
		if s.of != nil && s.kept() {
			v.report.Retained = append(v.report.Retained, s.retained())
		} else {
			v.find(s.finding())
		}
	}
	return nil
}

// look asks what keeps the file, and reads it. A store that does not tell is taken for one that keeps nothing.
func (s *stray) look(ctx context.Context) (err error) {
	if s.hold, err = bucket.Held(ctx, s.sink.Bucket(), s.key); err != nil {
		s.hold = bucket.Hold{}
	}
	s.sum, _, err = s.sink.HashObject(ctx, s.key, io.Discard)
	if s.gone = errors.Is(err, fs.ErrNotExist); s.gone {
		return nil
	}
	return err
}

// recognise finds the versions that the files are of, the newest of them, by what manifests say of their keys, sizes and hashes.
func (v *verifier) recognise(ctx context.Context, found []*stray) error {
	if len(found) == 0 {
		return nil
	}
	byKey := map[string][]*stray{} // in several sinks
	for _, s := range found {
		byKey[s.key] = append(byKey[s.key], s)
	}
	for c, err := range v.Store.History(ctx) {
		var broken *state.UnusableError
		if errors.As(err, &broken) || len(byKey) == 0 {
			return nil // what breaks the chain is told already
		}
		if err != nil {
			return err
		}
		for i := range c.Changes {
			if e := c.Changes[i].Set; e != nil && namesAny(e, byKey) {
				if err := v.match(ctx, e, byKey); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func namesAny(e *state.Entry, byKey map[string][]*stray) bool {
	for _, f := range e.Files {
		for _, s := range byKey[f.Key] {
			if s.size == f.Size {
				return true
			}
		}
	}
	return false
}

// match takes the files that are of the version out of byKey.
func (v *verifier) match(ctx context.Context, e *state.Entry, byKey map[string][]*stray) error {
	m, err := v.Store.Manifest(ctx, e)
	var broken *state.UnusableError
	if errors.As(err, &broken) {
		return nil // a finding of its own
	}
	if err != nil {
		return err
	}
	for _, f := range m.Files {
		var rest []*stray
		for _, s := range byKey[f.Key] {
			if s.sum == f.SHA256 {
				s.of = e
			} else {
				rest = append(rest, s)
			}
		}
		if byKey[f.Key] = rest; len(rest) == 0 {
			delete(byKey, f.Key)
		}
	}
	return nil
}

func (s *stray) retained() Retained {
	r := Retained{Type: "retained", Partition: s.of.Name(), Version: s.of.Version, Sink: s.sink.Name(), Key: s.key}
	if until := s.hold.Until.UTC(); time.Now().Before(until) {
		r.Until = &until
	}
	return r
}

func (s *stray) finding() Finding {
	f := Finding{
		Kind: Stray, Sink: s.sink.Name(), Key: s.key, Problem: "no state names it, and a glob reads it",
		Advice: "remove it by hand: it is no data file of this pipeline",
	}
	if _, ok := plan.PartitionOf(s.key); ok {
		f.Advice = "logferry apply removes or replaces it where its partition is declared or in the state; otherwise remove it by hand. If commits may have been removed (`logferry state head` is not what was written down), restore these first"
	}
	if s.of != nil {
		f.Problem = fmt.Sprintf("it is of version %d of %s, which was replaced: %s", s.of.Version, s.of.Name(), f.Problem)
	}
	if s.kept() {
		f.Advice += "; its bucket keeps it for now"
		if !s.hold.Until.IsZero() {
			f.Advice += ", until " + s.hold.Until.UTC().Format(time.RFC3339)
		}
	}
	return f
}
