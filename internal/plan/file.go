package plan

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Format is the version of saved plans that this program writes. It reads those before too.
//
//	2: estimates say what is kept
const Format = 2

// saved is a plan as it stands in a file. Its first members say what it is, so that any version can tell.
type saved struct {
	Type   string `json:"type"` // "logferry plan"
	Format int    `json:"format"`
	Plan   *Plan  `json:"plan"`
}

const savedType = "logferry plan"

// Encode writes the plan as the content of a file.
func (p *Plan) Encode() ([]byte, error) {
	b, err := json.Marshal(saved{savedType, Format, p}, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fmt.Errorf("encode the plan: %w", err)
	}
	return append(b, '\n'), nil
}

// FileError says that a file is no plan that can be used.
type FileError struct {
	Problem string
	Err     error // may be nil
}

func (e *FileError) Error() string {
	text := "the file is no usable plan: " + e.Problem
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *FileError) Unwrap() error { return e.Err }

// Hint is what the user can do about it.
func (e *FileError) Hint() string { return "make one with `logferry plan --out FILE`" }

// Decode reads the content of a file that Encode wrote. The error is a *FileError.
func Decode(b []byte) (*Plan, error) {
	var head struct {
		Type   string `json:"type"`
		Format int    `json:"format"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, &FileError{Problem: "it is not whole, or no JSON", Err: err}
	}
	switch {
	case head.Type != savedType:
		return nil, &FileError{Problem: "it holds something else"}
	case head.Format < 1:
		return nil, &FileError{Problem: "it does not say its format"}
	case head.Format > Format:
		return nil, &FileError{Problem: fmt.Sprintf("a newer logferry wrote it (format %d, this one reads up to %d)", head.Format, Format)}
	}
	var s saved
	if err := json.UnmarshalRead(bytes.NewReader(b), &s, json.RejectUnknownMembers(true)); err != nil {
		return nil, &FileError{Problem: "it was changed, or is damaged", Err: err}
	}
	if s.Plan == nil {
		return nil, &FileError{Problem: "it has no plan"}
	}
	return s.Plan, nil
}

// StaleError says that a saved plan no longer fits.
type StaleError struct {
	What    string // what has moved: pipeline, configuration, lineage, serial
	Was, Is string
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("the saved plan is stale: %s has changed from %s to %s since it was made", e.What, e.Was, e.Is)
}

// Hint is what the user can do about it.
func (e *StaleError) Hint() string { return "run `logferry plan --out` again and look at what it says" }

// Current says that the plan was made of just this pipeline, configuration and state. The error is a *StaleError.
func (p *Plan) Current(pipeline, config, lineage string, serial int64) error {
	for _, c := range []struct{ what, was, is string }{
		{"the pipeline's name", p.Pipeline, pipeline},
		{"the lineage of the state", orNone(p.Lineage), orNone(lineage)},
		{"the configuration", p.Config, config},
		{"the state's serial", fmt.Sprint(p.Serial), fmt.Sprint(serial)},
	} {
		if c.was != c.is {
			return &StaleError{c.what, short(c.was), short(c.is)}
		}
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func short(s string) string {
	if len(s) == 64 { // a hash
		return s[:12]
	}
	return s
}
