package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/signing"
	"logferry/internal/verify"
)

// errFindings says that a verification found something wrong.
var errFindings = errors.New("the lake is not what the state says")

// verifyFlags are what verify is asked for.
type verifyFlags struct {
	targets, against, keys, archive []string
	state, pipeline                 string
	deep, census                    bool
}

func newVerify(a *app) *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that the lake holds what was committed",
		Long: `Follow the chain of commits to its first, and read every file that the state names: it has to be there with its size
and hash, and no other data file may lie beside them. With --deep every row is read back, Parquet by an implementation that did
not write it, and order, types, ids and the Merkle root of the rows are compared. With --census the API is asked to list the
partitions again; nothing else needs the API, or a key of it.

Whoever can write to the bucket can write a history that is whole in itself, or take its newest commits away. --against
compares it with a head that was written down elsewhere (` + "`logferry state head`" + `), --public-key with the signatures that
state.signing_key makes. With --archive no pipeline file is read: a copy of the buckets is enough. Nothing is ever written.
docs/AUDIT.md says what each of them finds.

Exit codes: 0 nothing is wrong with what was looked at, 1 something is, or could not be read.`,
		Example: `  logferry verify --deep
  logferry verify --against 19:5f0c…e1 --public-key signing.pub.pem
  logferry verify --deep --archive /mnt/copy --against heads.txt
  logferry verify --census --target dt=2026-04-17`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := a.verify(cmd, f)
			if err != nil {
				return err
			}
			if err := a.printReport(report); err != nil {
				return err
			}
			if !report.OK {
				return &reportedError{errFindings}
			}
			return nil
		},
	}
	targetFlags(cmd, &f.targets)
	flags := cmd.Flags()
	flags.BoolVar(&f.deep, "deep", false, "read every row back")
	flags.BoolVar(&f.census, "census", false, "list the partitions again through the API, and compare ids")
	flags.StringArrayVar(&f.against, "against", nil, "a head that was written down: `ANCHOR` is SERIAL:HASH, a hash, or a file with one a line; may be repeated")
	flags.StringArrayVar(&f.keys, "public-key", nil, "check the signatures of commits with the public key in this `file` (PEM); may be repeated")
	flags.StringArrayVar(&f.archive, "archive", nil, "verify this bucket `URL` or folder, without a pipeline file; where there are several, each is written NAME=URL with the name of its sink, the first sink first")
	flags.StringVar(&f.state, "state", "", "with --archive: `URL` or folder of the state, where it has one of its own (state.url)")
	flags.StringVar(&f.pipeline, "pipeline", "", "with --archive: the `name` of the pipeline, where there are several")
	return cmd
}

func (a *app) verify(cmd *cobra.Command, f verifyFlags) (*verify.Report, error) {
	o := apply.VerifyOptions{Targets: asTargets(f.targets), Deep: f.deep, Census: f.census}
	var err error
	if o.Anchors, err = readAnchors(f.against); err != nil {
		return nil, err
	}
	if o.Keys, err = readPublicKeys(f.keys); err != nil {
		return nil, err
	}
	usage := func(text string) error { return &usageError{err: errors.New(text), command: cmd.CommandPath()} }
	switch {
	case len(f.archive) == 0 && (f.state != "" || f.pipeline != ""):
		return nil, usage("--state and --pipeline go with --archive; otherwise the pipeline file says both")
	case len(f.archive) > 0 && f.census:
		return nil, usage("--census needs the pipeline file, and --archive does without it")
	case len(f.archive) > 0:
		return apply.VerifyArchive(cmd.Context(), apply.Archive{Places: f.archive, State: f.state, Pipeline: f.pipeline}, o)
	}
	var report *verify.Report
	err = a.looking(cmd.Context(), f.census, func(s *apply.Session) error {
		report, err = s.Verify(cmd.Context(), o)
		return err
	})
	return report, err
}

// looking opens the pipeline for do, which looks only at what was exported unless it asks the API: no credential is needed
// otherwise.
func (a *app) looking(ctx context.Context, api bool, do func(*apply.Session) error) error {
	if api {
		return a.with(ctx, do)
	}
	now := time.Now()
	p, err := a.load(config.Options{Now: now, WithoutSecrets: true})
	if err != nil {
		return err
	}
	apply.LimitMemory(p)
	s, err := apply.Open(ctx, p, apply.Options{Now: now, Version: version, Logger: a.logger(), WithoutAPI: true})
	if err != nil {
		return err
	}
	defer s.Close()
	return do(s)
}

// readAnchors reads anchors as they stand on the command line, or from the files that are named there.
func readAnchors(texts []string) ([]verify.Anchor, error) {
	var out []verify.Anchor
	for _, text := range texts {
		if a, err := verify.ParseAnchor(text); err == nil {
			out = append(out, a)
			continue
		}
		content, err := os.ReadFile(text)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("there is no such file, and %w", verify.ErrAnchor)
		}
		var of []verify.Anchor
		if err == nil {
			of, err = verify.ParseAnchors(content)
		}
		if err != nil {
			return nil, fmt.Errorf("--against %s: %w", printable(text), err)
		}
		out = append(out, of...)
	}
	return out, nil
}

func readPublicKeys(files []string) ([]ed25519.PublicKey, error) {
	var out []ed25519.PublicKey
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--public-key: %w", err)
		}
		keys, err := signing.ParsePublic(content)
		if err != nil {
			return nil, fmt.Errorf("--public-key %s: %w", printable(file), err)
		}
		out = append(out, keys...)
	}
	return out, nil
}
