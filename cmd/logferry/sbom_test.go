package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// permissive are the licences that dependencies may have, by their SPDX names; BSD-Source-Code is what the tool takes Go's own
// licence (BSD-3-Clause) for.
var permissive = []string{"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "BSD-Source-Code", "ISC", "Unlicense", "0BSD"}

// TestTheBillOfMaterialsListsWhatTheProgramIsLinkedFrom: `make sbom` writes it anew.
func TestTheBillOfMaterialsListsWhatTheProgramIsLinkedFrom(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "sbom.cdx.json"))
	require.NoError(t, err)
	var bill struct {
		Components []struct {
			Name     string `json:"name"`
			Version  string `json:"version"`
			Hashes   []any  `json:"hashes"`
			Evidence struct {
				Licenses []struct {
					License struct {
						ID string `json:"id"`
					} `json:"license"`
				} `json:"licenses"`
			} `json:"evidence"`
		} `json:"components"`
	}
	require.NoError(t, json.Unmarshal(text, &bill))
	var listed []string
	for _, c := range bill.Components {
		if c.Name == "std" {
			continue
		}
		listed = append(listed, c.Name+"@"+c.Version)
		require.NotEmpty(t, c.Hashes, c.Name)
		require.NotEmpty(t, c.Evidence.Licenses, "%s has a licence", c.Name)
		for _, l := range c.Evidence.Licenses {
			require.Contains(t, permissive, l.License.ID, c.Name)
		}
	}
	require.ElementsMatch(t, linked(t), listed, "make sbom")
}

// linked are the modules of the program as it is released: for Linux, without cgo.
func linked(t *testing.T) []string {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if .Version}}{{.Path}}@{{.Version}}{{end}}{{end}}", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	out, err := cmd.Output()
	require.NoError(t, err)
	found := strings.Fields(string(out))
	slices.Sort(found)
	return slices.Compact(found)
}
