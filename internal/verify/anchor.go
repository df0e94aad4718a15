package verify

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"logferry/internal/state"
)

// Anchor is the head of a state as it was written down elsewhere.
type Anchor struct {
	Serial int64  // of the commit; 0 where only its hash was written down
	Hash   string // SHA-256, hex, of the commit
}

func (a Anchor) String() string {
	if a.Serial == 0 {
		return a.Hash
	}
	return fmt.Sprintf("%d:%s", a.Serial, a.Hash)
}

// ErrAnchor says that a text is no anchor.
var ErrAnchor = errors.New("it is no anchor: expected SERIAL:HASH as `logferry state head` prints it, or the hash alone, 64 hex digits")

// errNoAnchor is an ErrAnchor of a file.
var errNoAnchor = fmt.Errorf("there is none in it yet; %w", ErrAnchor)

// ParseAnchor reads SERIAL:HASH, or a hash alone.
func ParseAnchor(text string) (Anchor, error) {
	serial, hash, both := strings.Cut(text, ":")
	a := Anchor{Hash: strings.ToLower(hash)}
	if !both {
		a.Hash = strings.ToLower(serial)
	} else {
		var err error
		if a.Serial, err = strconv.ParseInt(serial, 10, 64); err != nil || a.Serial < 1 {
			return Anchor{}, ErrAnchor
		}
	}
	if len(a.Hash) != 64 || strings.Trim(a.Hash, "0123456789abcdef") != "" {
		return Anchor{}, ErrAnchor
	}
	return a, nil
}

// ParseAnchors reads a file of anchors, one a line, at its beginning. What follows an anchor after a space, empty lines and lines that begin
// with # are passed over.
func ParseAnchors(content []byte) ([]Anchor, error) {
	var out []Anchor
	lines := bufio.NewScanner(bytes.NewReader(content))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		a, err := ParseAnchor(fields[0])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, a)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, errNoAnchor
	}
	return out, nil
}

// HistoryError says that a history is not the one whose head was written down elsewhere.
type HistoryError struct{ Problem string }

func (e *HistoryError) Error() string { return e.Problem }

// Hint is what the user can do about it.
func (*HistoryError) Hint() string { return anchorAdvice }

const anchorAdvice = "restore the state from a copy that has this commit, and find out who can write to the bucket"

// Against returns a *HistoryError where a history, from its newest commit to its first, is not the one of the anchors. It is read down to
// the oldest of them, or to the first commit where one is a hash alone that is not met.
func Against(history iter.Seq2[*state.Commit, error], anchors []Anchor) error {
	a := newAnchored(anchors)
	for c, err := range history {
		if err != nil {
			return err
		}
		if a.meet(c); a.done() {
			break
		}
	}
	for _, problem := range a.compared() {
		if problem != "" {
			return &HistoryError{problem}
		}
	}
	return nil
}

// anchored compares a history with anchors while it is walked, from its newest commit to its first.
type anchored struct {
	anchors []Anchor
	serials map[string]int64 // of the hashes that were met
	hashes  map[int64]string // of the serials that were asked for
	newest  int64
	last    int64 // serial that was met last
}

func newAnchored(anchors []Anchor) *anchored {
	a := &anchored{anchors: slices.Clone(anchors), serials: map[string]int64{}, hashes: map[int64]string{}}
	slices.SortStableFunc(a.anchors, func(x, y Anchor) int { return cmp.Compare(x.Serial, y.Serial) })
	return a
}

func (a *anchored) meet(c *state.Commit) {
	a.newest, a.last = max(a.newest, c.Serial), c.Serial
	for _, want := range a.anchors {
		if want.Hash == c.Hash {
			a.serials[c.Hash] = c.Serial
		}
		if want.Serial == c.Serial {
			a.hashes[c.Serial] = c.Hash
		}
	}
}

// done says that commits before those that were met change nothing.
func (a *anchored) done() bool {
	return !slices.ContainsFunc(a.anchors, func(want Anchor) bool {
		return want.Serial == 0 && !a.holds(want) || a.last > want.Serial && want.Serial > 0
	})
}

// holds says whether the history up to the anchor is the one of then.
func (a *anchored) holds(want Anchor) bool {
	at, met := a.serials[want.Hash]
	return met && (want.Serial == 0 || want.Serial == at)
}

// problem says in which way the history is not the one of then, "" where it is. before is the newest anchor with a lower serial
// that holds, 0 for none.
func (a *anchored) problem(want Anchor, before int64) string {
	at, met := a.serials[want.Hash]
	switch {
	case a.holds(want):
		return ""
	case met:
		return fmt.Sprintf("commit %d was written down as commit %d: commits were put in or taken out before it", at, want.Serial)
	case a.newest == 0:
		return fmt.Sprintf("rolled back: there is no commit any more, and %s was written down", want)
	case want.Serial > a.newest:
		return fmt.Sprintf("rolled back: the history ends with commit %d, and commit %d was written down (%s)", a.newest, want.Serial, want.Hash)
	case a.last > max(want.Serial, 1):
		return fmt.Sprintf("the history is broken before it reaches what was written down (%s): nothing can be said of it", want)
	case want.Serial == 0:
		return fmt.Sprintf("no commit of the history has the hash that was written down (%s): its commit was taken out or rewritten", want.Hash)
	case before > 0:
		return fmt.Sprintf("forked: commit %d has the hash %s, and %s was written down; up to commit %d the history is the one that was written down, and after it another one was put in its place",
			want.Serial, a.hashes[want.Serial], want.Hash, before)
	}
	return fmt.Sprintf("rewritten: commit %d has the hash %s, and %s was written down; the chain is whole, and not the one of then", want.Serial, a.hashes[want.Serial], want.Hash)
}

// compared yields every anchor, the lowest serial first, with what is wrong with it, "" for nothing.
func (a *anchored) compared() iter.Seq2[Anchor, string] {
	return func(yield func(Anchor, string) bool) {
		before := int64(0)
		for _, want := range a.anchors {
			problem := a.problem(want, before)
			if problem == "" {
				before = max(before, a.serials[want.Hash])
			}
			if !yield(want, problem) {
				return
			}
		}
	}
}

// anchors adds what the comparison has shown to the report.
func (v *verifier) anchors(a *anchored) {
	v.report.AnchorsGiven = int64(len(a.anchors))
	for want, problem := range a.compared() {
		if problem == "" {
			v.report.Anchors++
			continue
		}
		key := ""
		if want.Serial > 0 {
			key = v.Store.CommitKey(want.Serial)
		}
		v.find(Finding{Kind: History, Key: key, Problem: problem, Advice: anchorAdvice})
	}
}
