package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"logferry/internal/config"
	"logferry/internal/state"
	"logferry/internal/window"
)

// decide says what is done with a partition that the state has. Several reasons may come together: the weightiest names
// the action, and the step does what all of them ask for.
func (b *builder) decide(s *Step, e *state.Entry, slice window.Slice) {
	s.Action, s.Version, s.Base = None, e.Version, []string{e.Name()}
	held := window.New(e.From, e.To)
	whole := hull(held, slice.Interval)
	s.From, s.To = whole.From, whole.To
	b.listing(s, e, held, whole)
	if !e.RetryAt.IsZero() && !b.Now.Before(e.RetryAt) {
		s.Retry = true
		s.because(Retry, fmt.Sprintf("%d quarantined records are due to be tried again", e.Quarantined))
		if e.Unreadable > 0 { // only a listing shows them
			s.List = []Interval{{whole.From, whole.To}}
		}
	}
	keys := b.changedSince(e.Shape)
	rows, files := split(keys)
	s.Gone = b.gone(e)
	switch {
	case b.asked(e.Name()):
		b.fromAPI(s, e, whole, "asked for with --replace", nil)
	case len(rows) > 0:
		b.warnLess(b.State.Shapes[e.Shape], rows)
		b.fromAPI(s, e, whole, "the configuration changed: "+strings.Join(keys, ", "), keys)
	case len(s.Gone) > 0 && !b.readable(e, s.Gone):
		b.fromAPI(s, e, whole, goneText(s.Gone), nil)
	case !b.readable(e, nil):
		b.fromAPI(s, e, whole, "no declared sink has its files", files)
	case len(s.Gone) > 0:
		s.Rewrite = true
		s.replace(goneText(s.Gone)+": the rows are read from another sink", nil)
	case len(files) > 0:
		s.Rewrite = true
		s.replace("the configuration changed: "+strings.Join(files, ", ")+": the rows are read from the files", files)
	}
}

// listing says what of the partition is listed: what is not covered yet, and everything while records may come late.
func (b *builder) listing(s *Step, e *state.Entry, held, whole window.Interval) {
	recent := b.recent(e.AsOf, whole.To)
	missing := window.Subtract(whole, held)
	switch {
	case len(missing) > 0:
		s.because(Extend, extendText(held, whole))
	case recent:
		s.because(Refresh, b.refreshText(whole.To))
	default:
		return
	}
	if recent {
		missing = []window.Interval{whole}
	}
	for _, m := range missing {
		s.List = append(s.List, Interval{m.From, m.To})
	}
}

// recent says whether a partition whose covered time ends at to is to be listed again: until it was listed once after the
// lookback has passed, so that nothing that came late within the lookback is missed.
func (b *builder) recent(asOf, to time.Time) bool {
	lookback := b.Pipeline.Range.Lookback
	return lookback > 0 && asOf.Before(to.Add(lookback))
}

func (b *builder) refreshText(to time.Time) string {
	lookback := config.FormatDuration(b.Pipeline.Range.Lookback)
	if b.Now.Before(to.Add(b.Pipeline.Range.Lookback)) {
		return "ended less than " + lookback + " ago"
	}
	return "not listed yet since the lookback of " + lookback + " has passed"
}

func extendText(held, whole window.Interval) string {
	switch {
	case held.From.Equal(whole.From) && stamp(held.To) == stamp(whole.To):
		return "grew by " + whole.To.Sub(held.To).String()
	case held.From.Equal(whole.From):
		return "grew from " + stamp(held.To) + " to " + stamp(whole.To)
	case held.To.Equal(whole.To):
		return "begins at " + stamp(whole.From) + " now, not at " + stamp(held.From)
	}
	return "grew to " + stamp(whole.From) + " – " + stamp(whole.To)
}

// fromAPI makes the step fetch every row anew, unless the service has deleted the logs: then what is there is kept.
func (b *builder) fromAPI(s *Step, e *state.Entry, whole window.Interval, reason string, keys []string) {
	if whole.From.Before(b.Now.Add(-Retention)) {
		b.warn("%s is kept as it is (%s): the service has deleted logs that are this old", e.Name(), reason)
		if len(s.Gone) > 0 { // what is left of it can't be a base either
			*s = Step{Action: None, Project: s.Project, Partition: s.Partition}
		}
		return
	}
	s.Base, s.Retry, s.Rewrite, s.List = nil, false, true, []Interval{{whole.From, whole.To}}
	b.hold(s, e)
	s.replace(reason, keys)
}

// because adds a reason; the first one gives its action.
func (s *Step) because(a Action, reason string) {
	if s.Action == None {
		s.Action = a
	}
	s.Reasons = append(s.Reasons, reason)
}

// replace makes the step a Replace whatever it was; its own reason comes first.
func (s *Step) replace(reason string, keys []string) {
	s.Action, s.ChangedKeys = Replace, keys
	s.Reasons = slices.Insert(s.Reasons, 0, reason)
	if len(s.Base) == 0 {
		s.Reasons = s.Reasons[:1]
	}
}

func hull(a, b window.Interval) window.Interval {
	out := a
	if b.From.Before(out.From) {
		out.From = b.From
	}
	if b.To.After(out.To) {
		out.To = b.To
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
