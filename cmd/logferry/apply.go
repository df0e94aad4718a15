package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"logferry/internal/apply"
	"logferry/internal/plan"
	"logferry/internal/telemetry"
)

type applyFlags struct {
	planFlags
	against []string
	approve bool
}

func newApply(a *app) *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "apply [PLANFILE]",
		Short: "Make the lake hold what pipeline.yaml declares",
		Long: `Plan, and carry the plan out: several partitions at once, each committed when it is whole. On a terminal the plan is
shown and a confirmation asked for; without one, as in cron, nobody is asked. With PLANFILE just the saved plan is carried out,
without asking, or refused where configuration or state have moved since.

Interrupted once, it stops after what is being written is abandoned cleanly, and the next run goes on from there;
interrupted twice, it stops at once, and the next run goes on from there too. A partition that fails does not hold up the
others.

--against compares the state with heads that were written down elsewhere after earlier runs: where it was rolled back or
rewritten since, nothing is fetched or written. The first one comes from ` + "`logferry state head > heads.txt`" + ` after the first run.

Exit codes: 0 the lake holds what is declared, 1 something is missing, 130 interrupted.`,
		Example: `  logferry apply
  logferry apply -f nightly.yaml --auto-approve --json > run.ndjson
  logferry apply tonight.plan
  logferry apply --against heads.txt && logferry state head >> heads.txt`,
		Args: mayHave("the file of a saved plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.options(cmd.CommandPath())
			if err != nil {
				return err
			}
			anchors, err := readAnchors(f.against)
			if err != nil {
				return a.notBegun(err)
			}
			var saved *plan.Plan
			if len(args) == 1 {
				if name := f.set(cmd); name != "" {
					return &usageError{err: fmt.Errorf("--%s has no meaning with a saved plan, which is carried out as it is", name), command: cmd.CommandPath()}
				}
				if saved, err = readPlan(args[0]); err != nil {
					return a.notBegun(err)
				}
			}
			measure := a.telemetry(cmd.Context())
			defer measure.Close()
			view := a.applyView()
			events := measure.Run(view)
			sum, err := a.apply(cmd.Context(), apply.Options{Events: events, OnAnswer: measure.Answered, Anchors: anchors}, saved, o, f.approve || saved != nil)
			view.Close()
			events.End(sum, err)
			if sum == nil {
				return a.notBegun(err)
			}
			if a.json && err != nil { // the summary is the last line
				if sum.Result != apply.Interrupted {
					a.printError(err)
				}
				err = &reportedError{err}
			}
			return view.Summary(sum, err)
		},
	}
	f.add(cmd)
	againstFlag(cmd, &f.against)
	cmd.Flags().BoolVar(&f.approve, "auto-approve", false, "don't ask")
	return cmd
}

// apply plans, unless there is a saved plan, asks, and carries the plan out. The summary is nil where nothing was begun.
func (a *app) apply(ctx context.Context, told apply.Options, saved *plan.Plan, o apply.PlanOptions, approved bool) (sum *apply.Summary, err error) {
	s, err := a.openWith(ctx, told)
	if err != nil {
		return nil, a.ofPlan(saved, err)
	}
	defer s.Close()
	defer func(outer context.Context) {
		if sum == nil && err != nil {
			err = &unbegunError{s.Unbegun(outer, err), err}
		}
	}(ctx)
	ctx, unlock, err := a.lock(ctx, s, "apply")
	if err != nil {
		return nil, err
	}
	defer unlock()
	pl := saved
	if pl == nil {
		if pl, err = s.Plan(ctx, o); err != nil {
			s.NotBegun(ctx, err)
			return nil, err
		}
	}
	shown, err := a.approve(ctx, pl, approved)
	if err != nil {
		return nil, err
	}
	for _, text := range pl.Warnings {
		if !shown {
			a.logger().Warn(text)
		}
	}
	return s.Apply(ctx, pl)
}

// telemetry sets up what the environment asks for: nil, which does nothing, in most cases. An export does not wait for its being
// measured.
func (a *app) telemetry(ctx context.Context) *telemetry.Telemetry {
	log := a.logger()
	measure, err := telemetry.Start(ctx, version, func(err error) {
		log.Warn("telemetry was not sent", "error", printable(err.Error()))
	})
	if err != nil {
		log.Warn("nothing is measured", errorKeys(err)...)
	}
	return measure
}

// approve shows the plan on a terminal and asks for a confirmation where there is something to do. shown says that it did.
func (a *app) approve(ctx context.Context, pl *plan.Plan, approved bool) (shown bool, err error) {
	if approved || pl.Empty() || !terminal(a.stdin) {
		return false, nil
	}
	if err := a.showPlan(pl, ""); err != nil {
		return false, err
	}
	return true, a.confirm(ctx, "Carry this plan out?", false)
}

// applyView shows a run. Close ends what is live and comes before Summary, which returns what of err is left to be reported.
type applyView interface {
	apply.Events
	Close()
	Summary(sum *apply.Summary, err error) error
}

func (a *app) applyView() applyView {
	switch {
	case a.json:
		return newJSONView(a)
	case terminalWidth(a.stderr) > 0: // one that says nothing of its size can't be drawn on
		return newTerminalView(a)
	}
	return newLineView(a)
}
