package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"logferry/internal/config"
)

// called finds the command lines of this program in a script, a unit, a workflow or a document.
var called = regexp.MustCompile(`(?m)(?:^|[ /"'=])logferry ((?:apply|plan|verify|validate|schema|state)(?: [^"'\n|;&#>]*)?)`)

// TestWhatTheExamplesCallExists: each command line in examples/ is parsed as the program would.
func TestWhatTheExamplesCallExists(t *testing.T) {
	commands := map[string][][]string{}
	root := filepath.Join("..", "..", "examples")
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range called.FindAllStringSubmatch(string(text), -1) {
			commands[entry.Name()] = append(commands[entry.Name()], strings.Fields(match[1]))
		}
		if ext := filepath.Ext(path); ext == ".yaml" || ext == ".yml" {
			commands[entry.Name()] = append(commands[entry.Name()], containerArgs(t, text)...)
		}
		return err
	}))
	for _, name := range []string{"crontab", "logferry.service", "cronjob.yaml", "nightly.yml", "nightly.py", "audited"} {
		require.NotEmpty(t, commands[name], name)
	}
	for name, lines := range commands {
		for _, args := range lines {
			require.NoError(t, parses(args), "%s: logferry %s", name, strings.Join(args, " "))
		}
	}
	require.Error(t, parses([]string{"apply", "--no-such-flag"}), "the check can fail")
	require.Error(t, parses([]string{"no-such-command"}), "the check can fail")
}

// TestTheExamplesGrantEnoughMemoryForTheirPipeline: one and a half times of what it declares.
func TestTheExamplesGrantEnoughMemoryForTheirPipeline(t *testing.T) {
	root := filepath.Join("..", "..", "examples")
	p, err := config.Load(filepath.Join(root, "nightly.yaml"), config.Options{WithoutSecrets: true})
	require.NoError(t, err)
	require.Greater(t, p.State.LockTimeout, 3*time.Minute, "a lock of a dead machine is broken after some minutes")
	for file, limit := range map[string]string{"kubernetes/cronjob.yaml": `limits: \{memory: (\d+)Gi\}`, "systemd/logferry.service": `MemoryMax=(\d+)G`} {
		text, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		found := regexp.MustCompile(limit).FindSubmatch(text)
		require.NotNil(t, found, file)
		gib, err := strconv.ParseInt(string(found[1]), 10, 64)
		require.NoError(t, err)
		require.GreaterOrEqual(t, gib<<30, p.Extract.MaxMemory*3/2, file)
	}
}

// parses says whether a command line is one of this program's, without running it.
func parses(args []string) error {
	root := newRoot(&app{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard})
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if cmd == root {
		return errors.New("no command")
	}
	if err := cmd.ParseFlags(rest); err != nil && !errors.Is(err, pflag.ErrHelp) {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// containerArgs are the lists under the key `args` of a file that holds YAML documents.
func containerArgs(t *testing.T, text []byte) (found [][]string) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		collectArgs(document, &found)
	}
}

func collectArgs(node any, found *[][]string) {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			if list, ok := value.([]any); ok && key == "args" {
				var args []string
				for _, arg := range list {
					args = append(args, arg.(string))
				}
				*found = append(*found, args)
				continue
			}
			collectArgs(value, found)
		}
	case []any:
		for _, value := range node {
			collectArgs(value, found)
		}
	}
}
