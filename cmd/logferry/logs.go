package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"logferry/extract"
	"logferry/internal/apply"
	"logferry/internal/config"
)

func newLogs(a *app) *cobra.Command {
	cmd := asGroup(&cobra.Command{
		Use:   "logs",
		Short: "Look up single records in the API",
		Long: `Look up single records in the API, without touching lake or state. The pipeline file says how to reach it; where there is
none, the variable COMPOSIO_API_KEY is enough.`,
	})
	var project string
	cmd.PersistentFlags().StringVar(&project, "project", "", "the `name` of the project, where the pipeline file declares several")
	cmd.AddCommand(newLogsList(a, &project), newLogsGet(a, &project))
	return cmd
}

// client connects to the API for a look-up: by the pipeline file where there is one, else by COMPOSIO_API_KEY alone.
func (a *app) client(cmd *cobra.Command, project string) (*extract.Client, error) {
	p, err := a.lookupPipeline(cmd)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(p.Source.Projects))
	for i, pr := range p.Source.Projects {
		names[i] = pr.Name
	}
	at := slices.Index(names, project)
	if project == "" && len(names) == 1 {
		at = 0
	}
	if at < 0 {
		problem := fmt.Errorf("--project %q: want one of %s", project, strings.Join(names, ", "))
		if project == "" {
			problem = fmt.Errorf("%s declares several projects: say which with --project, one of %s", a.file, strings.Join(names, ", "))
		}
		return nil, &usageError{
			err:     problem,
			command: cmd.CommandPath(),
		}
	}
	return apply.Connect(p, p.Source.Projects[at], version, a.printRetry)
}

// printRetry says why an answer takes its time.
func (a *app) printRetry(err error, pause time.Duration) {
	fmt.Fprintf(a.stderr, "Trying again in %s: %s\n", pause.Round(100*time.Millisecond), printable(err.Error()))
}

func (a *app) lookupPipeline(cmd *cobra.Command) (*config.Pipeline, error) {
	now := time.Now()
	p, err := a.load(config.Options{Now: now})
	if !errors.Is(err, fs.ErrNotExist) || cmd.Flags().Changed("file") {
		return p, err
	}
	if os.Getenv("COMPOSIO_API_KEY") == "" {
		return nil, fmt.Errorf("there is no %s here and COMPOSIO_API_KEY is not set: set one, or name the file with -f", a.file)
	}
	return config.ForLookups(config.Options{Now: now})
}
