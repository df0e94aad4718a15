package bucket

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxKeyBytes is the longest key, prefix included, that S3 and Google Cloud Storage accept. Azure counts 1,024
// characters.
const maxKeyBytes = 1024

// ValidKey says what is wrong with a key: it must be 1 to 1,024 bytes of UTF-8 without control characters or
// backslashes, and its slash-separated segments must be neither empty nor "." nor "..", so that it stays below the
// bucket's URL in every kind of store.
func ValidKey(key string) error {
	switch {
	case key == "":
		return errors.New("the key is empty")
	case len(key) > maxKeyBytes:
		return fmt.Errorf("the key has %d bytes, more than %d", len(key), maxKeyBytes)
	case !utf8.ValidString(key):
		return errors.New("the key is not UTF-8")
	case strings.ContainsFunc(key, unicode.IsControl):
		return errors.New("the key has a control character")
	case strings.Contains(key, `\`):
		return errors.New("the key has a backslash")
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch segment {
		case "":
			return errors.New("the key has an empty segment")
		case ".", "..":
			return fmt.Errorf("the key has a segment %q", segment)
		}
	}
	return nil
}

func checkKey(op, key string) error {
	if err := ValidKey(key); err != nil {
		return &Error{Op: op, Key: key, Reason: BadKey, Err: err}
	}
	return nil
}

// checkPrefix accepts the empty prefix and everything that a valid key can start with.
func checkPrefix(op, prefix string) error {
	if prefix == "" {
		return nil
	}
	if err := ValidKey(strings.TrimSuffix(prefix, "/")); err != nil {
		return &Error{Op: op, Key: prefix, Reason: BadKey, Err: err}
	}
	return nil
}
