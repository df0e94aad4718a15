package state

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Format is the version of the format of all objects that this program writes, and the newest that it reads. Any
// difference in what a reader must know raises it: readers reject members that they don't know.
const Format = 1

// versioned puts the format version before everything else.
type versioned[T any] struct {
	Format int `json:"format"`
	Body   T   `json:",embed"`
}

// encode returns the object's text, with a newline at its end. Equal values have equal texts.
func encode[T any](body T) ([]byte, error) {
	var text bytes.Buffer
	err := json.MarshalWrite(&text, versioned[T]{Format: Format, Body: body}, json.Deterministic(true))
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
	if err == nil && object.Format == Format {
		return &object.Body, nil
	}
	var version struct {
		Format int `json:"format"`
	}
	switch versionErr := json.Unmarshal(text, &version); {
	case versionErr == nil && version.Format > Format:
		return nil, unusable(key, Newer, "it was written by a newer logferry: format %d, and this one reads up to %d", version.Format, Format)
	case err == nil:
		return nil, unusable(key, Malformed, "it has the format version %d, which never was", object.Format)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return nil, unusable(key, Malformed, "it is cut short: %d bytes", len(text))
	}
	return nil, unusable(key, Malformed, "it is not of format %d: %s", Format, mistake(err))
}

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
