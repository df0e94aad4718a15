package apply

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"logferry/internal/plan"
	"logferry/internal/state"
)

// erasures are the partitions that something was erased from before a run, and what that was: read once, and only where it is asked for.
// A nil one is of none.
type erasures struct {
	entries []state.Entry

	reading sync.Mutex // guards what follows
	read    bool
	set     *state.ErasedSet // of all entries that can be read
	broken  []*ErasedUnknownError
	of      []state.Entry // the broken ones
}

// withErasures are the state's partitions that something was erased from.
func withErasures(st *state.State) *erasures {
	out := &erasures{}
	for _, e := range st.All() {
		if e.Erased > 0 {
			out.entries = append(out.entries, e)
		}
	}
	return out
}

// anywhere is what was erased from any partition, of whatever project and time: a record comes under another name where projects are
// renamed, and of another day where its timestamp moves. A manifest that can't be read is an error, an *ErasedUnknownError, only where its
// partition covers some of the step's time.
func (s *step) anywhere(ctx context.Context) (*state.ErasedSet, error) {
	x := s.run.erasures
	if err := x.readAll(ctx, s.run.Session); err != nil {
		return nil, err
	}
	for i, e := range x.of {
		if overlaps(&e, s.plan) {
			return nil, x.broken[i]
		}
	}
	return x.set, nil
}

func overlaps(e *state.Entry, s *plan.Step) bool { return e.From.Before(s.To) && s.From.Before(e.To) }

// manifestsAtOnce is how many manifests are read at the same time.
const manifestsAtOnce = 16

func (x *erasures) readAll(ctx context.Context, s *Session) error {
	x.reading.Lock()
	defer x.reading.Unlock()
	if x.read {
		return nil
	}
	lists, errs := make([][]state.ErasedIDs, len(x.entries)), make([]*ErasedUnknownError, len(x.entries))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(manifestsAtOnce)
	for i := range x.entries {
		group.Go(func() error {
			m, err := erasedManifest(groupCtx, s.store, &x.entries[i])
			if errors.As(err, &errs[i]) {
				return nil
			}
			if err == nil {
				lists[i] = m.Erased
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, err := range errs {
		if err != nil {
			s.opts.Logger.Warn("what was erased from a partition can't be read: in others it is not known again", "partition", err.Partition, "error", err)
			x.broken, x.of = append(x.broken, err), append(x.of, x.entries[i])
		}
	}
	x.set, x.read = joinErased(lists), true
	return nil
}

// joinErased is the set of all lists. Those under one salt are put together first: to join them one by one takes the square of the time.
func joinErased(lists [][]state.ErasedIDs) *state.ErasedSet {
	out := &state.ErasedSet{}
	more := map[string][]byte{}
	for _, g := range slices.Concat(lists...) {
		if _, had := more[string(g.Salt)]; !had {
			out.Join([]state.ErasedIDs{g})
			more[string(g.Salt)] = nil
			continue
		}
		more[string(g.Salt)] = append(more[string(g.Salt)], g.IDs...)
	}
	for salt, ids := range more {
		if len(ids) > 0 {
			out.Join([]state.ErasedIDs{{Salt: []byte(salt), IDs: ids}})
		}
	}
	return out
}

// erasedManifest reads the manifest that tells what was erased from a partition. The error is an *ErasedUnknownError where it is damaged.
func erasedManifest(ctx context.Context, store *state.Store, e *state.Entry) (*state.Manifest, error) {
	m, err := store.Manifest(ctx, e)
	var broken *state.UnusableError
	if errors.As(err, &broken) {
		return nil, &ErasedUnknownError{Partition: e.Name(), Erased: e.Erased, Err: broken}
	}
	return m, err
}
