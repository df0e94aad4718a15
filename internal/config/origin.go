package config

import (
	"fmt"
	"strings"
)

// OriginKind is the kind of place that a value came from.
type OriginKind uint8

// The kinds of Origin.
const (
	FromDefault     OriginKind = iota // nobody set it
	FromFile                          // written in the file
	FromEnvironment                   // from environment variables, named in the file or looked up without being asked
)

// Origin says where a value came from.
type Origin struct {
	Kind      OriginKind
	File      string   // with FromFile and FromEnvironment
	Line      int      // of the key, from 1; 0 where no line of the file asked for it
	Column    int      // of the key, from 1
	Variables []string // with FromEnvironment: the variables, set or not, in the order of their use
}

// String is "default", "pipeline.yaml:7" or "environment variable NAME (pipeline.yaml:7)".
func (o Origin) String() string {
	place := o.File
	if o.Line > 0 {
		place = fmt.Sprintf("%s:%d", o.File, o.Line)
	}
	switch {
	case o.Kind == FromDefault:
		return "default"
	case o.Kind == FromFile:
		return place
	case o.Line == 0:
		return "environment variable " + strings.Join(o.Variables, ", ")
	}
	return fmt.Sprintf("environment variable %s (%s)", strings.Join(o.Variables, ", "), place)
}

// Origin says where the value at the key came from. Keys are written as in a Diagnostic: extract.rate.limit,
// sinks[0].url. A key that the file does not have, and a key that does not exist, is a default.
func (p *Pipeline) Origin(key string) Origin { return p.origins[key] }
