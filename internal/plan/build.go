package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"logferry/internal/config"
	"logferry/internal/state"
	"logferry/internal/window"
)

// Retention is how long the service keeps logs: what is older can't be fetched again.
const Retention = 365 * 24 * time.Hour

// Input is what a plan is made of.
type Input struct {
	Pipeline *config.Pipeline
	Range    window.Interval // Pipeline.Range, resolved at Now
	Now      time.Time
	State    *state.State
	Version  string // the program's

	// Stored is what lies below tool_execution/ in each sink, by its name; nil where nobody looked: then the files are
	// taken to be there.
	Stored map[string]Listing
	// Pending are files that a killed run put in place of those that the state names, and that are only to be committed;
	// Altered are such files of partitions of which other files did not arrive.
	Pending, Altered map[Object]bool

	Targets     []Target
	Replace     []Target // partitions that are fetched anew whatever they are like
	RefreshOnly bool     // only list again what is there
	AllowDelete bool
	AllowFewer  bool // a partition whose rows are all had from the API anew may lack some that it had
	NewestFirst bool
}

// Listing is the sizes of a sink's data files by their keys, in bytes.
type Listing map[string]int64

// builder collects the steps of a plan.
type builder struct {
	Input
	plan     *Plan
	shape    state.Shape
	all      []state.Entry       // of the state
	changed  map[string][]string // keys that have changed, by shape
	other    []state.Entry       // partitions of another size than declared
	wanted   map[string]bool     // names of the declared partitions
	steps    map[string]bool     // names of those with a step
	replaced map[Target]bool     // those of Replace that name something
	warned   map[string]bool     // keys that were warned of
	lost     []string            // names of declared partitions whose rows can't be had any more
}

// Build makes the plan, without estimates. The error is a *LayoutError, a *TargetError, or says that the state belongs to
// another pipeline.
func Build(in Input) (*Plan, error) {
	b := &builder{
		Input: in, shape: in.Pipeline.Shape(), wanted: map[string]bool{}, steps: map[string]bool{}, replaced: map[Target]bool{}, warned: map[string]bool{}, changed: map[string][]string{},
		plan: &Plan{
			Pipeline: in.Pipeline.Name, Lineage: in.State.Lineage, Serial: in.State.Serial, Config: in.Pipeline.Hash(),
			MadeAt: in.Now.UTC(), Version: in.Version, From: in.Range.From, To: in.Range.To, Targeted: len(in.Targets) > 0,
			Redaction: redactionOf(in.Pipeline), Steps: []Step{}, Strays: []Object{}, Warnings: []string{},
		},
	}
	b.all = in.State.All()
	b.other = b.others()
	if err := b.checkLayout(); err != nil {
		return nil, err
	}
	matched := make([]bool, len(in.Targets))
	for _, slice := range window.Partitions(in.Range, in.Pipeline.Range.Partition) {
		for _, project := range in.Pipeline.Source.Projects {
			b.declared(project.Name, slice, matched)
		}
	}
	b.undeclared(matched)
	for i, t := range in.Targets {
		if !matched[i] {
			return nil, &TargetError{Flag: "--target", Target: t}
		}
	}
	for _, t := range in.Replace {
		if !b.replaced[t] {
			return nil, &TargetError{Flag: "--replace", Target: t}
		}
	}
	if len(b.lost) > 0 {
		return nil, &LayoutError{
			"another size", in.Pipeline.Range.Partition.String(), fmt.Sprintf("the rows of %s would have to be fetched again, and the service has deleted them", b.lost[0]),
			"give the sink another path for partitions of the new size",
		}
	}
	b.strays()
	b.sort()
	b.warnFewer()
	b.plan.Quarantine = b.quarantine()
	return b.plan, nil
}

// declared decides about one partition of the declared range.
func (b *builder) declared(project string, slice window.Slice, matched []bool) {
	step := Step{Project: project, Partition: slice.Partition.Path(), From: slice.Interval.From, To: slice.Interval.To}
	b.wanted[step.Name()] = true
	if !b.targeted(step.Name(), matched) {
		return
	}
	entry, known := b.State.Get(project, step.Partition)
	if !known {
		switch {
		case b.RefreshOnly:
		case slice.Interval.From.Before(b.Now.Add(-Retention)) && b.unnamed(step.Name()):
			b.steps[step.Name()] = true // its files are no strays
			b.warn("%s has files that no state names, and the service has deleted logs that are this old: they are left alone", step.Name())
		default:
			b.add(b.create(step, slice))
		}
		return
	}
	b.decide(&step, &entry, slice)
	if step.Action == None || b.RefreshOnly && step.Action != Refresh {
		b.plan.Unchanged.add(entry.Rows)
		return
	}
	b.add(step)
}

func (b *builder) add(s Step) {
	b.steps[s.Name()] = true
	b.plan.Steps = append(b.plan.Steps, s)
}

func (b *builder) warn(format string, args ...any) {
	b.plan.Warnings = append(b.plan.Warnings, fmt.Sprintf(format, args...))
}

// create is the step of a partition that the state does not have. Where partitions of another size cover its time, their
// rows are kept.
func (b *builder) create(s Step, slice window.Slice) Step {
	s.Action, s.List, s.Rewrite = Create, []Interval{{slice.Interval.From, slice.Interval.To}}, true
	s.Reasons = []string{"missing"}
	base, size, uncovered, held := b.base(s.Project, slice.Interval)
	changed := fmt.Sprintf("range.partition changed from %s to %s", size, slice.Partition.Granularity)
	switch {
	case len(base) > 0:
		s.Base, s.List = base, nil
		for _, u := range uncovered {
			s.List = append(s.List, Interval{u.From, u.To})
		}
		s.ChangedKeys, s.Reasons = []string{"range.partition"}, []string{changed + ": the rows are read from what is there"}
	case len(held) > 0:
		for _, e := range held {
			s.Gone = append(s.Gone, b.gone(&e)...)
			b.hold(&s, &e)
		}
		s.ChangedKeys, s.Reasons = []string{"range.partition"}, []string{changed}
		if s.From.Before(b.Now.Add(-Retention)) {
			b.lost = append(b.lost, s.Name())
		}
	}
	return s
}

// undeclared looks at what the state has and the configuration does not declare.
func (b *builder) undeclared(matched []bool) {
	var forgotten Count
	for _, e := range b.all {
		if b.wanted[e.Name()] || !b.targeted(e.Name(), matched) {
			continue
		}
		reason := "left the declared range"
		replaced := b.differentSize(&e) && b.covered(&e)
		if replaced {
			reason = fmt.Sprintf("range.partition is %s now: its rows are in partitions of that size", b.Pipeline.Range.Partition)
		}
		if !b.AllowDelete && !replaced || b.RefreshOnly {
			b.plan.Outside.add(e.Rows)
			continue
		}
		b.add(Step{
			Action: Delete, Project: e.Project, Partition: e.Partition, Reasons: []string{reason}, Version: e.Version, From: e.From, To: e.To,
			Estimate: Estimate{Records: e.Rows, Bytes: e.Bytes},
		})
		if !replaced { // those that take its place take over what was erased from it
			forgotten.add(e.Erased)
		}
	}
	b.warnForgotten(forgotten)
}

// sort puts the steps in their order: by time, and removals at the end, when what takes their place is there.
func (b *builder) sort() {
	slices.SortStableFunc(b.plan.Steps, func(x, y Step) int {
		if c := cmp.Compare(rank(x.Action), rank(y.Action)); c != 0 {
			return c
		}
		c := x.From.Compare(y.From)
		if b.NewestFirst {
			c = -c
		}
		return cmp.Or(c, strings.Compare(x.Project, y.Project))
	})
}

func rank(a Action) int {
	if a == Delete {
		return 1
	}
	return 0
}
