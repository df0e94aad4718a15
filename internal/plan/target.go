package plan

import (
	"fmt"
	"strings"

	"logferry/internal/state"
)

// Target limits a plan to some partitions: a partition (dt=2026-04-17), those below one (all hours of it), or a project's,
// with the project's name before it (prod/dt=2026-04-17, or prod alone).
type Target string

// matches says whether the target takes in the partition of a name.
func (t Target) matches(name string) bool {
	want := strings.TrimPrefix(strings.Trim(string(t), "/"), "project=")
	if within(name, want) {
		return true
	}
	_, partition := SplitName(name)
	return within(partition, want)
}

func within(name, prefix string) bool { return name == prefix || strings.HasPrefix(name, prefix+"/") }

// TargetError says that a target names nothing that is declared or in the state.
type TargetError struct {
	Flag   string
	Target Target
}

func (e *TargetError) Error() string {
	return fmt.Sprintf("%s %s names no partition of the declared range or of the state", e.Flag, e.Target)
}

// Hint is what the user can do about it.
func (e *TargetError) Hint() string {
	return "write it as `logferry plan` and `logferry state list` do, such as dt=2026-04-17 or dt=2026-04-17/hour=13"
}

// asked says whether a partition is to be fetched anew.
func (b *builder) asked(name string) bool {
	found := false
	for _, t := range b.Replace {
		if t.matches(name) {
			b.replaced[t], found = true, true
		}
	}
	return found
}

// targeted says whether a partition is to be planned. matched, which may be nil, learns which targets name something.
func (b *builder) targeted(name string, matched []bool) bool {
	if len(b.Targets) == 0 {
		return true
	}
	any := false
	for i, t := range b.Targets {
		if t.matches(name) {
			any = true
			if matched != nil {
				matched[i] = true
			}
		}
	}
	return any
}

// Select returns the entries that the targets name, all where there are none. The error is a *TargetError.
func Select(st *state.State, targets []Target) ([]state.Entry, error) {
	all := st.All()
	if len(targets) == 0 {
		return all, nil
	}
	var out []state.Entry
	matched := make([]bool, len(targets))
	for _, e := range all {
		hit := false
		for i, t := range targets {
			if t.matches(e.Name()) {
				matched[i], hit = true, true
			}
		}
		if hit {
			out = append(out, e)
		}
	}
	for i, t := range targets {
		if !matched[i] {
			return nil, &TargetError{Flag: "--target", Target: t}
		}
	}
	return out, nil
}
