package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"logferry/internal/apply"
)

// eraseFlags are what erase is asked for.
type eraseFlags struct {
	ids             []string
	idFile          string
	reason          string
	targets         []string
	against         []string
	approve, dryRun bool
}

func newErase(a *app) *cobra.Command {
	var f eraseFlags
	cmd := &cobra.Command{
		Use:   "erase",
		Short: "Erase a person's records from the lake",
		Long: `Search every partition for rows whose column user_id is that of a person, show what was found, and write those
partitions anew without them, in all sinks. Where transform.redact hashes the user id, it is given as it was before. What is
quarantined of the person goes too, and so does all that killed runs had fetched and not committed.

What was erased does not come back: later runs know the records by hashes of their log_ids. Records that the API lists later
for the first time are new ones, and are exported. The state keeps when something was erased, by whom, why, how many rows, and
the digests before and after; it does not keep of whom. It asks first; without a terminal it needs --auto-approve.

The value of --user-id stands in the command line, which other users of the machine may see, and in the shell's history:
--user-id-file reads it from a file, or from stdin, with one a line.

docs/ERASURE.md says what is searched and what is out of reach: versions that a bucket keeps, copies, the service itself.`,
		Example: `  logferry erase --user-id user_1234 --reason 'request 4711' --dry-run
  logferry erase --user-id-file - --reason 'request 4711' --auto-approve < ids.txt`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 { // which may be an id: it is not quoted
				return &usageError{err: errors.New("logferry erase takes no argument: ids are given with --user-id"), command: cmd.CommandPath()}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := apply.EraseOptions{UserIDs: f.ids, Reason: f.reason, Targets: asTargets(f.targets)}
			if f.idFile != "" {
				more, err := a.readIDs(f.idFile)
				if err != nil {
					return fmt.Errorf("--user-id-file: %w", err)
				}
				o.UserIDs = append(o.UserIDs, more...)
			}
			if err := o.Check(); err != nil {
				return err
			}
			anchors, err := readAnchors(f.against)
			if err != nil {
				return err
			}
			return a.withOptions(cmd.Context(), apply.Options{Anchors: anchors}, func(s *apply.Session) error { return a.erase(cmd.Context(), s, o, f) })
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.ids, "user-id", nil, "the `id` of the person, as the records have it; may be repeated")
	flags.StringVar(&f.idFile, "user-id-file", "", "read ids from this `file`, one a line; - is stdin")
	flags.StringVar(&f.reason, "reason", "", "why, in `words` that are kept; must not have an id in it")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only show what would be erased: nothing is locked or written")
	flags.BoolVar(&f.approve, "auto-approve", false, "don't ask")
	againstFlag(cmd, &f.against)
	targetFlags(cmd, &f.targets)
	return cmd
}

// longestIDFile is in bytes: what is longer is the wrong file.
const longestIDFile = 1 << 20

// readIDs reads one id a line, and passes over empty ones. Its errors quote nothing of it.
func (a *app) readIDs(name string) ([]string, error) {
	in := a.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // what was only read can't be lost
		in = file
	}
	limited := &io.LimitedReader{R: in, N: longestIDFile + 1}
	var ids []string
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, longestIDFile+1)
	for lines.Scan() {
		if line := strings.TrimSuffix(lines.Text(), "\r"); strings.TrimSpace(line) != "" {
			ids = append(ids, line)
		}
	}
	switch {
	case limited.N == 0:
		return nil, fmt.Errorf("it has more than %d bytes", longestIDFile)
	case lines.Err() != nil:
		return nil, lines.Err()
	case len(ids) == 0:
		return nil, errors.New("there is no id in it")
	}
	return ids, nil
}

// erase shows what there is of the persons, asks, and erases it.
func (a *app) erase(ctx context.Context, s *apply.Session, o apply.EraseOptions, f eraseFlags) error {
	if f.dryRun {
		if _, err := s.Load(ctx); err != nil {
			return err
		}
		if err := s.CheckAnchors(ctx); err != nil {
			return err
		}
		found, err := a.findErasable(ctx, s, o)
		if err != nil {
			return err
		}
		return a.printDryRun(ctx, s, found)
	}
	ctx, unlock, err := a.lock(ctx, s, "erase")
	if err != nil {
		return err
	}
	defer unlock()
	found, err := a.findErasable(ctx, s, o)
	if err != nil {
		return err
	}
	if !found.Nothing() {
		a.showErasable(a.stderr, found)
		if found.Refused != nil {
			if !a.json {
				return found.Refused
			}
			return a.endErase(ctx, s, s.NewErased(found), found.Refused)
		}
		if !f.approve {
			if err := a.confirm(ctx, "Erase them?", true); err != nil {
				return err
			}
		}
	}
	out, err := s.Erase(ctx, found, func(p apply.ErasedPartition) { a.printErasedPartition(&p) })
	return a.endErase(ctx, s, out, err)
}

// endErase tells the end of an erasure, of one that was refused only with --json. The summary is the last line there.
func (a *app) endErase(ctx context.Context, s *apply.Session, out *apply.Erased, err error) error {
	if out == nil {
		return err
	}
	err = a.beforeSummary(ctx, err)
	a.printErased(s, out)
	return err
}

// beforeSummary reports with --json an error that a summary is about to follow, and returns what is left to report of it.
func (a *app) beforeSummary(ctx context.Context, err error) error {
	if err == nil || !a.json {
		return err
	}
	if interrupted := ctx.Err() != nil && errors.Is(err, context.Canceled); !interrupted {
		a.printError(err)
	}
	return &reportedError{err}
}

func (a *app) findErasable(ctx context.Context, s *apply.Session, o apply.EraseOptions) (*apply.Erasable, error) {
	if terminal(a.stderr) {
		fmt.Fprintln(a.stderr, "Searching the lake …")
	}
	found, err := s.FindErasable(ctx, o)
	if err == nil && found.OtherRules > 0 {
		a.logger().Warn(fmt.Sprintf("%s were written under another transform.redact than the one in force: who was masked there, or hashed with another key, is not found", counted(int64(found.OtherRules), "partition")))
	}
	return found, err
}
