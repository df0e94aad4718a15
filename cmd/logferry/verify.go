package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"logferry/internal/apply"
	"logferry/internal/verify"
)

// errFindings says that a verification found something wrong.
var errFindings = errors.New("the lake is not what the state says")

func newVerify(a *app) *cobra.Command {
	var o apply.VerifyOptions
	var targets []string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that the lake holds what was committed",
		Long: `Follow the chain of commits to its first, and read every file that the state names: it has to be there with its size
and hash, and no other data file may lie beside them. With --deep every row is read back, Parquet by an implementation that did
not write it, and order, types and ids are compared. With --census the API is asked to list the partitions again.

Exit codes: 0 nothing is wrong, 1 something is, or could not be looked at.`,
		Example: `  logferry verify --deep
  logferry verify --census --target dt=2026-04-17`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Targets = asTargets(targets)
			return a.with(cmd.Context(), func(s *apply.Session) error {
				report, err := s.Verify(cmd.Context(), o)
				if err != nil {
					return err
				}
				if err := a.printReport(report); err != nil {
					return err
				}
				if !report.OK {
					return &reportedError{errFindings}
				}
				return nil
			})
		},
	}
	targetFlags(cmd, &targets)
	cmd.Flags().BoolVar(&o.Deep, "deep", false, "read every row back")
	cmd.Flags().BoolVar(&o.Census, "census", false, "list the partitions again through the API, and compare ids")
	return cmd
}

func (a *app) printReport(r *verify.Report) error {
	if a.json {
		enc := json.NewEncoder(a.stdout)
		for _, f := range r.Findings {
			if err := enc.Encode(f); err != nil {
				return err
			}
		}
		return enc.Encode(r)
	}
	w := a.stdout
	for _, f := range r.Findings {
		color := red
		if f.Kind == verify.Late || f.Kind == verify.Undeclared {
			color = yellow
		}
		fmt.Fprintf(w, "%s %s %s\n", a.color(w, color, string(f.Kind)), place(f), printable(f.Problem))
		if f.Advice != "" {
			fmt.Fprintf(w, "  → %s\n", f.Advice)
		}
	}
	head := a.color(w, green, "Verified.")
	if !r.OK {
		head = a.color(w, red, "Not as committed.")
	}
	fmt.Fprintf(w, "%s %s, %s, %s, %s; %s\n", head, counted(r.Partitions, "partition"), counted(r.Rows, "record"),
		counted(r.Files, "file"), humanize.IBytes(uint64(r.Bytes)), counted(r.Commits, "commit"))
	if r.Head != "" {
		printLine(w, "head", "%s (serial %d, lineage %s)", r.Head, r.Serial, r.Lineage)
	}
	if r.Deep {
		printLine(w, "rows read", "%s", humanize.Comma(r.RowsRead))
	}
	if r.Quarantined > 0 {
		printLine(w, "quarantined", "%s", humanize.Comma(r.Quarantined))
	}
	if c := r.Census; c != nil {
		printLine(w, "census", "%s listed again with %s: %s missing, %s late, %s extra", counted(c.Partitions, "partition"),
			counted(c.Requests, "request"), humanize.Comma(c.Missing), humanize.Comma(c.Late), humanize.Comma(c.Extra))
	}
	printLine(w, "time", "%s", (time.Duration(r.DurationMS) * time.Millisecond).Round(10*time.Millisecond))
	return nil
}

// place names what a finding is about.
func place(f verify.Finding) string {
	switch {
	case f.Key != "" && f.Sink != "":
		return fmt.Sprintf("%s in sink %q:", printable(f.Key), f.Sink)
	case f.Key != "":
		return printable(f.Key) + ":"
	case f.Sink != "":
		return fmt.Sprintf("%s in sink %q:", f.Partition, f.Sink)
	}
	return f.Partition + ":"
}
