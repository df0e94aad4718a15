package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"logferry/internal/config"
	"logferry/internal/plan"
)

// showPlan prints a plan for a person, or with --json for a program. saved is the file that it was written to.
func (a *app) showPlan(pl *plan.Plan, saved string) error {
	if a.json {
		return a.planLines(pl)
	}
	w := a.stdout
	for _, text := range pl.Warnings {
		fmt.Fprintf(a.stderr, "%s %s\n", a.color(a.stderr, yellow, "Warning:"), printable(text))
	}
	if pl.Empty() {
		fmt.Fprintf(w, "%s The lake holds what is declared: %s.\n", a.color(w, green, "No changes."), countText(pl.Unchanged))
		a.printOutside(pl)
		a.printQuarantine(pl.Quarantine)
		a.printRedaction(pl.Redaction)
		return nil
	}
	fmt.Fprintf(w, "logferry will do the following for %s, %s to %s:\n\n", pl.Pipeline, stamp(pl.From), stamp(pl.To))
	a.printSteps(pl)
	for _, o := range pl.Strays {
		fmt.Fprintf(w, "  %s %s in sink %q: no state names it, and a glob reads it\n", a.color(w, red, "x"), o.Key, o.Sink)
	}
	fmt.Fprintf(w, "\n%s %s.\n", a.color(w, bold, "Plan:"), planText(pl))
	a.printOutside(pl)
	a.printQuarantine(pl.Quarantine)
	a.printRedaction(pl.Redaction)
	fmt.Fprintf(w, "%s %s.\n", a.color(w, bold, "Cost:"), costText(pl))
	if saved != "" {
		fmt.Fprintf(w, "\nSaved as %s: `logferry apply %s` does just this.\n", saved, saved)
	}
	return nil
}

// printRedaction says which rules are in force.
func (a *app) printRedaction(r plan.Redaction) {
	var parts []string
	for _, rule := range r.Rules {
		parts = append(parts, string(rule.Action)+" "+printable(rule.Path))
	}
	if r.Secrets {
		parts = append(parts, "mask well-known secrets")
	}
	if len(parts) > 0 {
		fmt.Fprintf(a.stdout, "%s %s.\n", a.color(a.stdout, bold, "Redaction:"), strings.Join(parts, ", "))
	}
}

// planLines writes a step a line, and the rest of the plan as the last one.
func (a *app) planLines(pl *plan.Plan) error {
	enc := json.NewEncoder(a.stdout)
	for i := range pl.Steps {
		if err := enc.Encode(struct {
			Type string `json:"type"`
			*plan.Step
		}{"step", &pl.Steps[i]}); err != nil {
			return err
		}
	}
	return enc.Encode(summaryOf("summary", pl))
}

// planSummary is a plan without its steps.
type planSummary struct {
	Type    string              `json:"type"`
	Changes bool                `json:"changes"`
	Actions map[plan.Action]int `json:"actions"`
	*plan.Plan
	Steps any `json:"steps,omitempty"` // hides the plan's
}

func summaryOf(kind string, pl *plan.Plan) planSummary {
	s := planSummary{Type: kind, Changes: !pl.Empty(), Actions: map[plan.Action]int{}, Plan: pl}
	for _, action := range plan.Actions {
		if n := pl.Count(action); n > 0 {
			s.Actions[action] = n
		}
	}
	return s
}

// signs are how steps are marked, as users of Terraform know it.
var signs = map[plan.Action]struct{ sign, color string }{
	plan.Create: {"+", green}, plan.Extend: {"~", yellow}, plan.Refresh: {"<=", dim}, plan.Replace: {"-/+", yellow},
	plan.Retry: {"~", yellow}, plan.Delete: {"-", red},
}

// group is a run of neighbouring steps that are shown as one.
type group struct {
	first, last *plan.Step
	steps       int
	sum         plan.Estimate
}

// groupsFrom is from how many like steps on they are shown as one line.
const groupsFrom = 8

// groups puts neighbours of one action and reason together.
func groups(steps []plan.Step) []group {
	var out []group
	for i := range steps {
		s := &steps[i]
		if n := len(out); n > 0 && alike(out[n-1].first, s) {
			g := &out[n-1]
			g.last = s
			g.steps++
			g.sum.Records, g.sum.Requests = plus(g.sum.Records, s.Estimate.Records), plus(g.sum.Requests, s.Estimate.Requests)
			g.sum.Kept += s.Estimate.Kept
			continue
		}
		out = append(out, group{first: s, last: s, steps: 1, sum: s.Estimate})
	}
	return out
}

func alike(a, b *plan.Step) bool {
	return a.Action == b.Action && a.Project == b.Project && strings.Join(a.Reasons, "\n") == strings.Join(b.Reasons, "\n")
}

func plus(a, b int64) int64 {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}

func (a *app) printSteps(pl *plan.Plan) {
	at := 0
	for _, g := range groups(pl.Steps) {
		if g.steps >= groupsFrom {
			name := fmt.Sprintf("%s … %s (%s)", g.first.Name(), g.last.Name(), counted(int64(g.steps), "partition"))
			a.printStep(g.first, name, g.sum)
		} else {
			for i := at; i < at+g.steps; i++ {
				a.printStep(&pl.Steps[i], pl.Steps[i].Name(), pl.Steps[i].Estimate)
			}
		}
		at += g.steps
	}
}

func (a *app) printStep(s *plan.Step, name string, e plan.Estimate) {
	w := a.stdout
	mark := signs[s.Action]
	fmt.Fprintf(w, "%s %-8s %s  %s\n", a.color(w, mark.color, fmt.Sprintf("%5s", mark.sign)), s.Action, name, a.color(w, dim, estimateText(s, e)))
	for _, reason := range s.Reasons {
		if reason != "missing" {
			fmt.Fprintf(w, "                 %s\n", printable(reason))
		}
	}
}

// estimateText says what a step brings, and by how many requests.
func estimateText(s *plan.Step, e plan.Estimate) string {
	var parts []string
	switch {
	case s.Action == plan.Delete:
		return counted(e.Records, "record")
	case len(s.Base) == 0 && s.Action == plan.Replace:
		parts = append(parts, about(e.Records)+" records fetched anew")
	case s.Rewrite && len(s.Base) > 0:
		parts = append(parts, counted(e.Kept, "record")+" read from files")
	}
	if e.Records != 0 && len(s.Base) > 0 || s.Action == plan.Create && len(s.Base) == 0 || s.Action == plan.Extend {
		parts = append(parts, about(e.Records)+" new records")
	}
	if s.Retry {
		parts = append(parts, "quarantined records tried again")
	}
	parts = append(parts, requestsText(e.Requests))
	if len(s.Base) > 0 && s.ListsAll() {
		parts = append(parts, "more where records came late")
	}
	return strings.Join(parts, ", ")
}

func about(n int64) string {
	switch {
	case n < 0:
		return "?"
	case n == 0:
		return "0"
	}
	return "~" + humanize.Comma(n)
}

// planText counts the steps by their action.
func planText(pl *plan.Plan) string {
	var parts []string
	for _, action := range plan.Actions {
		if n := pl.Count(action); n > 0 {
			parts = append(parts, fmt.Sprintf("%s to %s", humanize.Comma(int64(n)), action))
		}
	}
	if n := len(pl.Strays); n > 0 {
		parts = append(parts, counted(int64(n), "left-over file")+" to remove")
	}
	if pl.Unchanged.Partitions > 0 {
		parts = append(parts, countText(pl.Unchanged)+" unchanged")
	}
	return strings.Join(parts, ", ")
}

func countText(c plan.Count) string {
	return fmt.Sprintf("%s (%s)", counted(int64(c.Partitions), "partition"), counted(c.Records, "record"))
}

func (a *app) printOutside(pl *plan.Plan) {
	if pl.Outside.Partitions > 0 {
		fmt.Fprintf(a.stdout, "Outside of the declared range, and kept: %s; --allow-delete removes them.\n", countText(pl.Outside))
	}
}

func requestsText(n int64) string {
	switch n {
	case 0:
		return "no request"
	case 1:
		return "~1 request"
	}
	return about(n) + " requests"
}

func costText(pl *plan.Plan) string {
	t := pl.Estimate
	var parts []string
	switch {
	case t.Requests < 0:
		return "unknown: neither usage counts nor neighbouring partitions tell"
	case t.Requests == 0:
		parts = append(parts, requestsText(0))
	default:
		assumed := ""
		if t.Assumed {
			assumed = ", assumed"
		}
		parts = append(parts, fmt.Sprintf("%s, about %s at %s a minute (%.0f %% of the organisation's %s%s)", requestsText(t.Requests), minutesText(t.Minutes),
			rateOf(t.Rate), 100*t.Share, humanize.Comma(int64(t.Limit)), assumed))
	}
	if n := rewritten(pl); n > 0 {
		parts = append(parts, counted(n, "record")+" read from files instead of the API")
	}
	if t.Bytes > 0 {
		parts = append(parts, "about "+humanize.IBytes(uint64(t.Bytes))+" written")
	}
	return strings.Join(parts, ", ")
}

// rewritten is how many rows are read from files where that is what a step is for.
func rewritten(pl *plan.Plan) (n int64) {
	for i := range pl.Steps {
		if pl.Steps[i].Rewrite {
			n += pl.Steps[i].Estimate.Kept
		}
	}
	return n
}

// rateOf is a number of requests a minute, which may be less than one.
func rateOf(r float64) string {
	if r < 10 {
		return strconv.FormatFloat(r, 'g', 2, 64)
	}
	return humanize.Comma(int64(r))
}

func minutesText(m float64) string {
	if m < 1 {
		return "a minute or less"
	}
	return config.FormatDuration(time.Duration(m * float64(time.Minute)).Round(time.Minute))
}

// counted is a number of things.
func counted(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return humanize.Comma(n) + " " + thing
}

// printLine writes one line of a summary.
func printLine(w io.Writer, name, format string, args ...any) {
	fmt.Fprintf(w, "  %-12s %s\n", name, fmt.Sprintf(format, args...))
}
