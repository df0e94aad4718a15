package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
)

// screen collects what a program writes to a terminal, until that is closed.
func screen(program, person io.ReadWriteCloser) (text func() string) {
	var all bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(&all, person) // ends with an error once the program's side is closed
	}()
	return func() string {
		_ = program.Close()
		<-done
		return all.String()
	}
}

// TestLinesAreLeftAboveBarsThatAreDrawn: log lines and notices of retries that come while bars are drawn, from many sides at once,
// hold up neither the drawing nor one another.
func TestLinesAreLeftAboveBarsThatAreDrawn(t *testing.T) {
	const redraws, talkers = 4, 6
	program, person := openTerminal(t)
	text := screen(program, person)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a := &app{stderr: program, stdout: io.Discard, logLevel: "info", logFormat: logText}
		v := newTerminalView(a)
		drawn := make(chan struct{}, 1)
		v.Started(apply.Started{Partitions: 2}, func() apply.Snapshot { // called when the bars are drawn
			select {
			case drawn <- struct{}{}:
			default:
			}
			return apply.Snapshot{Declared: 2, Running: []apply.Running{{Name: "dt=2026-04-17", Phase: apply.Fetching}}}
		})
		v.StepStarted("dt=2026-04-17")
		v.StepStarted("dt=2026-04-18")
		enough, stop := context.WithCancel(ctx)
		var talking sync.WaitGroup
		for range talkers {
			talking.Go(func() {
				for enough.Err() == nil {
					v.Retrying(errors.New("refused"), time.Second)
					a.logger().Warn("a word of warning")
				}
			})
		}
		for range redraws {
			select {
			case <-drawn:
			case <-ctx.Done():
			}
		}
		stop()
		talking.Wait()
		v.StepDone(apply.StepResult{Partition: "dt=2026-04-17", Records: 1})
		v.StepDone(apply.StepResult{Partition: "dt=2026-04-18", Error: "partition dt=2026-04-18: it is broken"})
		v.Close()
		a.logger().Warn("the last word")
		_ = v.Summary(apply.NewSummary("test"), errors.New("something else"))
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		t.Fatal("the view hangs")
	}
	got := text()
	for _, want := range []string{"retry", "in 1s: refused\r\n", `msg="a word of warning"`, "dt=2026-04-17  1 record, 0 files", "partition dt=2026-04-18: it is broken\r\n", `msg="the last word"`} {
		require.Contains(t, got, want)
	}
}

// TestATerminalShowsWhatPlanningWaitsFor: in a line that goes away, and that other lines don't run into.
func TestATerminalShowsWhatPlanningWaitsFor(t *testing.T) {
	program, person := openTerminal(t)
	text := screen(program, person)
	w := &waits{a: &app{stderr: program, logLevel: "info", logFormat: logText}}
	done := w.Asking("the counts")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for shown := false; !shown; runtime.Gosched() {
		require.NoError(t, ctx.Err())
		w.mu.Lock()
		shown = w.line != ""
		w.mu.Unlock()
	}
	_, _ = w.Write([]byte("retry\n"))
	done()
	require.Equal(t, "Waiting for the counts …"+eraseLine+"retry\r\n"+"Waiting for the counts …"+eraseLine, text())
}
