package plan

import (
	"slices"
	"strings"

	"logferry/internal/state"
)

// sinkKeys begin the keys that decide what files look like and not what rows do.
const sinkKeys = "sinks."

// changedSince are the keys that have changed since a shape was declared.
func (b *builder) changedSince(shape string) []string {
	keys, known := b.changed[shape]
	if !known {
		keys = changedKeys(b.State.Shapes[shape], b.shape)
		b.changed[shape] = keys
	}
	return keys
}

// changedKeys are the keys whose values differ, sorted. A sink that is no longer declared is no change: its files are out of
// reach.
func changedKeys(was, is state.Shape) []string {
	var out []string
	for key, value := range is {
		if old, ok := was[key]; !ok || old != value {
			out = append(out, key)
		}
	}
	for key := range was {
		if _, ok := is[key]; !ok && !strings.HasPrefix(key, sinkKeys) {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// lessOf says, of the keys whose change can take away what was exported, whether that is the case.
var lessOf = map[string]func(was, is string) bool{
	"source.details": func(was, is string) bool { return is == `"none"` || was == `"all"` },
	"source.filters": func(_, is string) bool { return is != "[]" },
	"transform.raw":  func(was, _ string) bool { return was == "true" },
}

// warnLess says once for each key that rows are replaced by ones that hold less, or by fewer.
func (b *builder) warnLess(was state.Shape, keys []string) {
	for _, key := range keys {
		if less := lessOf[key]; less != nil && !b.warned[key] && less(was[key], b.shape[key]) {
			b.warned[key] = true
			b.warn("%s was %s and is %s: rows that were exported are replaced by what is declared now, and what they hold beyond that is gone", key, was[key], b.shape[key])
		}
	}
}

// split tells the keys that change rows from those that change files only.
func split(keys []string) (rows, files []string) {
	for _, key := range keys {
		if strings.HasPrefix(key, sinkKeys) {
			files = append(files, key)
		} else {
			rows = append(rows, key)
		}
	}
	return rows, files
}
