package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"logferry/internal/apply"
	"logferry/internal/plan"
	"logferry/internal/state"
)

func newState(a *app) *cobra.Command {
	cmd := asGroup(&cobra.Command{
		Use:   "state",
		Short: "Look at what was exported so far",
	})
	cmd.AddCommand(newStateList(a), newStateShow(a), newStateHead(a), newStateSign(a), newStateRm(a))
	return cmd
}

func newStateList(a *app) *cobra.Command {
	var targets []string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the partitions of the state",
		Long: `List the partitions that were exported. SIZE is of all files of all sinks, VERSION how often the partition was written.

COMPLETE AS OF is when the listing began that the state records: the partition has what the API showed then. A later
listing that finds nothing new is not recorded, so that a night without news writes nothing, but for the one that is the last
that range.lookback asks for. So the partition may have been listed since, with nothing new.

QUARANTINED counts the records that could not be had or read whole; state show names them.`,
		Example: `  logferry state list --target dt=2026-04-17`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(s *apply.Session) error {
				st, err := s.Load(cmd.Context())
				if err != nil {
					return err
				}
				entries, err := s.Select(asTargets(targets))
				if err != nil {
					return err
				}
				return a.printEntries(st, entries)
			})
		},
	}
	targetFlags(cmd, &targets)
	return cmd
}

func (a *app) printEntries(st *state.State, entries []state.Entry) error {
	if a.json {
		enc := json.NewEncoder(a.stdout)
		var rows int64
		for i := range entries {
			rows += entries[i].Rows
			if err := enc.Encode(struct {
				Type string `json:"type"`
				*state.Entry
			}{"partition", &entries[i]}); err != nil {
				return err
			}
		}
		return enc.Encode(map[string]any{"type": "summary", "pipeline": st.Pipeline, "lineage": st.Lineage, "serial": st.Serial, "head": st.Head, "partitions": len(entries), "rows": rows})
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	if len(entries) > 0 {
		fmt.Fprintln(table, "PARTITION\tROWS\tSIZE\tVERSION\tCOMPLETE AS OF\tQUARANTINED")
	}
	for _, e := range entries {
		fmt.Fprintf(table, "%s\t%d\t%s\t%d\t%s\t%d\n", e.Name(), e.Rows, humanize.IBytes(uint64(e.Bytes)), e.Version, stamp(e.AsOf), e.Quarantined)
	}
	return table.Flush()
}

func newStateShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "show PARTITION",
		Short:   "Show all that is known of a partition",
		Long:    `Show the manifest of a partition: what it covers, its files with their hashes, what it cost, and what is quarantined.`,
		Example: `  logferry state show dt=2026-04-17`,
		Args:    needs("a partition"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), func(s *apply.Session) error {
				if _, err := s.Load(cmd.Context()); err != nil {
					return err
				}
				project, partition := plan.SplitName(args[0])
				m, ok, err := s.Manifest(cmd.Context(), project, partition)
				if err != nil {
					return err
				}
				if !ok {
					return &unknownPartitionError{args[0]}
				}
				return a.printManifest(m)
			})
		},
	}
}

// unknownPartitionError says that the state has no such partition.
type unknownPartitionError struct{ name string }

func (e *unknownPartitionError) Error() string {
	return fmt.Sprintf("the state has no partition %q", e.name)
}

// Hint is what the user can do about it.
func (e *unknownPartitionError) Hint() string {
	return "`logferry state list` lists those that there are, such as dt=2026-04-17 or prod/dt=2026-04-17"
}

func (a *app) printManifest(m *state.Manifest) error {
	if a.json {
		return json.NewEncoder(a.stdout).Encode(struct {
			Type string `json:"type"`
			*state.Manifest
		}{"summary", m})
	}
	w := a.stdout
	e := m.Entry("", m.CreatedAt)
	fmt.Fprintf(w, "%s, version %d\n", a.color(w, bold, e.Name()), m.Version)
	printLine(w, "covers", "%s to %s", stamp(m.From), stamp(m.To))
	printLine(w, "complete", "as of %s; later listings without news are not recorded", stamp(m.AsOf))
	printLine(w, "made by", "%s: %s, logferry %s", m.Action, printable(m.Reason), m.Program)
	printLine(w, "rows", "%s (%s), details %s", humanize.Comma(m.Rows), shares(m.Statuses), shares(m.Details))
	printLine(w, "ids", "%s", m.IDs)
	for _, f := range m.Files {
		printLine(w, "file", "%s: %s, %s rows, %s, sha256 %s", f.Sink, f.Key, humanize.Comma(f.Rows), humanize.IBytes(uint64(f.Size)), f.SHA256)
	}
	printLine(w, "requests", "%d list, %d detail, %d usage; %d windows", m.Requests.List, m.Requests.Detail, m.Requests.Usage, m.Windows)
	if m.Usage != nil {
		printLine(w, "usage count", "%d", *m.Usage)
	}
	if m.Reconcile != nil {
		printLine(w, "reconcile", "usage count %s, %d late, %d extra", m.Reconcile.Usage, m.Reconcile.LateCount, m.Reconcile.ExtraCount)
	}
	for _, e := range m.Erasures {
		printLine(w, "erased", "%s, %s by %s: %s", counted(e.Rows, "record"), stamp(e.At), printable(e.By), printable(e.Reason))
	}
	for _, q := range m.Quarantine {
		id := q.LogID
		if id == "" {
			id = "(without an id)"
		}
		printLine(w, "quarantined", "%s: %s, %s, last %s", printable(id), printable(q.Reason), counted(int64(q.Tries), "run"), stamp(q.LastTried))
	}
	return nil
}

// shares lists counts by what they count, in order.
func shares(counts map[string]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, humanize.Comma(counts[name])+" "+cmp.Or(printable(name), "without"))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

func newStateRm(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "rm PARTITION...",
		Short: "Take partitions out of the state; their files stay",
		Long: `Forget partitions. Their files stay where they are, until an apply that declares the partitions makes them anew in
their place.`,
		Example: `  logferry state rm dt=2026-04-17`,
		Args:    needs("a partition, or several"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.locked(cmd.Context(), "state rm", func(ctx context.Context, s *apply.Session) error {
				entries, err := s.Select(asTargets(args))
				if err != nil {
					return err
				}
				if err := s.Forget(ctx, entries); err != nil {
					return err
				}
				a.warnOfErased(entries)
				if a.json {
					return json.NewEncoder(a.stdout).Encode(map[string]any{"type": "summary", "forgotten": len(entries), "serial": s.State().Serial})
				}
				fmt.Fprintf(a.stdout, "Forgot %s; their files stay.\n", counted(int64(len(entries)), "partition"))
				return nil
			})
		},
	}
}
