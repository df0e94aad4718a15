package config

import (
	"bytes"
	_ "embed"
)

//go:embed template.yaml
var template []byte

// Template returns the commented pipeline.yaml that `logferry init` writes. It validates wherever COMPOSIO_API_KEY is
// set, and names every key. The slice is the caller's own.
func Template() []byte { return bytes.Clone(template) }
