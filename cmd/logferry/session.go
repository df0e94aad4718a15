package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/plan"
	"logferry/internal/state"
)

// openWith loads the pipeline file and opens the pipeline, with options that say who is told of what goes on. The caller closes the session.
func (a *app) openWith(ctx context.Context, o apply.Options) (*apply.Session, error) {
	now := time.Now()
	p, err := a.load(config.Options{Now: now})
	if err != nil {
		return nil, err
	}
	apply.LimitMemory(p)
	o.Now, o.Version, o.Logger = now, version, a.logger()
	return apply.Open(ctx, p, o)
}

// with opens the pipeline for do.
func (a *app) with(ctx context.Context, do func(*apply.Session) error) error {
	return a.withOptions(ctx, apply.Options{}, do)
}

// withOptions is with for a command that has some of its own.
func (a *app) withOptions(ctx context.Context, o apply.Options, do func(*apply.Session) error) error {
	o.Events = newRetries(a)
	s, err := a.openWith(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	return do(s)
}

// locked opens the pipeline and gets the state's lock for do.
func (a *app) locked(ctx context.Context, operation string, do func(context.Context, *apply.Session) error) error {
	return a.with(ctx, func(s *apply.Session) error {
		ctx, unlock, err := a.lock(ctx, s, operation)
		if err != nil {
			return err
		}
		defer unlock()
		return do(ctx, s)
	})
}

// lock gets the state's lock, saying whom it waits for.
func (a *app) lock(ctx context.Context, s *apply.Session, operation string) (context.Context, func(), error) {
	return s.Lock(ctx, operation, func(l state.LockInfo) {
		fmt.Fprintf(a.stderr, "Waiting for the lock of %s.\n", l)
	})
}

// confirm asks on a terminal. Where there is none, it takes what must for the answer: a command that needs an answer is refused
// without the flag that gives it.
func (a *app) confirm(ctx context.Context, question string, must bool) error {
	if !terminal(a.stdin) {
		if must {
			return errors.New("this needs a confirmation, and there is no terminal to ask on: add --auto-approve")
		}
		return nil
	}
	fmt.Fprintf(a.stderr, "\n%s\n  Only 'yes' is taken for yes: ", a.color(a.stderr, bold, question))
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.stdin).ReadString('\n')
		answer <- strings.TrimSpace(line)
	}()
	select {
	case text := <-answer:
		if text != "yes" {
			return errNotConfirmed
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

var errNotConfirmed = errors.New("not confirmed: nothing was changed")

// againstFlag adds --against to a command that writes.
func againstFlag(cmd *cobra.Command, against *[]string) {
	cmd.Flags().StringArrayVar(against, "against", nil, "build only on a history that has this head: `ANCHOR` is SERIAL:HASH, a hash, or a file with one a line; may be repeated")
}

// targetFlags adds --target to a command.
func targetFlags(cmd *cobra.Command, targets *[]string) {
	cmd.Flags().StringArrayVar(targets, "target", nil, "only this `partition`, those below it (dt=2026-04-17), or a project's (prod, prod/dt=2026-04-17); may be repeated")
}

func asTargets(texts []string) []plan.Target {
	out := make([]plan.Target, len(texts))
	for i, t := range texts {
		out[i] = plan.Target(t)
	}
	return out
}
