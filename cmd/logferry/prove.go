package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"logferry/internal/apply"
	"logferry/internal/verify"
)

// proveFlags are what prove is asked for.
type proveFlags struct {
	partitions, archive, against []string
	at, state, pipeline, check   string
}

func newProve(a *app) *cobra.Command {
	var f proveFlags
	cmd := &cobra.Command{
		Use:   "prove LOG_ID | --check FILE --against HEAD",
		Short: "Prove that a record is in the lake, to somebody who may not see the others",
		Long: `Print a proof, as JSON, that a record is in a partition of the lake: its row, the hashes from it to the root of the
partition's Merkle tree, the manifest with that root, and the commits from the one that it came with to the newest. Whoever
has written one of their hashes down (` + "`logferry state head`" + `) can check it with nothing else: no pipeline file, no archive, no
key. docs/AUDIT.md has a script that does it without logferry.

The record is looked for in all partitions; --partition and --at say where. The proof tells nothing of other records but how many
there are in the partition, and what commits and the manifest say: names of partitions and files, counts, quarantined ids, who ran
it where, and what the configuration declared: columns, rules of redaction, and filters with their values.

Exit codes: 0 proven, or the proof holds; 1 otherwise.`,
		Example: `  logferry prove log_abc123 --at 2026-04-17T13:05:00Z > proof.json
  logferry prove --check proof.json --against 19:5f0c…e1`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.check != "" {
				return noArgs(cmd, args)
			}
			return needs("the id of a record, or --check")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.check != "" {
				return a.checkProof(cmd, f)
			}
			return a.prove(cmd, f, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.partitions, "partition", nil, "look only in this `partition` and those below it (dt=2026-04-17, prod/dt=2026-04-17); may be repeated")
	flags.StringVar(&f.at, "at", "", "look only in partitions that cover this `time` (2026-04-17T13:05:00Z)")
	flags.StringArrayVar(&f.archive, "archive", nil, "prove from this bucket `URL` or folder, without a pipeline file; as with verify")
	flags.StringVar(&f.state, "state", "", "with --archive: `URL` or folder of the state, where it has one of its own (state.url)")
	flags.StringVar(&f.pipeline, "pipeline", "", "with --archive: the `name` of the pipeline, where there are several")
	flags.StringVar(&f.check, "check", "", "check the proof in this `file`, or - for stdin")
	flags.StringArrayVar(&f.against, "against", nil, "with --check: a head that was written down: `HEAD` is SERIAL:HASH, a hash, or a file with one a line; may be repeated")
	return cmd
}

// prove prints a proof.
func (a *app) prove(cmd *cobra.Command, f proveFlags, id string) error {
	usage := func(err error) error { return &usageError{err: err, command: cmd.CommandPath()} }
	o := apply.ProveOptions{LogID: id, Targets: asTargets(f.partitions)}
	var err error
	if f.at != "" {
		if o.At, err = time.Parse(time.RFC3339Nano, f.at); err != nil {
			return usage(fmt.Errorf("--at %q: want a time as 2026-04-17T13:05:00Z", f.at))
		}
	}
	var proof *verify.Proof
	switch {
	case len(f.against) > 0:
		return usage(errors.New("--against goes with --check"))
	case len(f.archive) == 0 && (f.state != "" || f.pipeline != ""):
		return usage(errors.New("--state and --pipeline go with --archive; otherwise the pipeline file says both"))
	case len(f.archive) > 0:
		proof, err = apply.ProveArchive(cmd.Context(), apply.Archive{Places: f.archive, State: f.state, Pipeline: f.pipeline}, o)
	default:
		err = a.looking(cmd.Context(), false, func(s *apply.Session) error {
			proof, err = s.Prove(cmd.Context(), o)
			return err
		})
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(a.stdout).Encode(proof)
}

// checkProof checks a proof with nothing but heads that were written down.
func (a *app) checkProof(cmd *cobra.Command, f proveFlags) error {
	if len(f.against) == 0 {
		return &usageError{err: errors.New("--check needs a head that was written down, with --against: what says which history it is"), command: cmd.CommandPath()}
	}
	heads, err := readAnchors(f.against)
	if err != nil {
		return err
	}
	proof, err := a.readProof(f.check)
	if err != nil {
		return fmt.Errorf("read the proof: %w", err)
	}
	at, err := verify.CheckProof(proof, heads)
	if err != nil {
		return fmt.Errorf("the proof does not hold: %w", err)
	}
	fields, err := verify.Fields(proof.Row)
	if err != nil {
		return err
	}
	if a.json {
		return json.NewEncoder(a.stdout).Encode(map[string]any{
			"type": "summary", "ok": true, "log_id": proof.LogID, "partition": proof.Partition, "version": proof.Version, "pipeline": proof.Pipeline,
			"index": proof.Index, "size": proof.Size, "against": at.String(), "row": fields,
		})
	}
	fmt.Fprintf(a.stdout, "%s %s is in the lake of %s as of commit %s: row %d of %d of %s, version %d.\n", a.color(a.stdout, green, "Proven."),
		printable(proof.LogID), printable(proof.Pipeline), at, proof.Index+1, proof.Size, printable(proof.Partition), proof.Version)
	for _, field := range fields {
		printLine(a.stdout, printable(field.Name), "%s", printable(field.Value))
	}
	return nil
}

func (a *app) readProof(file string) (*verify.Proof, error) {
	var content []byte
	var err error
	if file == "-" {
		content, err = io.ReadAll(a.stdin)
	} else {
		content, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, err
	}
	proof := &verify.Proof{}
	return proof, json.Unmarshal(content, proof)
}
