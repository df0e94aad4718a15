package verify

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/state"
)

func hashOf(digit string) string { return strings.Repeat(digit, 64) }

func TestAnchorsAreReadAsTheyAreWrittenDown(t *testing.T) {
	for text, want := range map[string]Anchor{
		hashOf("a"):          {Hash: hashOf("a")},
		hashOf("A"):          {Hash: hashOf("a")},
		"19:" + hashOf("0"):  {Serial: 19, Hash: hashOf("0")},
		"001:" + hashOf("f"): {Serial: 1, Hash: hashOf("f")},
	} {
		got, err := ParseAnchor(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
		again, err := ParseAnchor(got.String())
		require.NoError(t, err)
		require.Equal(t, got, again)
	}
	for _, text := range []string{"", "19", "19:", "0:" + hashOf("a"), "-1:" + hashOf("a"), hashOf("g"), hashOf("a") + "a", "x:" + hashOf("a"), ":" + hashOf("a")} {
		_, err := ParseAnchor(text)
		require.ErrorIs(t, err, ErrAnchor, text)
	}
}

func TestAFileOfAnchorsMayHoldComments(t *testing.T) {
	got, err := ParseAnchors([]byte("# heads\n\n2:" + hashOf("a") + "\n  3:" + hashOf("b") + "  2026-04-18 nightly\n" + hashOf("c")))
	require.NoError(t, err)
	require.Equal(t, []Anchor{{2, hashOf("a")}, {3, hashOf("b")}, {0, hashOf("c")}}, got)
	_, err = ParseAnchors([]byte("2:" + hashOf("a") + "\nnonsense\n"))
	require.ErrorIs(t, err, ErrAnchor)
	require.ErrorContains(t, err, "line 2")
	for _, text := range []string{"", "# nothing\n"} {
		_, err = ParseAnchors([]byte(text))
		require.ErrorIs(t, err, ErrAnchor, "a file without an anchor proves nothing")
	}
}

func TestAHistoryIsReadNoFurtherThanToTheOldestOfWhatWasWrittenDown(t *testing.T) {
	at := func(serial int64, digit string) Anchor { return Anchor{Serial: serial, Hash: hashOf(digit)} }
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		anchors []Anchor
		read    int // commits, of four
		problem string
	}{
		"the newest":               {[]Anchor{at(4, "d")}, 1, ""},
		"an earlier one":           {[]Anchor{at(3, "c")}, 2, ""},
		"a file of them":           {[]Anchor{at(2, "b"), at(3, "c")}, 3, ""},
		"an old one that is not":   {[]Anchor{at(2, "f"), at(4, "d")}, 3, "rewritten: commit 2"},
		"a hash":                   {[]Anchor{at(0, "b")}, 3, ""},
		"a hash beside a serial":   {[]Anchor{at(4, "d"), at(0, "b")}, 3, ""},
		"a later one":              {[]Anchor{at(5, "e")}, 1, "rolled back: the history ends with commit 4, and commit 5"},
		"another one":              {[]Anchor{at(3, "f"), at(2, "b")}, 3, "forked: commit 3"},
		"two of one serial":        {[]Anchor{at(3, "c"), at(3, "f")}, 2, "forked: commit 3"},
		"a hash of no commit":      {[]Anchor{at(0, "f")}, 4, "no commit of the history has"},
		"a history that is broken": {[]Anchor{at(1, "a")}, 5, broken.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			read := 0
			err := Against(func(yield func(*state.Commit, error) bool) {
				for i, digit := range []string{"d", "c", "b", "a"} {
					if read++; c.read == 5 && i == 3 {
						read++
						yield(nil, broken)
						return
					}
					if !yield(&state.Commit{Serial: int64(4 - i), Hash: hashOf(digit)}, nil) {
						return
					}
				}
			}, c.anchors)
			require.Equal(t, c.read, read)
			var other *HistoryError
			switch {
			case c.problem == "":
				require.NoError(t, err)
			case c.read == 5:
				require.ErrorIs(t, err, broken)
			default:
				require.ErrorAs(t, err, &other)
				require.Contains(t, err.Error(), c.problem)
			}
		})
	}
	var gone *HistoryError
	require.ErrorAs(t, Against(func(func(*state.Commit, error) bool) {}, []Anchor{at(2, "b")}), &gone)
	require.Contains(t, gone.Error(), "there is no commit any more")
}

// walk meets commits of the hashes, the first one being commit 1, from the newest down to the last one that is reached.
func walk(anchors []Anchor, reached int, hashes ...string) *anchored {
	a := newAnchored(anchors)
	for i := len(hashes); i >= reached; i-- {
		a.meet(&state.Commit{Serial: int64(i), Hash: hashOf(hashes[i-1])})
	}
	return a
}

func TestEachWayOfNotBeingTheHistoryOfThenHasItsWords(t *testing.T) {
	at := func(serial int64, digit string) Anchor { return Anchor{Serial: serial, Hash: hashOf(digit)} }
	for want, c := range map[string]struct {
		anchor  Anchor
		before  int64
		reached int
	}{
		"": {at(2, "b"), 0, 1},
		"rolled back: the history ends with commit 4, and commit 5": {at(5, "e"), 0, 1},
		"forked: commit 3":                      {at(3, "f"), 2, 1},
		"rewritten: commit 3":                   {at(3, "f"), 0, 1},
		"no commit of the history has":          {at(0, "f"), 0, 1},
		"commit 2 was written down as commit 3": {at(3, "b"), 0, 1},
		"broken before it reaches":              {at(2, "b"), 0, 3},
		"broken before it reaches what was":     {at(0, "b"), 0, 3},
	} {
		problem := walk([]Anchor{c.anchor}, c.reached, "a", "b", "c", "d").problem(c.anchor, c.before)
		require.Contains(t, problem, want)
		require.Equal(t, want == "", problem == "", problem)
	}
}
