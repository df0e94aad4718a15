package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// asGroup makes a command one that is nothing but the name of others: alone it shows its help.
func asGroup(cmd *cobra.Command) *cobra.Command {
	cmd.DisableFlagsInUseLine, cmd.SuggestionsMinimumDistance = true, 2
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		err := fmt.Errorf("%s has no command %q", cmd.CommandPath(), args[0])
		if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
			err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(like, " or "))
		}
		return &usageError{err: err, command: cmd.CommandPath()}
	}
	return cmd
}

// noArgs refuses arguments that would be ignored.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{err: fmt.Errorf("%s takes no argument, and got %q", cmd.CommandPath(), args[0]), command: cmd.CommandPath()}
	}
	return nil
}

// needs refuses a command line without an argument, and one with more than one unless what says that several are taken.
func needs(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 || len(args) > 1 && !strings.Contains(what, "several") {
			return &usageError{err: fmt.Errorf("%s takes %s", cmd.CommandPath(), what), command: cmd.CommandPath()}
		}
		return nil
	}
}

// mayHave refuses more than one argument.
func mayHave(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return needs(what+" at most")(cmd, args)
		}
		return nil
	}
}
