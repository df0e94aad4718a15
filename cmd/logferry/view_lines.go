package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/plan"
	"logferry/internal/record"
)

// lineView writes plain log lines to stderr every few seconds, for cron and CI, and the summary to stdout.
type lineView struct {
	*waits
	*ticker
	log    *slog.Logger
	failed failures
}

func newLineView(a *app) *lineView {
	v := &lineView{waits: &waits{a: a}, log: a.logger(), ticker: newTicker(lineInterval)}
	v.failed.tell = func(text string) { v.log.Error("partition failed", "error", printable(text)) }
	return v
}

// Started implements apply.Events.
func (v *lineView) Started(s apply.Started, live func() apply.Snapshot) {
	args := []any{"pipeline", s.Pipeline, "from", s.From, "to", s.To, "partitions", s.Partitions, "unchanged", s.Unchanged}
	for _, a := range plan.Actions {
		if n := s.Actions[a]; n > 0 {
			args = append(args, string(a), n)
		}
	}
	v.log.Info("export begins", args...)
	v.start(func() {
		v.failed.goesOn()
		now := live()
		v.log.Info("export goes on", "partitions", fmt.Sprintf("%d/%d", now.Done, now.Declared),
			"records", now.Records, "requests", now.Requests, "rate", rateText(now), "left", leftText(now))
	})
}

// StepStarted implements apply.Events.
func (v *lineView) StepStarted(string) {}

// Retrying implements apply.Events.
func (v *lineView) Retrying(err error, pause time.Duration) {
	logRetry(v.log, err, pause)
}

func logRetry(log *slog.Logger, err error, pause time.Duration) {
	log.Warn("a request failed and will be repeated", "error", printable(err.Error()), "pause", pause.Round(time.Millisecond))
}

// StepDone implements apply.Events.
func (v *lineView) StepDone(r apply.StepResult) {
	if r.Abandoned {
		return
	}
	if r.Error != "" {
		v.failed.add(r)
		if v.a.logFormat == logJSON { // each line is read for itself
			v.failed.goesOn()
		}
		return
	}
	v.failed.goesOn()
	v.log.Debug("partition done", "action", r.Action, "project", r.Project, "partition", r.Partition, "records", r.Records,
		"new", r.New, "files", len(r.Files), "unchanged", r.Unchanged)
}

// Close implements applyView.
func (v *lineView) Close() { v.stop() }

// Summary implements applyView.
func (v *lineView) Summary(s *apply.Summary, err error) error {
	left := v.failed.end(err)
	printSummary(v.a, s, err, v.failed.names)
	if v.a.logFormat == logJSON { // each line is read for itself
		return err
	}
	return left
}

// rateText says how much of the organisation's budget is used, or until when the API wants a pause; "-" while it has not said.
func rateText(s apply.Snapshot) string {
	const unlimited = 10_000_000 // no organisation's budget
	if !s.Rate.PausedUntil.IsZero() {
		return "paused by the API until " + s.Rate.PausedUntil.UTC().Format(time.TimeOnly) + " UTC"
	}
	text := "-"
	if s.Rate.Limit > 0 && s.Rate.Remaining >= 0 && s.Rate.Limit <= unlimited {
		text = fmt.Sprintf("%d%% of %s/%s used", 100*(s.Rate.Limit-s.Rate.Remaining)/s.Rate.Limit,
			humanize.Comma(int64(s.Rate.Limit)), config.FormatDuration(s.Rate.Window.Truncate(time.Millisecond)))
	}
	if wait := time.Until(s.Rate.WaitUntil); wait > 0 {
		text += ", waiting for the budget"
		if wait > 2*time.Second {
			text += " (" + wait.Round(time.Second).String() + ")"
		}
	}
	return text
}

func leftText(s apply.Snapshot) string {
	if left := s.Left(); left > 0 {
		return left.String()
	}
	return "-"
}

// printSummary is the end of a run for a person and for a cron mail.
func printSummary(a *app, s *apply.Summary, err error, failed []string) {
	w := a.stdout
	head := a.color(w, green, "Export complete.")
	var disagreement *apply.ReconcileError
	switch {
	case errors.Is(err, context.Canceled):
		head = a.color(w, yellow, "Export interrupted; run apply again to complete it. What was fetched is kept for it.")
	case errors.As(err, &disagreement) && s.Partitions.Failed == 0:
		head = a.color(w, yellow, "Export complete, and not what the API counts.")
	case err != nil:
		head = a.color(w, red, "Export incomplete.")
	case s.Partitions.Written+s.Partitions.Deleted+s.StraysRemoved == 0:
		head = a.color(w, green, "No changes.")
	}
	fmt.Fprintf(w, "%s %s, %s to %s\n", head, s.Pipeline, s.From.Format(time.RFC3339), s.To.Format(time.RFC3339))
	printLine(w, "partitions", "%s", partitionText(s.Partitions))
	printLine(w, "records", "%s%s%s", humanize.Comma(s.Records), newText(s), detailText(s))
	if text := quarantineText(s); text != "" {
		printLine(w, "quarantined", "%s", a.color(w, yellow, text))
	}
	if text := reconcileText(s.Reconcile); text != "" {
		printLine(w, "reconcile", "%s", text)
	}
	for _, sink := range s.Sinks {
		printLine(w, "sink "+sink.Name, "%s: %s, %s", sink.URL, counted(sink.Files, "file"), humanize.IBytes(uint64(sink.Bytes)))
	}
	if s.Retained > 0 {
		printLine(w, "retained", "%s whose place others have taken: the buckets keep them, and a later run removes what it can", counted(s.Retained, "object"))
	}
	printLine(w, "requests", "%s (%s list, %s detail, %s usage), %s repeated, %s rate limited%s", humanize.Comma(s.Requests.Total),
		humanize.Comma(s.Requests.List), humanize.Comma(s.Requests.Detail), humanize.Comma(s.Requests.Usage), humanize.Comma(s.Requests.Retried),
		humanize.Comma(s.Requests.RateLimited), leastText(s.Requests))
	printLine(w, "state", "serial %d", s.Serial)
	printLine(w, "time", "%s", (time.Duration(s.DurationMS) * time.Millisecond).Round(10*time.Millisecond))
	printFailures(w, failed)
}

// leastText says that clearly more list and detail requests were spent than had to be.
func leastText(r apply.RequestSummary) string {
	const (
		clearly = 1.02
		notable = 10 // requests: of a few more nobody need think
	)
	if r.OverLeast <= clearly || r.List+r.Detail < r.Least+notable {
		return ""
	}
	return fmt.Sprintf(", %.2f times the least possible %s", r.OverLeast, humanize.Comma(r.Least))
}

// newText says how many records are new where that is not all of them.
func newText(s *apply.Summary) string {
	if s.NewRecords == s.Records {
		return ""
	}
	return ", of them new " + humanize.Comma(s.NewRecords)
}

// reconcileText says how the partitions compare with the API's counts.
func reconcileText(r apply.ReconcileSummary) string {
	if r.Agree+r.Differ+r.Unknown == 0 {
		return ""
	}
	text := "the usage counts agree with " + counted(int64(r.Agree), "partition")
	for _, part := range []struct {
		n    int64
		what string
	}{
		{int64(r.Differ), "with a difference"},
		{int64(r.Unknown), "not comparable"},
		{r.Late, "found by the second listing alone"},
		{r.Extra, "not listed any more"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf(", %s %s", humanize.Comma(part.n), part.what)
		}
	}
	return text
}

// partitionText leaves out what did not happen.
func partitionText(p apply.Partitions) string {
	text := fmt.Sprintf("%s of %s written", humanize.Comma(int64(p.Written)), humanize.Comma(int64(p.Declared-p.Deleted)))
	for _, part := range []struct {
		n    int
		what string
	}{{p.Empty, "without records"}, {p.Unchanged, "unchanged"}, {p.Deleted, "removed"}, {p.Failed, "failed"}, {p.NotDone, "not done"}} {
		if part.n > 0 {
			text += ", " + humanize.Comma(int64(part.n)) + " " + part.what
		}
	}
	return text
}

// detailText lists what became of the details, the common case left out.
func detailText(s *apply.Summary) string {
	var parts []string
	for _, o := range []record.Outcome{record.Skipped, record.Missing, record.Denied, record.Failed} {
		if n := s.Details[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s with their detail %s", humanize.Comma(n), o))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

const maxFailuresShown = 20

// printFailures names failed partitions where there are several: a single one is in the command's error.
func printFailures(w io.Writer, names []string) {
	if len(names) < 2 {
		return
	}
	text := strings.Join(names[:min(len(names), maxFailuresShown)], ", ")
	if more := len(names) - maxFailuresShown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	printLine(w, "failed", "%s", text)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
