package plan

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"logferry/internal/config"
	"logferry/internal/state"
	"logferry/internal/window"
)

// table is the folder that data files lie in.
const table = "tool_execution"

// gone are the entry's files in declared sinks that are not there as the state says.
func (b *builder) gone(e *state.Entry) []Object {
	var out []Object
	for _, f := range e.Files {
		listing, looked := b.Stored[f.Sink]
		if !looked {
			continue
		}
		size, there := listing[f.Key]
		found := Object{f.Sink, f.Key, size}
		if there && (size == f.Size && !b.Altered[found] || b.Pending[found]) {
			continue
		}
		if !there {
			size = -1
		}
		out = append(out, Object{Sink: f.Sink, Key: f.Key, Size: size})
	}
	return out
}

// readable says whether a declared sink has all of the entry's files: then its rows can be read from there.
func (b *builder) readable(e *state.Entry, gone []Object) bool {
	if e.Rows == 0 {
		return true
	}
	for _, f := range e.Files {
		declared := slices.ContainsFunc(b.Pipeline.Sinks, func(s config.Sink) bool { return s.Name == f.Sink })
		if declared && !slices.ContainsFunc(gone, func(o Object) bool { return o.Sink == f.Sink }) {
			return true
		}
	}
	return false
}

func goneText(gone []Object) string {
	what := "is missing"
	if gone[0].Size >= 0 {
		what = fmt.Sprintf("has other content than was committed (%d bytes)", gone[0].Size)
	}
	text := fmt.Sprintf("%s in sink %q %s", path.Base(gone[0].Key), gone[0].Sink, what)
	if more := len(gone) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more files", more)
	}
	return text
}

// strays finds data files that the state does not name, under whatever sink: a sink may have been given another name. Those
// in partitions with a step are that step's to remove. A plan that only lists again removes nothing.
func (b *builder) strays() {
	if b.RefreshOnly {
		return
	}
	named := map[string]bool{}
	for _, e := range b.all {
		for _, f := range e.Files {
			named[f.Key] = true
		}
	}
	foreign, before := 0, 0
	for sink, listing := range b.Stored {
		for key, size := range listing {
			if named[key] {
				continue
			}
			name, ok := PartitionOf(key)
			if !ok || !b.ours(name) {
				foreign++
				continue
			}
			before++
			if !b.steps[name] {
				b.plan.Strays = append(b.plan.Strays, Object{Sink: sink, Key: key, Size: size})
			}
		}
	}
	if foreign > 0 {
		b.warn("%d files below %s/ belong to no partition of this pipeline: they are left alone, and a glob reads them", foreign, table)
	}
	if b.State.Serial == 0 && before > 0 {
		text := "1 data file is there, and no state that tells of it"
		if before > 1 {
			text = fmt.Sprintf("%d data files are there, and no state that tells of them", before)
		}
		b.warn("%s: what the API lists now takes their place, and what it does not list any more is lost. Where there was a state, restore it first", text)
	}
	slices.SortFunc(b.plan.Strays, func(x, y Object) int {
		return cmp.Or(strings.Compare(x.Sink, y.Sink), strings.Compare(x.Key, y.Key))
	})
}

// unnamed says whether a sink has files of a partition that the state does not have.
func (b *builder) unnamed(name string) bool {
	for _, listing := range b.Stored {
		for key := range listing {
			if of, ok := PartitionOf(key); ok && of == name {
				return true
			}
		}
	}
	return false
}

// ours says whether a partition is in the state, or declared and targeted.
func (b *builder) ours(name string) bool {
	if b.steps[name] {
		return true
	}
	if b.wanted[name] {
		return len(b.Targets) == 0 || b.targeted(name, nil)
	}
	project, partition := SplitName(name)
	_, known := b.State.Get(project, partition)
	return known
}

// PartitionOf names the partition, below its project, that the key of a data file belongs to.
func PartitionOf(key string) (name string, ok bool) {
	folder, found := strings.CutPrefix(path.Dir(key), table+"/")
	if !found || !strings.HasPrefix(path.Base(key), "part-") {
		return "", false
	}
	project := ""
	if rest, named := strings.CutPrefix(folder, "project="); named {
		if project, folder, found = strings.Cut(rest, "/"); !found {
			return "", false
		}
	}
	if _, err := window.ParsePartition(folder); err != nil {
		return "", false
	}
	return path.Join(project, folder), true
}

// SplitName is the inverse of Step.Name.
func SplitName(name string) (project, partition string) {
	first, rest, _ := strings.Cut(name, "/")
	if strings.Contains(first, "=") {
		return "", name
	}
	return first, rest
}
