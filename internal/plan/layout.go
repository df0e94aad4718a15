package plan

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"logferry/internal/state"
	"logferry/internal/window"
)

// LayoutError says that the state is partitioned otherwise than declared, and can't be brought into the declared form
// without losing rows or showing them twice.
type LayoutError struct {
	Found, Want string // granularities
	Problem     string
	Advice      string
}

func (e *LayoutError) Error() string {
	return fmt.Sprintf("the lake is partitioned by %s, and range.partition is %s: %s", e.Found, e.Want, e.Problem)
}

// Hint is what the user can do about it.
func (e *LayoutError) Hint() string { return e.Advice }

// others are the state's partitions of other sizes than the declared one.
func (b *builder) others() []state.Entry {
	var out []state.Entry
	for _, e := range b.all {
		if b.differentSize(&e) {
			out = append(out, e)
		}
	}
	return out
}

// differentSize says whether an entry is partitioned otherwise than declared.
func (b *builder) differentSize(e *state.Entry) bool {
	p, err := window.ParsePartition(e.Partition)
	return err == nil && p.Granularity != b.Pipeline.Range.Partition
}

// checkLayout refuses a change of the partitions' size that would lose rows, or leave some in both forms.
func (b *builder) checkLayout() error {
	if len(b.other) == 0 || b.AllowDelete && len(b.Targets) == 0 {
		return nil
	}
	refuse := func(e *state.Entry, problem, advice string) error {
		p, _ := window.ParsePartition(e.Partition)
		return &LayoutError{p.Granularity.String(), b.Pipeline.Range.Partition.String(), problem, advice}
	}
	if len(b.Targets) > 0 {
		return refuse(&b.other[0], "with --target, its rows would stand in partitions of both sizes", "plan without --target: the whole range is rewritten in one go")
	}
	for i := range b.other {
		if e := &b.other[i]; !b.covered(e) {
			return refuse(e, fmt.Sprintf("%s reaches beyond the declared range, and would stay beside the new partitions", e.Name()),
				fmt.Sprintf("declare a range that takes it in (%s to %s), or give the sink another path; plan --allow-delete removes it", stamp(e.From), stamp(e.To)))
		}
	}
	return nil
}

// base returns the partitions of another size that the state has of a project's time, the name of their size, and what of the
// time they leave uncovered, or may have more records of by now. It returns none where they hold other rows than are declared, can't be read, or have quarantined
// records; then held are those whose records must be had from the API.
func (b *builder) base(project string, span window.Interval) (names []string, size string, uncovered []window.Interval, held []state.Entry) {
	var covered []window.Interval
	usable := true
	for i := range b.other {
		e := &b.other[i]
		time := window.New(e.From, e.To)
		if e.Project != project || !time.Overlaps(span) {
			continue
		}
		rows, _ := split(b.changedSince(e.Shape))
		usable = usable && len(rows) == 0 && len(b.gone(e)) == 0 && b.readable(e, nil) && e.Quarantined == 0
		p, _ := window.ParsePartition(e.Partition)
		names, size = append(names, e.Name()), p.Granularity.String()
		held = append(held, *e)
		if !b.recent(e.AsOf, e.To) {
			covered = append(covered, time)
		}
	}
	if !usable {
		return nil, size, nil, held
	}
	return names, size, window.Subtract(span, covered...), nil
}

// hold says that a partition's records must all be had again by a step, unless some may go.
func (b *builder) hold(s *Step, e *state.Entry) {
	s.Held = append(s.Held, e.Name())
	s.Fewer = s.Fewer || b.AllowFewer || filtersMore(b.State.Shapes[e.Shape]["source.filters"], b.shape["source.filters"])
}

// warnFewer says what AllowFewer allows.
func (b *builder) warnFewer() {
	n := 0
	for i := range b.plan.Steps {
		if len(b.plan.Steps[i].Held) > 0 {
			n++
		}
	}
	if b.AllowFewer && n > 0 {
		b.warn("--allow-fewer: partitions that are fetched anew (%d) lose the records that the API does not list any more", n)
	}
}

// filtersMore says whether filters, as shapes have them, may leave records out that others let through: one of them is not among those.
func filtersMore(was, is string) bool {
	var before, now []jsontext.Value
	if json.Unmarshal([]byte(was), &before) != nil || json.Unmarshal([]byte(is), &now) != nil {
		return was != is
	}
	return slices.ContainsFunc(now, func(f jsontext.Value) bool {
		return !slices.ContainsFunc(before, func(g jsontext.Value) bool { return bytes.Equal(f, g) })
	})
}

// covered says whether the declared partitions take the place of all that an entry of another size holds.
func (b *builder) covered(e *state.Entry) bool {
	held := window.New(e.From, e.To)
	for _, p := range b.Pipeline.Source.Projects {
		if p.Name == e.Project {
			return b.Range.Intersect(held) == held
		}
	}
	return false
}
