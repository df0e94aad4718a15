package apply

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/sinks"
)

// unnamed is what no state names and may hold anybody's records: runs that were killed have left it.
type unnamed struct {
	surplus map[string][]string // keys of partitions that the state has, by sink: these are removed
	others  int                 // objects of other partitions, or that can't be told: somebody may want them
}

func (u *unnamed) count() (n int) {
	for _, keys := range u.surplus {
		n += len(keys)
	}
	return n
}

// findUnnamed finds the data files and quarantine objects that no state names. listings are what lies in the table of each sink.
func (s *Session) findUnnamed(ctx context.Context, listings map[string]plan.Listing) (*unnamed, error) {
	named := map[string]bool{}
	for _, e := range s.state.All() {
		for _, f := range e.Files {
			named[f.Key] = true
		}
	}
	out := &unnamed{surplus: map[string][]string{}}
	for _, sink := range s.sinks {
		for key := range listings[sink.Name()] {
			name, ok := plan.PartitionOf(key)
			_, known := s.state.Get(plan.SplitName(name))
			switch {
			case named[key]:
			case ok && known:
				out.surplus[sink.Name()] = append(out.surplus[sink.Name()], key)
			default:
				out.others++
			}
		}
		if err := s.unnamedQuarantine(ctx, sink, out); err != nil {
			return nil, fmt.Errorf("look for quarantine that no state names: %w", err)
		}
	}
	return out, nil
}

// removeUnnamed removes what no state names in partitions that the state has. What a bucket keeps of it is counted apart: the partitions
// that were written anew have counted theirs already.
func (s *Session) removeUnnamed(ctx context.Context, found *Erasable, out *Erased) error {
	listings, err := s.list(ctx)
	if err != nil {
		return err
	}
	left, err := s.findUnnamed(ctx, listings)
	if err != nil {
		return err
	}
	out.Unsearched = left.others
	written := map[string]bool{}
	for i := range found.Partitions {
		written[found.Partitions[i].Name()] = true
	}
	for _, sink := range s.sinks {
		keys := left.surplus[sink.Name()]
		err := sink.DeleteAll(ctx, keys)
		var kept *sinks.RetainedError
		if err != nil && !errors.As(err, &kept) {
			return fmt.Errorf("remove what no state names: %w", err)
		}
		out.StraysRemoved += len(keys)
		if kept == nil {
			continue
		}
		out.StraysRemoved -= len(kept.Keys)
		for _, key := range kept.Keys {
			if !written[ownerOf(key)] {
				out.StraysKept++
			}
		}
	}
	return nil
}

// ownerOf is the name of the partition that the key of a data file or of a quarantine object is of.
func ownerOf(key string) string {
	if name, ok := plan.PartitionOf(key); ok {
		return name
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(key, sinks.Quarantine+"/"), "project=")
	folder := strings.LastIndexByte(rest, '/') + 1
	name, _, _ := strings.Cut(rest[folder:], ".")
	return path.Join(rest[:folder], name)
}

// unnamedQuarantine finds a sink's quarantine objects that no manifest names. Of a partition whose manifest can't be read nobody can tell
// which it names.
func (s *Session) unnamedQuarantine(ctx context.Context, sink *sinks.Sink, to *unnamed) error {
	found := map[string][]string{} // by their prefix
	for o, err := range sink.List(ctx, sinks.Quarantine+"/") {
		if err != nil {
			return err
		}
		folder := strings.LastIndexByte(o.Key, '/') + 1
		name, _, _ := strings.Cut(o.Key[folder:], ".")
		prefix := o.Key[:folder] + name + "."
		found[prefix] = append(found[prefix], o.Key)
	}
	if len(found) == 0 {
		return nil
	}
	for _, e := range s.state.All() {
		prefix := quarantinePrefix(e.Project, e.Partition)
		keys := found[prefix]
		if len(keys) == 0 {
			continue
		}
		m, err := s.store.Manifest(ctx, &e)
		var broken *state.UnusableError
		if errors.As(err, &broken) {
			continue // counted with those of others
		}
		if err != nil {
			return err
		}
		delete(found, prefix)
		q := m.QuarantineObject
		for _, key := range keys {
			if q == nil || q.Sink != sink.Name() || q.Key != key {
				to.surplus[sink.Name()] = append(to.surplus[sink.Name()], key)
			}
		}
	}
	for _, keys := range found {
		to.others += len(keys)
	}
	return nil
}
