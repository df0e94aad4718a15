package state

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An object has the oldest format that has all of its members: this one, unless it says otherwise. Any difference in what a
// reader must know raises the format, as readers reject members that they don't know.
const firstFormat = 1

// grown is an object of which there are several formats.
type grown interface {
	format() int       // the oldest that has all its members
	newestFormat() int // that this program knows
}

// versioned puts the format version before everything else.
type versioned[T any] struct {
	Format int `json:"format"`
	Body   T   `json:",embed"`
}

// encode returns the object's text, with a newline at its end. Equal values have equal texts.
func encode[T any](body T) ([]byte, error) {
	var text bytes.Buffer
	format := firstFormat
	if g, ok := any(body).(grown); ok {
		format = g.format()
	}
	err := json.MarshalWrite(&text, versioned[T]{Format: format, Body: body}, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode state object: %w", err)
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}

// decode is the inverse of encode for the object under key. Its errors are of type *UnusableError.
func decode[T any](key string, text []byte) (*T, error) {
	if !bytes.HasSuffix(text, []byte{'\n'}) {
		return nil, unusable(key, Malformed, "it is cut short: %d bytes without a newline at their end", len(text))
	}
	var object versioned[T]
	err := json.Unmarshal(text, &object, json.RejectUnknownMembers(true))
	least, known := firstFormat, firstFormat
	if g, ok := any(&object.Body).(grown); ok {
		least, known = g.format(), g.newestFormat()
	}
	if err == nil && object.Format >= least && object.Format <= known {
		return &object.Body, nil
	}
	var version struct {
		Format int `json:"format"`
	}
	switch versionErr := json.Unmarshal(text, &version); {
	case versionErr == nil && version.Format > known:
		return nil, unusable(key, Newer, "it was written by a newer logferry: format %d, and this one reads up to %d", version.Format, known)
	case err == nil && object.Format >= firstFormat:
		return nil, unusable(key, Malformed, "it has members that its format %d does not have", object.Format)
	case err == nil:
		return nil, unusable(key, Malformed, "it has the format version %d, which never was", object.Format)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return nil, unusable(key, Malformed, "it is cut short: %d bytes", len(text))
	}
	return nil, unusable(key, Malformed, "it is not of format %d: %s", max(version.Format, firstFormat), mistake(err))
}

// ParseManifest reads the text of a manifest. Its error is an *UnusableError where it is none, or of a newer format.
func ParseManifest(content []byte) (*Manifest, error) { return decode[Manifest]("manifest", content) }

// ParseCommit reads the text of a commit, without looking at what it names. Its error is an *UnusableError where it is none, or of a newer
// format.
func ParseCommit(content []byte) (*Commit, error) { return decode[Commit]("commit", content) }

// mistake is the text of a decoder's error without the names of Go types.
func mistake(err error) string {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		text := fmt.Sprintf("at %q", string(semantic.JSONPointer))
		if errors.Is(err, json.ErrUnknownName) {
			return text + ": a member that this format does not have"
		}
		return text + ": a value of the wrong type"
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return fmt.Sprintf("no JSON from byte %d on", syntactic.ByteOffset)
	}
	return err.Error()
}
