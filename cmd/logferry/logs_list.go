package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"logferry/extract"
	"logferry/internal/config"
	"logferry/internal/lookup"
	"logferry/internal/record"
	"logferry/internal/window"
)

type listFlags struct {
	filters         []string
	since, from, to string
	limit           int
}

func newLogsList(a *app, project *string) *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List records that match",
		Long: `List records in the order of the API. With --json each record is one line, exactly as received. A record has to
meet every --filter.

Fields: ` + strings.Join(config.FilterFields(), " ") + `
Operators: == != contains not_contains`,
		Example: `  logferry logs list --filter 'toolkit_slug==gmail' --filter 'status==failed' --since 1h
  logferry logs list --from 2026-04-17 --to 2026-04-18 --limit 0 --json > day.ndjson`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			query, err := f.query(time.Now())
			if err != nil {
				return &usageError{err: err, command: cmd.CommandPath()}
			}
			client, err := a.client(cmd, *project)
			if err != nil {
				return err
			}
			defer client.Close()
			if a.json {
				unreadable, err := lookup.List(cmd.Context(), client, query, func(e record.Entry) error { return a.printLine(e.Raw) })
				a.printUnreadable(unreadable)
				return err
			}
			var rows []lookup.Row
			unreadable, err := lookup.List(cmd.Context(), client, query, func(e record.Entry) error {
				rows = append(rows, lookup.Summarise(e))
				return nil
			})
			if err == nil && len(rows) == 0 {
				fmt.Fprintln(a.stderr, "No record matches.")
			}
			a.printTable(rows) // what came before an error is of use too
			a.printUnreadable(unreadable)
			return err
		},
	}
	cmd.Flags().StringArrayVar(&f.filters, "filter", nil, "a `condition`: toolkit_slug==gmail (repeatable)")
	cmd.Flags().StringVar(&f.since, "since", "", "only records younger than this `duration`: 15m, 1h, 7d")
	cmd.Flags().StringVar(&f.from, "from", "", "only records from this `time` on: a date, an RFC 3339 time, epoch ms, or -1h")
	cmd.Flags().StringVar(&f.to, "to", "", "only records before this `time`")
	cmd.Flags().IntVar(&f.limit, "limit", 20, "records at most; 0 is all")
	cmd.MarkFlagsMutuallyExclusive("since", "from")
	return cmd
}

func (f *listFlags) query(now time.Time) (lookup.Query, error) {
	q := lookup.Query{Limit: f.limit}
	if f.limit < 0 {
		return q, fmt.Errorf("--limit %d: want 0 (all) or more", f.limit)
	}
	for _, text := range f.filters {
		c, err := config.ParseFilter(text)
		if err != nil {
			return q, fmt.Errorf("--filter: %w", err)
		}
		q.Filters = append(q.Filters, extract.Filter{Field: c.Field, Operator: c.Operator, Value: c.Value})
	}
	var err error
	q.Interval, err = f.interval(now)
	return q, err
}

func (f *listFlags) interval(now time.Time) (window.Interval, error) {
	var out window.Interval
	if f.since == "" && f.from == "" && f.to == "" {
		return out, nil
	}
	// The API wants both ends. It keeps logs for a year.
	out.From, out.To = now.AddDate(-1, 0, 0).Truncate(time.Millisecond).UTC(), now.Add(time.Second).Truncate(time.Millisecond).UTC()
	if f.since != "" {
		d, err := config.ParseDuration(f.since)
		if err != nil || d <= 0 {
			return out, fmt.Errorf("--since %q: want a duration such as 15m, 1h or 7d", f.since)
		}
		out.From = now.Add(-d).Truncate(time.Millisecond).UTC()
	}
	for _, end := range []struct {
		flag, text string
		at         *time.Time
	}{{"from", f.from, &out.From}, {"to", f.to, &out.To}} {
		if end.text == "" {
			continue
		}
		t, err := config.ParseTime(end.text)
		if err != nil {
			return out, fmt.Errorf("--%s: %w", end.flag, err)
		}
		*end.at = t.At(now, 0)
	}
	if out.Empty() {
		return out, fmt.Errorf("--from is not before --to: %s", out)
	}
	return out, nil
}

// printLine writes one record as one line: what was received, without line breaks between its tokens.
func (a *app) printLine(raw []byte) error {
	line := raw
	if bytes.ContainsAny(raw, "\r\n") {
		v := jsontext.Value(bytes.Clone(raw))
		if err := v.Compact(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.PreserveRawStrings(true)); err != nil {
			return fmt.Errorf("print a record: %w", err)
		}
		line = v
	}
	_, err := a.stdout.Write(append(bytes.Clone(line), '\n'))
	return err
}

// printUnreadable says what a list could not show.
func (a *app) printUnreadable(n int) {
	if n > 0 {
		fmt.Fprintf(a.stderr, "%d elements of the list are not shown: they have no readable id or timestamp.\n", n)
	}
}

const maxMessageWidth = 60

func (a *app) printTable(rows []lookup.Row) {
	if len(rows) == 0 {
		return
	}
	header := []string{"TIME (UTC)", "STATUS", "TOOL", "USER", "MS", "LOG ID", "MESSAGE"}
	cells := [][]string{header}
	for _, r := range rows {
		cells = append(cells, []string{
			r.Time.Format("2006-01-02 15:04:05.000"), r.Status, r.Tool, r.User, r.DurationMS, r.ID,
			runewidth.Truncate(printable(r.Message), maxMessageWidth, "…"),
		})
	}
	widths := make([]int, len(header))
	for _, row := range cells {
		for i := range row {
			row[i] = printable(row[i])
			widths[i] = max(widths[i], runewidth.StringWidth(row[i]))
		}
	}
	left := terminalWidth(a.stdout)
	for _, w := range widths[:len(widths)-1] {
		left -= w + len(columnGap)
	}
	for i, row := range cells {
		if last := len(row) - 1; left > 0 { // a record is a line: its message gives way
			row[last] = runewidth.Truncate(row[last], left, "…")
		}
		a.printRow(row, widths, i == 0)
	}
}

const columnGap = "  "

func (a *app) printRow(row []string, widths []int, header bool) {
	for i, cell := range row {
		padded := cell
		if i < len(row)-1 {
			padded = runewidth.FillRight(cell, widths[i])
		}
		switch {
		case header:
			padded = a.color(a.stdout, bold, padded)
		case i == 1 && cell == "failed":
			padded = a.color(a.stdout, red, padded)
		}
		sep := columnGap
		if i == len(row)-1 {
			sep = "\n"
		}
		_, _ = io.WriteString(a.stdout, padded+sep)
	}
}
