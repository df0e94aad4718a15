package apply

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"logferry/internal/plan"
	"logferry/sinks"
	"logferry/sinks/bucket"
)

const (
	// fewFiles is how many files are listed one page after the other, in which most tables end: as many as a page has.
	fewFiles     = 1000
	listsAtOnce  = 16
	tableFolders = sinks.Table + "/"
)

// foldered is a bucket that tells its folders apart.
type foldered interface {
	// Folders returns the folders directly below prefix, each with a slash at its end, and the objects in none of them.
	Folders(ctx context.Context, prefix string) (folders []string, objects []bucket.Object, err error)
}

// listTable returns the data files of a sink. A long table is listed month by month at the same time.
func listTable(ctx context.Context, sink *sinks.Sink) (plan.Listing, error) {
	listing := plan.Listing{}
	tree, ok := sink.Bucket().(foldered)
	for o, err := range sink.List(ctx, tableFolders) {
		if err != nil {
			return nil, err
		}
		listing[o.Key] = o.Size
		if ok && len(listing) == fewFiles {
			return listMonths(ctx, sink, tree)
		}
	}
	return listing, nil
}

func listMonths(ctx context.Context, sink *sinks.Sink, tree foldered) (plan.Listing, error) {
	listing := plan.Listing{}
	prefixes, err := monthPrefixes(ctx, tree, tableFolders, listing)
	if err != nil {
		return nil, fmt.Errorf("sink %q: %w", sink.Name(), err)
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(listsAtOnce)
	for _, prefix := range prefixes {
		group.Go(func() error {
			for o, err := range sink.List(ctx, prefix) {
				if err != nil {
					return err
				}
				mu.Lock()
				listing[o.Key] = o.Size
				mu.Unlock()
			}
			return nil
		})
	}
	return listing, group.Wait()
}

// monthPrefixes returns prefixes that all files in folders below prefix have between them; the others are put into listing.
func monthPrefixes(ctx context.Context, tree foldered, prefix string, listing plan.Listing) ([]string, error) {
	folders, objects, err := tree.Folders(ctx, prefix)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		listing[o.Key] = o.Size
	}
	found := map[string]bool{}
	for _, folder := range folders {
		name := path.Base(folder)
		switch {
		case strings.HasPrefix(name, "project="):
			months, err := monthPrefixes(ctx, tree, folder, listing)
			if err != nil {
				return nil, err
			}
			for _, month := range months {
				found[month] = true
			}
		case strings.HasPrefix(name, "dt=") && strings.LastIndexByte(name, '-') > 0:
			found[prefix+name[:strings.LastIndexByte(name, '-')]] = true // dt=2026-04 of dt=2026-04-17
		default:
			found[folder] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}
