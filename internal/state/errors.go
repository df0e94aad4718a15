package state

import (
	"fmt"
	"time"
)

// Kind says in which way a state object can't be used.
type Kind uint8

// The kinds.
const (
	Malformed     Kind = iota // cut short, no JSON, or not what this format version says
	Newer                     // of a format version that this program does not know
	Altered                   // its bytes are not those that were written: the SHA-256 is another one
	Missing                   // it is named and not there
	BrokenChain               // it does not follow the commit before it
	OtherLineage              // it belongs to a state that began with another first commit
	OtherPipeline             // it belongs to the state of another pipeline
)

var kinds = [...]struct{ name, advice string }{
	Malformed:     {"malformed", "restore the object from a backup, or from an earlier version of it where the bucket keeps those"},
	Newer:         {"newer", "use a logferry at least as new as the one that wrote it"},
	Altered:       {"altered", "restore the object from a backup, or from an earlier version of it where the bucket keeps those"},
	Missing:       {"missing", "restore the object from a backup, or from an earlier version of it where the bucket keeps those"},
	BrokenChain:   {"broken chain", "objects below commits/ were changed by hand or copied from elsewhere: restore them as they were"},
	OtherLineage:  {"other lineage", "objects of two states were mixed: restore those of the one that the data belongs to"},
	OtherPipeline: {"other pipeline", "give each pipeline a name of its own, or a state.url of its own"},
}

func (k Kind) String() string { return kinds[k].name }

// UnusableError is a state object that is not what it must be. Nothing was changed.
type UnusableError struct {
	Key     string // in the bucket
	Kind    Kind
	Problem string
	Advice  string // what the user can do
}

func (e *UnusableError) Error() string { return fmt.Sprintf("state object %s: %s", e.Key, e.Problem) }

// Hint says what the user can do.
func (e *UnusableError) Hint() string { return e.Advice }

func unusable(key string, kind Kind, format string, args ...any) *UnusableError {
	return &UnusableError{Key: key, Kind: kind, Problem: fmt.Sprintf(format, args...), Advice: kinds[kind].advice}
}

// ConflictError says that another run wrote the commit with this serial first. Ours was not written.
type ConflictError struct {
	Key    string // in the bucket
	Serial int64
	By     string    // who wrote it, as far as it can be read
	At     time.Time // when, by the writer's clock
}

func (e *ConflictError) Error() string {
	text := fmt.Sprintf("commit %d was written by another run", e.Serial)
	if e.By != "" {
		text += fmt.Sprintf(" (%s, %s)", e.By, e.At.UTC().Format(time.RFC3339))
	}
	return text
}

// Hint says what the user can do.
func (e *ConflictError) Hint() string {
	return "run plan and apply again: they begin from what the other run has done"
}

// ConditionError says that the bucket does not keep two runs apart: it does not honour requests to create an object only
// where there is none.
type ConditionError struct {
	Key string // the object that was tried
	Err error  // what the bucket answered; nil where it replaced the object without a word
}

func (e *ConditionError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("the bucket refuses conditional writes (If-None-Match), which keep two runs apart: %v", e.Err)
	}
	return "the bucket ignores conditional writes (If-None-Match): it replaced an object that was to be created only if absent, so that two runs could undo each other's commits"
}

// Unwrap returns what the bucket answered.
func (e *ConditionError) Unwrap() error { return e.Err }

// Hint says what the user can do.
func (e *ConditionError) Hint() string {
	return "keep the state elsewhere: name a local folder or a store with conditional writes in state.url"
}

// NotStoredError says that a bucket has confirmed an object of the chain and does not hold it as it was sent.
type NotStoredError struct{ Key string }

func (e *NotStoredError) Error() string {
	return "the bucket confirmed " + e.Key + ", and what is there is not what was sent"
}

// Hint says what the user can do.
func (e *NotStoredError) Hint() string {
	return "find out what lies between logferry and the bucket, remove the object if it is there and can be removed, and run again: nothing was lost"
}
