package apply

import (
	"context"
	"fmt"
	"path"
	"strings"

	"logferry/internal/window"
	"logferry/sinks"
)

// LayoutError says that a sink holds an export that is partitioned otherwise: beside it, a glob would read every record
// twice.
type LayoutError struct {
	Sink, Key   string
	Found, Want string
}

func (e *LayoutError) Error() string {
	return fmt.Sprintf("sink %q holds an export partitioned by %s (%s), and this pipeline partitions by %s", e.Sink, e.Found, e.Key, e.Want)
}

// Hint is what the user can do about it.
func (e *LayoutError) Hint() string {
	return "give the sink another path, or remove what lies below " + sinks.Table + "/ there first"
}

// checkLayout refuses sinks whose files lie in partitions of another kind than this run would write.
func (r *runner) checkLayout(ctx context.Context) error {
	want := layoutName(r.pipeline.Range.Partition, r.pipeline.Source.NamesProjects())
	for _, s := range r.sinks {
		for object, err := range s.List(ctx, sinks.Table+"/") {
			if err != nil {
				return fmt.Errorf("look at what the sink holds: %w", err)
			}
			if found, known := layoutOf(object.Key); known && found != want {
				return &LayoutError{Sink: s.Name(), Key: object.Key, Found: found, Want: want}
			}
		}
	}
	return nil
}

// layoutOf names the layout that a data file's key belongs to.
func layoutOf(key string) (name string, known bool) {
	folder := strings.TrimPrefix(path.Dir(key), sinks.Table+"/")
	rest, projects := strings.CutPrefix(folder, "project=")
	if projects {
		_, folder, _ = strings.Cut(rest, "/")
	}
	p, err := window.ParsePartition(folder)
	if err != nil {
		return "", false
	}
	return layoutName(p.Granularity, projects), true
}

func layoutName(g window.Granularity, projects bool) string {
	if projects {
		return "project and " + g.String()
	}
	return g.String()
}
