// Command logferry brings the tool-execution logs of Composio's Logs API into a bucket, as partitioned Parquet or NDJSON.
package main

import (
	"context"
	"io"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the linker.
var version = "dev"

// Exit codes, the same for every command.
const (
	exitDone        = 0
	exitError       = 1
	exitChanges     = 2 // of plan --detailed-exitcode
	exitInterrupted = 130
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and returns its exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	log.SetOutput(io.Discard) // where a store's client writes what its errors say anyway
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	ctx, stop := interruptible(context.Background(), a.tellInterrupted)
	defer stop()
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return a.explain(ctx, root.ExecuteContext(ctx))
}

// tellInterrupted says that the first interrupt was heard. It is called beside everything else.
func (a *app) tellInterrupted() {
	if a.jsonLogs.Load() {
		slog.New(slog.NewJSONHandler(a.stderr, nil)).Warn("interrupted: stopping", "hint", "interrupt again to stop at once")
		return
	}
	_, _ = io.WriteString(a.stderr, "Interrupted: stopping. Interrupt again to stop at once.\n")
}

// interruptible returns a context that the first interrupt cancels, which is told. The second ends the process at once.
func interruptible(parent context.Context, tell func()) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
			tell()
			cancel()
		case <-done:
			return
		}
		select {
		case <-signals:
			os.Exit(exitInterrupted)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}
