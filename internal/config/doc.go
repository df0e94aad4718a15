// Package config reads pipeline.yaml: it decodes strictly, fills in the defaults, validates, and knows of every value
// where it came from.
//
// All mistakes of a file are reported together, as Diagnostics. Values of the environment are put into scalar values
// after the YAML was parsed, so that they can't change its structure; they and secrets are never part of a message.
//
// A Pipeline is not changed after it was made and may be shared between goroutines.
package config
