package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"logferry/internal/apply"
	"logferry/internal/plan"
)

// planFlags are what `plan` and `apply` have in common.
type planFlags struct {
	targets, replace []string
	refreshOnly      bool
	allowDelete      bool
	allowFewer       bool
	order            string
}

func (f *planFlags) add(cmd *cobra.Command) {
	targetFlags(cmd, &f.targets)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.replace, "replace", nil, "fetch this `partition` anew, whatever it is like; may be repeated")
	flags.BoolVar(&f.refreshOnly, "refresh-only", false, "only list again what is there, for late records")
	flags.BoolVar(&f.allowDelete, "allow-delete", false, "remove partitions that left the declared range; without it they are kept")
	flags.BoolVar(&f.allowFewer, "allow-fewer", false, "replace a partition even where the API does not list all of its records any more; without it that is an error")
	flags.StringVar(&f.order, "order", "oldest", "which partitions come `first`: oldest or newest")
}

// set returns the name of one of the flags that was given, "" where none was.
func (f *planFlags) set(cmd *cobra.Command) string {
	for _, name := range []string{"target", "replace", "refresh-only", "allow-delete", "allow-fewer", "order"} {
		if cmd.Flags().Changed(name) {
			return name
		}
	}
	return ""
}

func (f *planFlags) options(command string) (apply.PlanOptions, error) {
	if f.order != "oldest" && f.order != "newest" {
		return apply.PlanOptions{}, &usageError{err: fmt.Errorf("--order %q: want oldest or newest", f.order), command: command}
	}
	return apply.PlanOptions{
		Targets: asTargets(f.targets), Replace: asTargets(f.replace), RefreshOnly: f.refreshOnly, AllowDelete: f.allowDelete, AllowFewer: f.allowFewer,
		NewestFirst: f.order == "newest",
	}, nil
}

// errChanges says that a plan has found something to do; it has an exit code of its own.
var errChanges = errors.New("there are changes")

func newPlan(a *app) *cobra.Command {
	var f planFlags
	var out string
	var detailed bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Say what is missing in the lake and what it will cost",
		Long: `Compare what pipeline.yaml declares with the state and with what the buckets hold, and say what has to be done,
why, and how many requests it will take. Nothing is written, but for the plan itself with --out.

The API is asked a few usage counts, for the costs. Where it can't be reached within seconds or refuses the key, that is an
error: what is shown then is right but for its costs, and --out writes no file. A plan that needs nothing of the API does
not ask it.

Exit codes: 0 done, 1 error; with --detailed-exitcode 2 where there are changes.`,
		Example: `  logferry plan
  logferry plan --out tonight.plan && logferry apply tonight.plan
  logferry plan --target dt=2026-04-17`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := f.options(cmd.CommandPath())
			if err != nil {
				return err
			}
			return a.with(cmd.Context(), func(s *apply.Session) error {
				pl, err := s.Preview(cmd.Context(), o)
				switch {
				case pl == nil:
					return err
				case err != nil:
					return a.showUnasked(pl, err)
				}
				if out != "" {
					if err := writePlan(out, pl); err != nil {
						return err
					}
				}
				if err := a.showPlan(pl, out); err != nil {
					return err
				}
				if detailed && !pl.Empty() {
					return &reportedError{errChanges}
				}
				return nil
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&out, "out", "", "write the plan to this `file`, for apply")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 where there are changes")
	return cmd
}

// showUnasked shows a plan whose costs err keeps from being known. With --json the summary is the last line.
func (a *app) showUnasked(pl *plan.Plan, err error) error {
	if a.json {
		a.printError(err)
		err = &reportedError{err}
	}
	return errors.Join(a.showPlan(pl, ""), err)
}

// writePlan writes a plan so that nothing but a whole one is ever read.
func writePlan(path string, pl *plan.Plan) error {
	content, err := pl.Encode()
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".plan-*") // of mode 0600
	if err == nil {
		_, err = temp.Write(content)
		err = errors.Join(err, temp.Close())
		if err == nil {
			err = os.Rename(temp.Name(), path)
		}
		if err != nil {
			_ = os.Remove(temp.Name())
		}
	}
	if err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

func readPlan(path string) (*plan.Plan, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	return plan.Decode(content)
}

func newShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "show PLANFILE",
		Short:   "Show a saved plan",
		Long:    `Show a plan that plan --out has saved, as it was then. With --json a step is a line, as those of plan are.`,
		Example: `  logferry show tonight.plan`,
		Args:    needs("the file of a saved plan"),
		RunE: func(_ *cobra.Command, args []string) error {
			pl, err := readPlan(args[0])
			if err != nil {
				return err
			}
			return a.showPlan(pl, "")
		},
	}
}
