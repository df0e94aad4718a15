package span

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// checked walks a text with Checkers alone.
func checked(text []byte) bool {
	top := Trim(text)
	n, ok := checkedTail(top, 0)
	return ok && n == len(top)
}

func checkedTail(tail []byte, depth int) (int, bool) {
	var c Checker
	switch {
	case len(tail) > 0 && tail[0] == '{':
		c = CheckMembers(tail, depth+1)
	case len(tail) > 0 && tail[0] == '[':
		c = CheckElements(tail, depth+1)
	default:
		end := checkValue(tail, 0, depth)
		return max(end, 0), end > 0
	}
	for i := 0; c.Next(); i++ {
		if i%2 == 0 {
			c.Take()
		} else {
			c.Advance(checkedTail(c.Tail(), depth+1))
		}
	}
	return c.End()
}

// whole are texts of every kind of value, and some that are no JSON.
func whole() []string {
	return []string{
		`{"a":[1,-0.5e+7,{"b":"\"\\\/\b\f\n\r\t\u00e9\ud800 12345678"}],"cdefghij":true,"":null,"d":false}`,
		` [ [ ] , { } , "é` + "\xff" + `" , 0 , 10 , 1e5 , 1E-5 , 0.0 ] `,
		`"` + strings.Repeat("x", 20) + `"`, `1`, `-`, `01`, `1.`, `.5`, `+1`, `1e`, `tru`, `nul`, `{"a" 1}`, `{1:2}`, `[1 2]`, `[1,]`, `{"a":1,}`, `[,1]`,
		`"\u12g4"`, `"\x"`, `"` + "\x1f" + `"`, `"` + "\x7f" + `"`, "\ufeff1", `{"a":1}}`, `1 2`, "", " ", "[1\v]", "[1\f]",
	}
}

// texts are JSON and nearly JSON: every byte of some texts left out, doubled and replaced by others.
func texts() []string {
	out := whole()
	for _, text := range whole() {
		for i := range len(text) {
			out = append(out, text[:i], text[:i]+text[i+1:], text[:i]+text[i:i+1]+text[i:])
			for _, c := range "\"\\{}[],:0-.eE \n\x00\x1fu" {
				out = append(out, text[:i]+string(c)+text[i+1:])
			}
		}
	}
	return out
}

func TestCheckerAcceptsWhatTheLibraryAccepts(t *testing.T) {
	for _, text := range texts() {
		require.Equal(t, Validate([]byte(text)) == nil, checked([]byte(text)), "%q", text)
	}
}

func TestCheckerBoundsTheDepthAsTheLibraryDoes(t *testing.T) {
	for _, pair := range []string{"[]", `{"a":}`} {
		for depth := maxDepth - 1; depth <= maxDepth+1; depth++ {
			open, closing := pair[:len(pair)-1], pair[len(pair)-1:]
			inner := "1"
			text := []byte(strings.Repeat(open, depth) + inner + strings.Repeat(closing, depth))
			require.Equal(t, Validate(text) == nil, checked(text), "%s %d deep", pair, depth)
			require.Equal(t, depth <= maxDepth, checked(text))
		}
	}
}

func FuzzChecker(f *testing.F) {
	for _, text := range whole() {
		f.Add([]byte(text))
	}
	if page, err := os.ReadFile("../testdata/page.json"); err == nil {
		f.Add(page)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		require.Equal(t, Validate(text) == nil, checked(text))
	})
}
