package main

import (
	"fmt"
	"sync"
	"time"
)

// waits tells on stderr what planning waits for: on a terminal by a line that goes away again, elsewhere by a log line. Log lines
// of the terminal are written through it, so that they don't run into that line.
type waits struct {
	a *app

	mu   sync.Mutex
	line string // on the terminal now
}

const (
	waitUnseen   = 300 * time.Millisecond // a wait that nobody on a terminal need be told of
	waitUnlogged = 2 * time.Second
	eraseLine    = "\r\x1b[K"
)

// Asking implements apply.AskingEvents.
func (w *waits) Asking(what string) (done func()) {
	log := w.a.logger()
	live := terminalWidth(w.a.stderr) > 0
	after := waitUnlogged
	if live {
		after = waitUnseen
	}
	over := false
	timer := time.AfterFunc(after, func() {
		if !live {
			log.Info("the plan waits", "for", what)
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if !over {
			w.show("Waiting for " + what + " …")
		}
	})
	return func() {
		timer.Stop()
		w.mu.Lock()
		defer w.mu.Unlock()
		over = true
		w.show("")
	}
}

// show puts a text into the place of the line. It needs the lock.
func (w *waits) show(text string) {
	if w.line != "" {
		fmt.Fprint(w.a.stderr, eraseLine)
	}
	w.line = text
	if text != "" {
		fmt.Fprint(w.a.stderr, text)
	}
}

// Write leaves whole lines behind, above the one that goes away.
func (w *waits) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	line := w.line
	w.show("")
	n, err := w.a.stderr.Write(b)
	w.show(line)
	return n, err
}
