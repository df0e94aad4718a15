package main

import (
	"regexp"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// A command line is seen by every account of a machine.
func TestNoFlagTakesASecret(t *testing.T) {
	secret := regexp.MustCompile(`(?i)key|secret|token|passw|cookie|credential|header`)
	public := map[string]bool{"public-key": true}
	commands := 0
	var look func(*cobra.Command)
	look = func(c *cobra.Command) {
		commands++
		for _, flags := range []*pflag.FlagSet{c.LocalFlags(), c.PersistentFlags()} {
			flags.VisitAll(func(f *pflag.Flag) {
				require.False(t, secret.MatchString(f.Name) && !public[f.Name], "%s --%s", c.CommandPath(), f.Name)
			})
		}
		for _, sub := range c.Commands() {
			look(sub)
		}
	}
	look(newRoot(&app{}))
	require.Greater(t, commands, 15)
}
