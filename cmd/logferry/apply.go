package main

import (
	"time"

	"github.com/spf13/cobra"

	"logferry/internal/apply"
	"logferry/internal/record"
)

func newApply(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "apply",
		Short: "Export what pipeline.yaml declares",
		Long: `Export the declared range, partition after partition. Run again, it writes the same files over: nothing is
duplicated. Interrupt once to stop after what is being written is abandoned cleanly, twice to stop at once.`,
		Example: `  logferry apply
  logferry apply -f nightly.yaml --json > run.ndjson`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			now := time.Now()
			p, err := a.load(now)
			if err != nil {
				return a.notBegun(err)
			}
			view := a.applyView()
			sum, err := apply.Run(cmd.Context(), p, apply.Options{Now: now, Version: version, Events: view, Logger: a.logger()})
			view.Close()
			if sum == nil {
				return a.notBegun(err)
			}
			if a.json && err != nil { // the summary is the last line
				a.printError(err)
				err = &reportedError{err}
			}
			view.Summary(sum, err)
			return err
		},
	}
}

// notBegun reports why a run did not begin. With --json a summary is the last line all the same.
func (a *app) notBegun(err error) error {
	if err == nil || !a.json {
		return err
	}
	a.printError(err)
	newJSONView(a).Summary(&apply.Summary{
		Type: "summary", Version: version, Details: map[record.Outcome]int64{}, Sinks: []apply.SinkSummary{}, Errors: []string{err.Error()},
	}, err)
	return &reportedError{err}
}

// applyView shows a run. Close ends what is live and comes before Summary.
type applyView interface {
	apply.Events
	Close()
	Summary(sum *apply.Summary, err error)
}

func (a *app) applyView() applyView {
	switch {
	case a.json:
		return newJSONView(a)
	case terminal(a.stderr):
		return newTerminalView(a)
	}
	return newLineView(a)
}
