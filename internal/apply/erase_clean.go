package apply

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"logferry/internal/plan"
	"logferry/sinks"
)

// dropJournals removes all that runs have fetched and not committed: whose records are in a journal is not told without reading all of it,
// and what is gone is fetched again. It returns how many steps begin again by that.
func (s *Session) dropJournals(ctx context.Context) (steps int, err error) {
	names := map[string]bool{}
	if s.spoolBucket != nil {
		prefix := s.pipeline.Name + "-" + s.place.id() + "/"
		var keys []string
		for o, err := range s.spoolBucket.List(ctx, prefix) {
			if err != nil {
				return 0, err
			}
			keys = append(keys, o.Key)
		}
		for _, key := range keys {
			if err := s.spoolBucket.Delete(ctx, key); err != nil {
				return len(names), err
			}
			folder, _, _ := strings.Cut(strings.TrimPrefix(key, prefix), "/")
			names[stepOf(folder)] = true
		}
		return len(names), nil
	}
	dir, err := s.spoolFolder()
	if err != nil {
		return 0, err
	}
	found, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, f := range found {
		if !f.IsDir() {
			continue
		}
		path := filepath.Join(dir, f.Name())
		held, err := os.ReadDir(path)
		if err == nil {
			err = os.RemoveAll(path)
		}
		if err != nil {
			return len(names), err
		}
		if len(held) > 0 {
			names[stepOf(f.Name())] = true
		}
	}
	return len(names), nil
}

// stepOf is the step that a journal's folder is of: its name without the phase.
func stepOf(folder string) string {
	if at := strings.LastIndexByte(folder, ','); at >= 0 {
		return folder[:at]
	}
	return folder
}

// removeUnnamed removes the data files and quarantine objects that no state names in partitions that the state has: runs that were killed
// have left them, and nobody knows whose records they hold. It counts those of other partitions: somebody may want them.
func (s *Session) removeUnnamed(ctx context.Context) (removed, others int, err error) {
	named := map[string]bool{}
	for _, e := range s.state.All() {
		for _, f := range e.Files {
			named[f.Key] = true
		}
	}
	for _, sink := range s.sinks {
		listing, err := listTable(ctx, sink)
		if err != nil {
			return removed, others, fmt.Errorf("look for files that no state names: %w", err)
		}
		var surplus []string
		for key := range listing {
			name, ok := plan.PartitionOf(key)
			_, known := s.state.Get(plan.SplitName(name))
			switch {
			case named[key]:
			case ok && known:
				surplus = append(surplus, key)
			default:
				others++
			}
		}
		more, foreign, err := s.unnamedQuarantine(ctx, sink)
		if err != nil {
			return removed, others, fmt.Errorf("look for quarantine that no state names: %w", err)
		}
		others += foreign
		surplus = append(surplus, more...)
		if err := s.left(sink.DeleteAll(ctx, surplus)); err != nil {
			return removed, others, fmt.Errorf("remove what no state names: %w", err)
		}
		removed += len(surplus)
	}
	return removed, others, nil
}

// unnamedQuarantine are the keys of a sink's quarantine objects that no manifest names, and how many there are of partitions that the
// state does not have.
func (s *Session) unnamedQuarantine(ctx context.Context, sink *sinks.Sink) (surplus []string, others int, err error) {
	found := map[string][]string{} // by their prefix
	for o, err := range sink.List(ctx, sinks.Quarantine+"/") {
		if err != nil {
			return nil, 0, err
		}
		folder := strings.LastIndexByte(o.Key, '/') + 1
		name, _, _ := strings.Cut(o.Key[folder:], ".")
		prefix := o.Key[:folder] + name + "."
		found[prefix] = append(found[prefix], o.Key)
	}
	if len(found) == 0 {
		return nil, 0, nil
	}
	for _, e := range s.state.All() {
		prefix := quarantinePrefix(e.Project, e.Partition)
		keys := found[prefix]
		if len(keys) == 0 {
			continue
		}
		delete(found, prefix)
		m, err := s.store.Manifest(ctx, &e)
		if err != nil {
			return nil, 0, err
		}
		q := m.QuarantineObject
		for _, key := range keys {
			if q == nil || q.Sink != sink.Name() || q.Key != key {
				surplus = append(surplus, key)
			}
		}
	}
	for _, keys := range found {
		others += len(keys)
	}
	return surplus, others, nil
}
