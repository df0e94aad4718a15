package main

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"logferry/internal/lookup"
)

func newLogsGet(a *app, project *string) *cobra.Command {
	return &cobra.Command{
		Use:   "get LOG_ID...",
		Short: "Print records with all their detail",
		Long:  `Print the whole of one or more records. With --json each record is one line, exactly as received.`,
		Example: `  logferry logs get log_abc123
  logferry logs get --json log_abc123 log_def456 | jq .data.response`,
		Args: needs("the id of a record, or several"),
		RunE: func(cmd *cobra.Command, ids []string) error {
			client, err := a.client(cmd, *project)
			if err != nil {
				return err
			}
			defer client.Close()
			for _, id := range ids {
				body, err := lookup.Get(cmd.Context(), client, id)
				if err != nil {
					return err
				}
				if err := a.printRecord(body); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (a *app) printRecord(body []byte) error {
	if a.json {
		return a.printLine(body)
	}
	v := jsontext.Value(bytes.Clone(body))
	err := v.Indent(jsontext.WithIndent("  "), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.PreserveRawStrings(true))
	if err != nil {
		return fmt.Errorf("print a record: %w", err)
	}
	_, err = a.stdout.Write(append(v, '\n'))
	return err
}
