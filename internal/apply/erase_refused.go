package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"logferry/internal/plan"
	"logferry/sinks/bucket"
)

// refusesErase is why what was found can't be erased, nil where it can: a sink that is not declared, rows that can't be written as they
// are, or a bucket that keeps objects. It is told before anything is written.
func (s *Session) refusesErase(ctx context.Context, found *Erasable) (refused, err error) {
	r := s.eraseRun()
	undeclared := &EraseUndeclaredError{}
	var kept EraseRetainedError
	for i := range found.Partitions {
		p := &found.Partitions[i]
		st, err := r.eraseStep(ctx, p.entry, found.reason)
		if err != nil {
			return nil, err
		}
		if err := st.learnErased(ctx); err != nil {
			return err, nil
		}
		if names := s.undeclaredSinks(st.known); len(names) > 0 {
			undeclared.Partitions = append(undeclared.Partitions, p.Name())
			undeclared.Sinks = append(undeclared.Sinks, names...)
		}
		if err := st.newErasing(found); err != nil {
			return err, nil
		}
		objects, err := s.objectsOf(ctx, &p.entry)
		if err == nil {
			err = s.addKept(ctx, p.Name(), objects, &kept)
		}
		if err != nil {
			return nil, fmt.Errorf("find out what the buckets keep: %w", err)
		}
	}
	slices.Sort(undeclared.Sinks)
	undeclared.Sinks = slices.Compact(undeclared.Sinks)
	switch {
	case len(undeclared.Sinks) > 0:
		return undeclared, nil
	case len(kept.Partitions) > 0:
		return &kept, nil
	}
	return nil, nil
}

// addKept asks the stores what they keep of a partition. A version that would only be hidden is kept too: it has the rows.
func (s *Session) addKept(ctx context.Context, name string, objects []plan.Object, to *EraseRetainedError) error {
	holds := make([]bucket.Hold, len(objects))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(holdsAtOnce)
	for n, o := range objects {
		if sink := s.sink(o.Sink); sink != nil {
			group.Go(func() (err error) {
				holds[n], err = bucket.Held(ctx, sink.Bucket(), o.Key)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for n, o := range objects {
		if !holds[n].Active(time.Now()) {
			continue
		}
		at := slices.IndexFunc(to.Sinks, func(r Retained) bool { return r.Sink == o.Sink })
		if at < 0 {
			to.Sinks = append(to.Sinks, Retained{Sink: o.Sink})
			at = len(to.Sinks) - 1
		}
		to.Sinks[at].add(holds[n])
		if !slices.Contains(to.Partitions, name) {
			to.Partitions = append(to.Partitions, name)
		}
	}
	return nil
}

// EraseRetainedError says that buckets keep objects that rows would have to be erased from. Nothing was erased.
type EraseRetainedError struct {
	Partitions []string
	Sinks      []Retained
}

func (e *EraseRetainedError) Error() string {
	parts := make([]string, len(e.Sinks))
	for i := range e.Sinks {
		parts[i] = e.Sinks[i].String()
	}
	return fmt.Sprintf("%s, of %s: nothing was erased", strings.Join(parts, "; "), few(e.Partitions))
}

// Hint is what the user can do about it.
func (e *EraseRetainedError) Hint() string {
	return "erase again when their time is over; until then --target erases from other partitions. Who may shorten a retention or take a hold away can do that first"
}

// EraseUndeclaredError says that rows lie in sinks that are not declared any more. Nothing was erased.
type EraseUndeclaredError struct {
	Partitions []string
	Sinks      []string
}

func (e *EraseUndeclaredError) Error() string {
	return fmt.Sprintf("files of %s lie in sinks that are not declared any more (%s) and can't be reached: nothing was erased", few(e.Partitions), strings.Join(e.Sinks, ", "))
}

// Hint is what the user can do about it.
func (e *EraseUndeclaredError) Hint() string {
	return "declare the sinks again, by their names; files that are gone for good are forgotten by a `logferry apply` that writes their partitions anew"
}

// EraseLeftError says that rows were erased and are still in objects that others have replaced, as their buckets keep those.
type EraseLeftError struct{ Objects int64 }

func (e *EraseLeftError) Error() string {
	return fmt.Sprintf("%d replaced objects stay, and what was erased is in them: their buckets keep them", e.Objects)
}

// Hint is what the user can do about it.
func (e *EraseLeftError) Hint() string {
	return "a later `logferry apply` or `logferry erase` removes them when their time is over"
}
