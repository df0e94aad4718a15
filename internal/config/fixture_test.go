package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// marker is part of every secret of these tests and of nothing else.
const marker = "S3CRET"

var clock = time.Date(2026, 11, 23, 2, 30, 0, 123456789, time.UTC)

// signingSeed is the seed of an Ed25519 key in base64. It has the marker, in base64 S3CR is three bytes.
const signingSeed = marker + "S3CRETS3CRETS3CRETS3CRETS3CRETS3CRETS="

var variables = map[string]string{
	"COOKIE":      "session=" + marker + "-cookie",
	"PROD_KEY":    " " + marker + "-prod\n",
	"STAGING_KEY": marker + "-staging",
	"HASH_KEY":    marker + "-hash-0123456789",
	"SHORT_KEY":   marker + "-12345678",
	"SIGNING_KEY": signingSeed,
	"MISPLACED":   marker + "-misplaced",
	"EMPTY":       "",
	"TWO_LINES":   marker + "-1\n" + marker + "-2",
	"NOT_UTF8":    "\xff",
	"HOST":        "logs.example.com",
	"WORKERS":     "7",
	"YES":         "true",
	"NESTED":      "${HOST}",
}

var files = map[string]string{
	"keys/good":      "  " + marker + "-file\n",
	"keys/empty":     "\n",
	"keys/hash":      marker + "-file-0123456789\n",
	"keys/short":     marker + "-12345678\n",
	"keys/signing":   signingSeed + "\n",
	"keys/two_lines": marker + "-1\n" + marker + "-2\n",
	"/keys/absolute": marker + "-absolute",
}

// fixed are options without any part of the machine that the test runs on. COMPOSIO_API_KEY is set only by withKey.
func fixed() Options {
	return Options{
		Now: clock,
		Env: func(name string) (string, bool) {
			v, set := variables[name]
			return v, set
		},
		ReadFile: func(path string) ([]byte, error) {
			switch path = filepath.ToSlash(path); path {
			case "keys/forbidden":
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
			case "keys/folder":
				return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("is a directory")}
			}
			content, there := files[path]
			if !there {
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			}
			return []byte(content), nil
		},
	}
}

func withKey() Options {
	o := fixed()
	env := o.Env
	o.Env = func(name string) (string, bool) {
		if name == DefaultKeyVariable {
			return marker + "-default", true
		}
		return env(name)
	}
	return o
}

// pipelineWith is a sound pipeline whose sections are given; "" leaves the least that is needed.
func pipelineWith(source, span, sinks, rest string) string {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	return "version: 1\nname: nightly\nsource:\n" + or(source, "  {}") + "\nrange:\n" + or(span, "  {from: 2026-10-01}") +
		"\nsinks:\n" + or(sinks, `  - {name: lake, url: "file://./out"}`) + "\n" + rest + "\n"
}

func sound(t testing.TB, src string) *Pipeline {
	t.Helper()
	p, err := Parse("pipeline.yaml", []byte(src), withKey())
	require.NoError(t, err, src)
	return p
}

// mistakes returns the findings about src, which must not be sound.
func mistakes(t testing.TB, src string) Diagnostics {
	t.Helper()
	_, err := Parse("pipeline.yaml", []byte(src), withKey())
	var ds Diagnostics
	require.ErrorAs(t, err, &ds, src)
	return ds
}

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}
