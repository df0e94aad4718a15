package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"logferry/internal/signing"
)

func newKeygen(a *app) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "keygen",
		Short: "Make a key to sign the state's commits with",
		Long: `Make an Ed25519 key pair. The private key goes into a file that only you can read, as PKCS#8 in PEM; a file that is there
is never overwritten. The public key is printed, as SPKI in PEM: keep it where those who write to the bucket can't replace it.

The private key is what state.signing_key_file names, or what the variable of state.signing_key holds; see docs/AUDIT.md.`,
		Example: `  logferry keygen --out signing.pem > signing.pub.pem
  logferry verify --public-key signing.pub.pem`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			private, public, err := signing.Generate()
			if err != nil {
				return err
			}
			if err := writeNew(out, private); err != nil {
				return fmt.Errorf("write the private key: %w", err)
			}
			keys, err := signing.ParsePublic(public)
			if err != nil {
				return err
			}
			id := signing.ID(keys[0])
			if a.json {
				return json.NewEncoder(a.stdout).Encode(map[string]any{"type": "summary", "private_key_file": out, "public_key": string(public), "id": id})
			}
			fmt.Fprintf(a.stderr, "Wrote the private key to %s. Commits name it as %s.\n", printable(out), id)
			_, err = a.stdout.Write(public)
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "logferry-signing-key.pem", "`file` for the private key")
	return cmd
}

// errThere says that a file would have to be overwritten.
var errThere = errors.New("there is a file of that name, and a key is never overwritten: name another with --out; `openssl pkey -in FILE -pubout` prints the public key of one that is there")

// writeNew writes a file that only this user can read. What could be written of it is removed on an error.
func writeNew(name string, content []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", printable(name), errThere)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}
