package plan

import (
	"slices"
	"strings"

	"logferry/internal/state"
)

// sinkKeys begin the keys that decide what files look like and not what rows do.
const sinkKeys = "sinks."

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
