package apply

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"logferry/extract"
	"logferry/internal/record"
	"logferry/internal/state"
)

// erased are the records that were erased from a step's partition, from those of other sizes that cover its time, or from any other:
// whatever lists them again, they don't come back. A nil one is empty. What a walk calls may be called concurrently.
type erased struct {
	set     *state.ErasedSet // of the partition and of those of other sizes: what its manifest keeps
	all     *state.ErasedSet // of every partition; nil where only set counts
	history []state.Erasure

	partly atomic.Bool // some pages were read by an earlier run: not all that are listed were seen
	mu     sync.Mutex
	seen   map[string]bool // those that were listed
	others map[string]bool // those of them that are not in set
}

func newErased() *erased {
	return &erased{set: &state.ErasedSet{}, seen: map[string]bool{}, others: map[string]bool{}}
}

// learnErased reads what must not come back. The error is an *ErasedUnknownError where that can't be read.
func (s *step) learnErased(ctx context.Context) error {
	if s.run.erasures == nil || len(s.run.erasures.entries) == 0 {
		return nil
	}
	out := newErased()
	for i := range s.run.erasures.entries {
		e := &s.run.erasures.entries[i]
		if e.Project != s.plan.Project || !overlaps(e, s.plan) {
			continue
		}
		m, err := s.erasuresOf(ctx, e)
		if err != nil {
			return err
		}
		out.set.Join(m.Erased)
		history := m.Erasures
		if e.Partition != s.plan.Partition {
			history = elsewhere(history, e.Partition)
		}
		out.history = state.JoinErasures(out.history, history)
	}
	if len(s.plan.List) > 0 {
		var err error
		if out.all, err = s.anywhere(ctx); err != nil {
			return err
		}
	}
	s.erased = out
	return nil
}

func (s *step) erasuresOf(ctx context.Context, e *state.Entry) (*state.Manifest, error) {
	if s.known != nil && e.Name() == s.entry.Name() {
		return s.known, nil
	}
	return erasedManifest(ctx, s.run.store, e)
}

// elsewhere says of erasures in which partition they were done.
func elsewhere(list []state.Erasure, partition string) []state.Erasure {
	out := make([]state.Erasure, len(list))
	for i, e := range list {
		if e.Partition == "" {
			e.Partition = partition
		}
		out[i] = e
	}
	return out
}

// ErasedUnknownError says that a partition can't be written anew, since what was erased from it can't be read, and would come back.
type ErasedUnknownError struct {
	Partition string
	Erased    int64 // records
	Err       error
}

func (e *ErasedUnknownError) Error() string {
	return fmt.Sprintf("%d records were erased from %s, and its manifest, which tells them, can't be read: fetched anew they would come back: %v", e.Erased, e.Partition, e.Err)
}

// Unwrap returns why it can't be read.
func (e *ErasedUnknownError) Unwrap() error { return e.Err }

// Hint is what the user can do about it.
func (e *ErasedUnknownError) Hint() string {
	return "restore the manifest from a copy of the state, or from the versions of its bucket"
}

// saw says whether a listed record was erased.
func (x *erased) saw(id string) bool {
	if x == nil {
		return false
	}
	own := x.set.Has(id)
	if !own && !x.all.Has(id) {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen[id] = true
	if !own {
		x.others[id] = true
	}
	return true
}

// resumed says that pages were read by an earlier run.
func (x *erased) resumed() {
	if x != nil {
		x.partly.Store(true)
	}
}

// resume makes a walk pass over erased records on its pages: they are neither journalled nor fetched.
func (x *erased) resume(r *extract.Resume) *extract.Resume {
	if x == nil {
		return r
	}
	var out extract.Resume
	if r != nil {
		out = *r
	}
	known := out.Known
	out.Known = func(id string) bool { return x.saw(id) || known != nil && known(id) }
	out.Pending = x.pending(out.Pending)
	return &out
}

func (x *erased) pending(entries iter.Seq2[record.Entry, error]) iter.Seq2[record.Entry, error] {
	if entries == nil {
		return nil
	}
	return func(yield func(record.Entry, error) bool) {
		for e, err := range entries {
			if err == nil && x.saw(e.ID) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// receiver keeps erased records from a receiver: those that a journal of an earlier run has, and what is no record.
func (x *erased) receiver(to extract.Receiver) extract.Receiver {
	if x == nil {
		return to
	}
	return &erasedReceiver{Receiver: to, by: x}
}

type erasedReceiver struct {
	extract.Receiver
	by *erased
}

// Records implements extract.Receiver.
func (r *erasedReceiver) Records(ctx context.Context, recs []record.Record) error {
	kept := recs[:0]
	for i := range recs {
		if !r.by.saw(recs[i].ID) {
			kept = append(kept, recs[i])
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return r.Receiver.Records(ctx, kept)
}

// Bad implements extract.Receiver.
func (r *erasedReceiver) Bad(ctx context.Context, b extract.Bad) error {
	if r.by.saw(lineID(b.ID, b.Raw)) {
		return nil
	}
	return r.Receiver.Bad(ctx, b)
}

// counts are how many erased records a count of the partition's time has at least and at most. all says that all of it was listed.
func (x *erased) counts(all bool) (least, most int64) {
	if x == nil {
		return 0, 0
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	least = int64(len(x.seen))
	if all && !x.partly.Load() {
		return least, least
	}
	return least, x.set.Len() + int64(len(x.others))
}

// list is what the manifest keeps of them. Where no row of before is kept, what was erased elsewhere and is listed here is the
// partition's own from now on: the partition that it was erased from may be removed.
func (x *erased) list(anew bool) []state.ErasedIDs {
	if !anew || len(x.others) == 0 {
		return x.set.List()
	}
	out := &state.ErasedSet{}
	out.Join(x.set.List())
	out.Add(x.all.List()[0].Salt, slices.Collect(maps.Keys(x.others)))
	return out.List()
}

// tellErased puts into a manifest what was erased before it, and in it.
func (s *step) tellErased(m *state.Manifest) {
	if s.erased != nil {
		m.Erasures, m.Erased = s.erased.history, s.erased.list(len(s.plan.Base) == 0)
	}
	if s.erasing != nil {
		s.erasing.tell(m, s.known)
		s.erasing.made = m
	}
}
