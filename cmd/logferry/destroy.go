package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"logferry/internal/apply"
	"logferry/internal/state"
)

func newDestroy(a *app) *cobra.Command {
	var targets []string
	var approve bool
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Remove everything that was exported",
		Long: `Remove the files of every partition that the state has, or of those targeted, and record that they are gone. What
the service has deleted meanwhile can't be exported again. The state's own history stays. It asks first; without a terminal
it needs --auto-approve.`,
		Example: `  logferry destroy --target dt=2026-04-17`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.locked(cmd.Context(), "destroy", func(ctx context.Context, s *apply.Session) error {
				return a.destroy(ctx, s, targets, approve)
			})
		},
	}
	targetFlags(cmd, &targets)
	cmd.Flags().BoolVar(&approve, "auto-approve", false, "don't ask")
	return cmd
}

// destroy asks and removes the targeted partitions, all where there are none.
func (a *app) destroy(ctx context.Context, s *apply.Session, targets []string, approved bool) error {
	entries, err := s.Select(asTargets(targets))
	if err != nil {
		return err
	}
	var rows, bytes int64
	for _, e := range entries {
		rows, bytes = rows+e.Rows, bytes+e.Bytes
	}
	asks := len(entries) > 0 && !approved
	if asks {
		fmt.Fprintf(a.stderr, "%s with %s (%s) will be removed from the lake. This can't be undone.\n",
			counted(int64(len(entries)), "partition"), counted(rows, "record"), humanize.IBytes(uint64(bytes)))
	}
	a.warnOfErased(entries)
	if asks {
		if err := a.confirm(ctx, "Remove them?", true); err != nil {
			return err
		}
	}
	removed := 0
	err = s.Destroy(ctx, entries, func(state.Entry) { removed++ })
	if a.json {
		_ = json.NewEncoder(a.stdout).Encode(map[string]any{"type": "summary", "pipeline": s.State().Pipeline, "lineage": s.State().Lineage, "removed": removed, "of": len(entries), "records": rows, "serial": s.State().Serial, "retained": s.Retained(), "versions_stay": s.Hiding()})
	} else if err == nil {
		fmt.Fprintf(a.stdout, "%s %s with %s removed.\n", a.color(a.stdout, green, "Destroyed."), counted(int64(removed), "partition"), counted(rows, "record"))
		a.tellWhatStays(s)
	}
	return err
}

// tellWhatStays says that what was removed may be in the buckets still.
func (a *app) tellWhatStays(s *apply.Session) {
	if n := s.Retained(); n > 0 {
		fmt.Fprintf(a.stdout, "%s stay: their bucket keeps them.\n", counted(n, "object"))
	}
	for _, sink := range s.Hiding() {
		fmt.Fprintf(a.stdout, "Where the bucket of the sink %q keeps versions, this hid the files by delete markers: their versions stay until somebody, or a lifecycle rule, removes them.\n", sink)
	}
}

func newForceUnlock(a *app) *cobra.Command {
	var approve bool
	cmd := &cobra.Command{
		Use:   "force-unlock ID",
		Short: "Break the lock of a run that is dead",
		Long: `Remove the lock with an ID, which the message of a refused run names. A run that lives after all notices it and stops;
what it has committed stays whole.`,
		Example: `  logferry force-unlock 6c2f7a90-6b5e-4e0a-9c55-0f6f1f2a9a51`,
		Args:    needs("the ID of a lock, which the message of the refused run names"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), func(s *apply.Session) error {
				if !approve {
					if err := a.confirm(cmd.Context(), "Is the run that holds it dead?", false); err != nil {
						return err
					}
				}
				if err := s.ForceUnlock(cmd.Context(), args[0]); err != nil {
					return err
				}
				if a.json {
					return json.NewEncoder(a.stdout).Encode(map[string]any{"type": "summary", "unlocked": args[0]})
				}
				fmt.Fprintf(a.stdout, "%s %s\n", a.color(a.stdout, green, "Unlocked."), args[0])
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&approve, "auto-approve", false, "don't ask")
	return cmd
}
