package ddl

import (
	"fmt"
	"strings"

	"logferry/internal/window"
	"logferry/sinks"
)

// levelKind is the type of a level's value.
type levelKind uint8

const (
	text levelKind = iota + 1
	date
	integer
)

// level is one folder of a partition's path, name=value.
type level struct {
	name string
	kind levelKind
}

// levelKinds has every level that window.Partition.Path writes.
var levelKinds = map[string]levelKind{"dt": date, "hour": integer, "month": text}

// levelsOf returns the levels of the export's paths, outermost first.
func levelsOf(e *Export) []level {
	var levels []level
	if len(e.Projects) > 0 {
		levels = append(levels, level{"project", text})
	}
	for folder := range strings.SplitSeq(window.Partition{Granularity: e.Partition, Start: e.From}.Path(), "/") {
		name, _, _ := strings.Cut(folder, "=")
		levels = append(levels, level{name, levelKinds[name]})
	}
	return levels
}

// extension is what the files' names end in.
func (b *builder) extension() string {
	if !b.ndjson() {
		return ".parquet"
	}
	return map[string]string{"none": ".ndjson", "gzip": ".ndjson.gz", "zstd": ".ndjson.zst"}[b.Compression]
}

// pattern is the files' path below the table's folder, with stars: dt=*/hour=*/*.parquet.
func (b *builder) pattern() string {
	var out strings.Builder
	for _, l := range b.levels {
		out.WriteString(l.name + "=*/")
	}
	return out.String() + "*" + b.extension()
}

// projectFolder is the folder of a project below the table's, as sinks writes it.
func projectFolder(project string) string {
	return strings.TrimSuffix(strings.TrimPrefix(sinks.PartitionPrefix(project, ""), sinks.Table+"/"), "/")
}

// describe says what the sink's files are, for the comment.
func (b *builder) describe() string {
	return fmt.Sprintf("%s (%s), %s/%s", b.Format, b.Compression, sinks.Table, b.pattern())
}

// noteProjects says that the statements name the projects, where there are any.
func (b *builder) noteProjects() {
	if len(b.Projects) > 0 {
		b.note("the projects are named: make it anew when another is declared")
	}
}
