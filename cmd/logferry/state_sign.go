package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"logferry/internal/apply"
	"logferry/internal/state"
)

func newStateSign(a *app) *cobra.Command {
	var approve bool
	cmd := &cobra.Command{
		Use:   "sign",
		Short: "Sign the newest commit, so that runs build on it",
		Long: `Sign the newest commit with the key of state.signing_key or state.signing_key_file. With a key, a run builds on no commit
that is not signed by it. So this is needed once where signing is taken up for a state that is there, where another key is
taken, and after a run without the key.

A signature is over the whole history up to the commit: compare it with what was written down before (logferry state head). It
shows the newest commit and the newest that is signed by the key, and asks; without a terminal it needs --auto-approve. Where
another key has signed the commit, one that changes nothing follows it and is signed.`,
		Example: `  logferry state sign`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(s *apply.Session) error { return a.signHead(cmd.Context(), s, approve) })
		},
	}
	cmd.Flags().BoolVar(&approve, "auto-approve", false, "don't ask")
	return cmd
}

// signHead shows the newest commit, asks, and signs it.
func (a *app) signHead(ctx context.Context, s *apply.Session, approved bool) error {
	found, err := s.HeadSignature(ctx)
	if err != nil {
		return err
	}
	needed := found.Found != state.Signed
	if needed {
		showHead(a.stderr, found)
		if !approved {
			if err := a.confirm(ctx, "Is that commit, and all that came before it, yours?", true); err != nil {
				return err
			}
		}
		err = s.SignHead(ctx, found.Head.Hash, func(l state.LockInfo) { fmt.Fprintf(a.stderr, "Waiting for the lock of %s.\n", l) })
		if err != nil {
			return err
		}
	}
	return a.tellSigned(s.State(), needed)
}

// tellSigned says what is signed now.
func (a *app) tellSigned(st *state.State, anew bool) error {
	if a.json {
		return json.NewEncoder(a.stdout).Encode(map[string]any{
			"type": "summary", "pipeline": st.Pipeline, "lineage": st.Lineage, "serial": st.Serial, "head": st.Head, "signed": anew,
		})
	}
	if !anew {
		_, err := fmt.Fprintf(a.stdout, "Nothing to sign: the newest commit, %d:%s, is signed by this key.\n", st.Serial, st.Head)
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "%s The newest commit is %d:%s; write it down.\n", a.color(a.stdout, green, "Signed."), st.Serial, st.Head)
	return err
}

// showHead shows the newest commit and the newest that is signed, as they describe themselves.
func showHead(w io.Writer, found *state.HeadSignature) {
	head := found.Head
	fmt.Fprintln(w, "The newest commit says of itself:")
	printLine(w, "commit", "%d:%s", head.Serial, head.Hash)
	printLine(w, "by", "%s", printable(head.By))
	printLine(w, "at", "%s", stamp(head.At))
	printLine(w, "operation", "%s", printable(head.Operation))
	printLine(w, "signature", "%s", signatureText(head, found.Found))
	if found.Last == nil {
		printLine(w, "last signed", "none: no commit is signed by this key")
		return
	}
	printLine(w, "last signed", "%d:%s, of %s; %s after it", found.Last.Serial, found.Last.Hash, stamp(found.Last.At),
		counted(head.Serial-found.Last.Serial, "commit"))
}

// signatureText says what there is of a commit's signature.
func signatureText(c *state.Commit, found state.Signature) string {
	switch found {
	case state.OtherKey:
		return "there, by another key, which was not checked: " + printable(c.Signer)
	case state.Lost:
		return "not there, and the commit names the key " + printable(c.Signer)
	case state.NotByTheKey:
		return "there, and not by this key"
	default:
		return "none"
	}
}
