package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheTestsThatThePagesNameExist: what a page says is shown by a test is.
func TestTheTestsThatThePagesNameExist(t *testing.T) {
	root := filepath.Join("..", "..")
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	known := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if matched, _ := filepath.Match("*_test.go", filepath.Base(path)); err != nil || !matched {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(text, -1) {
			known[string(m[1])] = true
		}
		return err
	}))
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	named := regexp.MustCompile(`\b((?:Test|Fuzz)[A-Z]\w+)(…|\*)?`) // several, by what their names begin with
	found := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range named.FindAllSubmatch(text, -1) {
			found++
			require.True(t, known[string(m[1])] || len(m[2]) > 0 && begins(known, string(m[1])), "%s names %s", filepath.Base(page), m[1])
		}
	}
	require.Greater(t, found, 80)
}

func begins(known map[string]bool, prefix string) bool {
	for name := range known {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
