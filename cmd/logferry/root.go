package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"logferry/internal/config"
)

// app is what every command shares: the streams and the common flags.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	logs           io.Writer // where log lines go; nil is stderr

	file      string
	json      bool
	noColor   bool
	logLevel  string
	logFormat string
	jsonLogs  atomic.Bool // logFormat is JSON: known once the command line was read, and asked for by whoever hears signals
}

func newRoot(a *app) *cobra.Command {
	root := asGroup(&cobra.Command{
		Use:   "logferry",
		Short: "Bring the tool-execution logs of your AI agents into your own lake",
		Long: `logferry exports the tool-execution logs of Composio's Logs API into partitioned Parquet or NDJSON,
in a local folder or a bucket of S3, Google Cloud Storage or Azure. pipeline.yaml declares what the lake must hold.

Results go to stdout; progress, logs and errors to stderr. Exit codes: 0 done, 1 error, 2 plan --detailed-exitcode found
changes, 130 interrupted.

Environment: COMPOSIO_API_KEY is the key where the pipeline file names none, NO_COLOR turns colours off, and the OTEL_
variables of OpenTelemetry turn telemetry on.`,
		Example: `  logferry init                        # write a commented pipeline.yaml
  logferry validate                    # check it
  logferry plan                        # what is missing, and what it will cost
  logferry apply                       # make it so
  logferry verify --deep               # prove it
  logferry logs list --since 1h --filter 'status==failed'`,
		Version:           version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if _, err := a.level(); err != nil {
				return err
			}
			if err := a.checkLogFormat(); err != nil {
				return err
			}
			a.jsonLogs.Store(a.logFormat == logJSON)
			return nil
		},
	})
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{err: err, command: cmd.CommandPath()}
	})
	flags := root.PersistentFlags()
	flags.StringVarP(&a.file, "file", "f", "pipeline.yaml", "the pipeline `file`")
	flags.BoolVar(&a.json, "json", false, "machine output on stdout, one JSON object a line")
	flags.BoolVar(&a.noColor, "no-color", false, "no colours, also on a terminal (as the variable NO_COLOR)")
	flags.StringVar(&a.logLevel, "log-level", "info", "least `level` of log lines: debug, info, warn, error")
	flags.StringVar(&a.logFormat, "log-format", logText, "`format` of log lines: text, json")
	root.AddCommand(
		newInit(a), newValidate(a), newPlan(a), newApply(a), newShow(a), newState(a), newVerify(a), newProve(a), newKeygen(a), newDestroy(a), newErase(a), newForceUnlock(a),
		newLogs(a), newSchema(a), newVersion(a),
	)
	return root
}

// load reads the pipeline file and prints its warnings.
func (a *app) load(o config.Options) (*config.Pipeline, error) {
	p, err := config.Load(a.file, o)
	if err != nil {
		return nil, err
	}
	for _, w := range p.Warnings() {
		fmt.Fprintln(a.stderr, w)
	}
	return p, nil
}

func (a *app) level() (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(a.logLevel)); err != nil {
		return 0, &usageError{err: fmt.Errorf("--log-level %q: want debug, info, warn or error", a.logLevel), command: "logferry"}
	}
	return l, nil
}

func (a *app) logger() *slog.Logger {
	l, _ := a.level() // checked before every command
	o := &slog.HandlerOptions{Level: l}
	w := a.stderr
	if a.logs != nil {
		w = a.logs
	}
	if a.logFormat == logJSON {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// The formats of log lines. Their keys are the same in both, and listed in docs/OPERATIONS.md.
const (
	logText = "text"
	logJSON = "json"
)

func (a *app) checkLogFormat() error {
	if a.logFormat != logText && a.logFormat != logJSON {
		return &usageError{err: fmt.Errorf("--log-format %q: want text or json", a.logFormat), command: "logferry"}
	}
	return nil
}

// terminal says whether a stream is one.
func terminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth is how many columns the stream shows, 0 where it is no terminal.
func terminalWidth(w any) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// color wraps text in an ANSI colour where w is a terminal that wants it.
func (a *app) color(w io.Writer, code, text string) string {
	if a.noColor || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" || !terminal(w) {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	dim    = "2"
	bold   = "1"
)

// printable escapes the control characters of a foreign text, so that a log message can't drive the terminal.
func printable(s string) string {
	if !strings.ContainsFunc(s, hazardous) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hazardous(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hazardous says whether a terminal may take the character for a command: C0, C1, bidirectional overrides, line separators.
func hazardous(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029
}
