package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"logferry/internal/config"
)

func newInit(a *app) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented pipeline.yaml to start from",
		Long: `Write a pipeline file with every key, its default and its meaning, to the name that -f gives. An existing file is
left alone without --force.`,
		Example: `  logferry init
  logferry init -f nightly.yaml`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
			if force {
				flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
			}
			f, err := os.OpenFile(a.file, flags, 0o600)
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s exists already; --force overwrites it, -f writes another file", a.file)
			}
			if err != nil {
				return fmt.Errorf("write the pipeline file: %w", err)
			}
			if _, err = f.Write(config.Template()); err == nil {
				err = f.Close()
			}
			if err != nil {
				return fmt.Errorf("write the pipeline file: %w", err)
			}
			_, err = fmt.Fprintf(a.stdout, "Wrote %s. Next: set COMPOSIO_API_KEY, edit the range and the sink, then\n  logferry validate\n  logferry apply\n", a.file)
			return err
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "overwrite an existing file")
	return cmd
}
