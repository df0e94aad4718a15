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
		return nil, ErrAnchor
	}
	return out, nil
}

// HistoryError says that a history is not the one whose head was written down elsewhere.
type HistoryError struct{ Problem string }

func (e *HistoryError) Error() string { return e.Problem }

// Hint is what the user can do about it.
func (*HistoryError) Hint() string { return anchorAdvice }

const anchorAdvice = "restore the state from a copy that has this commit, and find out who can write to the bucket"

// Against returns a *HistoryError where a history, from its newest commit to its first, is not the one of the anchors. Of those with a
// serial only the newest are compared, so that no more is read than was committed since then: the chain ties the others to them, and Run
// compares them all.
func Against(history iter.Seq2[*state.Commit, error], anchors []Anchor) error {
	anchors = slices.Clone(anchors)
	newest := slices.MaxFunc(anchors, func(x, y Anchor) int { return cmp.Compare(x.Serial, y.Serial) }).Serial
	anchors = slices.DeleteFunc(anchors, func(a Anchor) bool { return a.Serial > 0 && a.Serial < newest })
	a := newAnchored(anchors)
	for c, err := range history {
		if err != nil {
			return err
		}
		a.meet(c)
		reached := newest == 0 || c.Serial <= newest
		if reached && !slices.ContainsFunc(anchors, func(want Anchor) bool { return want.Serial == 0 && !a.holds(want) }) {
			break
		}
	}
	for _, want := range a.anchors {
		if problem := a.problem(want, 0); problem != "" {
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

// anchors adds what the comparison has shown to the report.
func (v *verifier) anchors(a *anchored) {
	before := int64(0)
	for _, want := range a.anchors {
		problem := a.problem(want, before)
		if problem == "" {
			v.report.Anchors++
			before = max(before, a.serials[want.Hash])
			continue
		}
		key := ""
		if want.Serial > 0 {
			key = v.Store.CommitKey(want.Serial)
		}
		v.find(Finding{
			Kind: History, Key: key, Problem: problem, Advice: anchorAdvice,
		})
	}
}
