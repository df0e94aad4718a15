package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"logferry/internal/apply"
)

// failures tells why partitions failed, of each once: when it happens, or, where nothing comes after it, as the command's error.
type failures struct {
	tell func(text string)

	mu    sync.Mutex
	names []string
	texts []string
	held  bool // the last one is not told yet
}

// add takes the failure of a partition in.
func (f *failures) add(r apply.StepResult) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.release()
	f.names, f.texts = append(f.names, r.Name()), append(f.texts, r.Error)
	f.held = true
}

// goesOn says that the run did not end with the failure.
func (f *failures) goesOn() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.release()
}

// release tells of what was held. It needs the lock.
func (f *failures) release() {
	if f.held {
		f.tell(f.texts[len(f.texts)-1])
	}
	f.held = false
}

// end returns what is left to say of a run that ended with err.
func (f *failures) end(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && f.held && len(f.texts) == 1 && err.Error() == f.texts[0] {
		f.held = false
		return err
	}
	f.release()
	for _, text := range f.texts {
		if err != nil && strings.HasSuffix(err.Error(), text) {
			return &toldError{names: f.names, err: err}
		}
	}
	return err
}

// toldError stands for the failures of partitions that were told of.
type toldError struct {
	names []string
	err   error
}

func (e *toldError) Error() string {
	if len(e.names) == 1 {
		return fmt.Sprintf("partition %s failed, as said above", e.names[0])
	}
	return fmt.Sprintf("%d partitions failed, as said above", len(e.names))
}

func (e *toldError) Unwrap() error { return e.err }

// Hint is what the user can do about it, where that was not said yet.
func (e *toldError) Hint() string {
	var h hinted
	if errors.As(e.err, &h) && !strings.Contains(e.err.Error(), h.Hint()) {
		return h.Hint()
	}
	return ""
}
