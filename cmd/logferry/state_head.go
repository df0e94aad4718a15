package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"logferry/internal/apply"
)

func newStateHead(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "head",
		Short: "Print the newest commit as SERIAL:HASH, to be written down",
		Long: `Print the serial of the newest commit and the hash of it. Written down where those who write to the bucket can't change
it, it proves later that nothing up to that commit was changed: see logferry verify --against, and apply --against.`,
		Example: `  logferry state head >> heads.txt
  logferry verify --against heads.txt`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.looking(cmd.Context(), false, func(s *apply.Session) error {
				st, err := s.Load(cmd.Context())
				if err != nil {
					return err
				}
				if st.Serial == 0 {
					return s.NoState()
				}
				if a.json {
					return json.NewEncoder(a.stdout).Encode(map[string]any{
						"type": "summary", "pipeline": st.Pipeline, "lineage": st.Lineage, "serial": st.Serial, "head": st.Head,
						"anchor": fmt.Sprintf("%d:%s", st.Serial, st.Head),
					})
				}
				fmt.Fprintf(a.stdout, "%d:%s\n", st.Serial, st.Head)
				return nil
			})
		},
	}
}
