package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"logferry/internal/config"
	"logferry/internal/window"
	"logferry/sinks/bucket"
)

func newValidate(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "validate",
		Short: "Check pipeline.yaml and say what it declares",
		Long: `Check pipeline.yaml without touching the API or a bucket. Every mistake is reported in one go, with file, line,
column and key. With --json, the effective configuration is printed, secrets hidden.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			now := time.Now()
			p, err := a.load(config.Options{Now: now})
			if err != nil {
				return err
			}
			return a.printValid(p, now)
		},
	}
}

func (a *app) printValid(p *config.Pipeline, now time.Time) error {
	rng, err := p.Range.Resolve(now)
	if err != nil {
		return err
	}
	parts := len(window.Partitions(rng, p.Range.Partition)) * len(p.Source.Projects)
	if a.json {
		return json.NewEncoder(a.stdout).Encode(map[string]any{
			"type": "summary", "valid": true, "file": a.file, "partitions": parts,
			"from": rng.From, "to": rng.To, "warnings": p.Warnings(), "config": p.Describe(),
		})
	}
	fmt.Fprintf(a.stdout, "%s %s: pipeline %q\n", a.color(a.stdout, green, "Valid."), a.file, p.Name)
	fmt.Fprintf(a.stdout, "  range  %s to %s: %d %s partitions\n",
		rng.From.Format(time.RFC3339), rng.To.Format(time.RFC3339), parts, p.Range.Partition)
	for _, s := range p.Sinks {
		fmt.Fprintf(a.stdout, "  sink   %s: %s as %s, %s\n", s.Name, bucket.Redact(s.URL), s.Format, s.Compression)
	}
	return nil
}
