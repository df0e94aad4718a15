package ddl

import (
	"fmt"
	"slices"
	"strings"

	"logferry/internal/table"
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

// levelPattern is a regular expression for the end of a file's path, from the level's folder on. Its only group is the level's value. It holds
// to the path's end because the sink's own path may have a folder such as dt=1, too.
func (b *builder) levelPattern(l level) string {
	var out strings.Builder
	for _, inner := range b.levels[slices.Index(b.levels, l)+1:] {
		out.WriteString("/" + inner.name + "=[^/]+")
	}
	return l.name + "=([^/]+)" + out.String() + "/[^/]+$"
}

// shadowed says that the sink's own path has a folder name=value with the name of a level or of a column: an engine that finds the levels by
// itself, anywhere in a file's path, would take its value.
func (b *builder) shadowed() bool {
	for folder := range strings.SplitSeq(b.place.table, "/") {
		name, _, isLevel := strings.Cut(folder, "=")
		taken := func(other string) bool { return strings.EqualFold(name, other) }
		if isLevel && (slices.ContainsFunc(b.levels, func(l level) bool { return taken(l.name) }) ||
			slices.ContainsFunc(b.Schema.Columns, func(c table.Column) bool { return taken(c.Name) })) {
			return true
		}
	}
	return false
}

// projectFolder is the folder of a project below the table's, as sinks writes it.
func projectFolder(project string) string {
	return strings.TrimSuffix(strings.TrimPrefix(sinks.PartitionPrefix(project, ""), sinks.Table+"/"), "/")
}

// describe says what the sink's files are, for the comment.
func (b *builder) describe() string {
	return fmt.Sprintf("%s (%s), %s/%s", b.Format, b.Compression, sinks.Table, b.pattern())
}

// noteDrop says what DROP TABLE takes away, where statements have it. Kept is what an engine keeps of a table that a load has made.
func (b *builder) noteDrop(kept string) {
	if b.Load {
		b.note("a table of the same name is dropped first, with the rows of an earlier load" + kept + "; " + b.files() + " is there for the load only, and to drop it removes none of the export's files")
		return
	}
	b.note("a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name" + kept)
}

// noteKinds says that CREATE OR REPLACE keeps to one kind of thing.
func (b *builder) noteKinds() {
	b.note("an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first")
}

// notePurge warns of the property by which a Hive metastore treats the files of an external table as its own.
func (b *builder) notePurge() {
	b.note("if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out")
}

// noteProjects says that the statements name the projects, where there are any.
func (b *builder) noteProjects() {
	if len(b.Projects) > 0 {
		b.note("the projects are named: make it anew when another is declared")
	}
}
