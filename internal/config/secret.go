package config

import (
	"fmt"
	"io"
	"log/slog"
)

const hidden = "***"

// Secret is a value that is never shown: formatted, logged or marshalled in any way, it is "***". Only Reveal gives it
// away. The zero Secret is empty.
type Secret struct {
	// Behind a pointer, because fmt reaches into unexported fields without asking their methods. It shows the address then.
	value *string
	ref   string // ${NAME}, where the secret came from the environment
}

// NewSecret hides a value.
func NewSecret(value string) Secret { return Secret{value: &value} }

// Reveal returns the value itself, "" for the zero Secret. Its callers are the ones that must see it: requests and HMACs.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero says that there is no value.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Equal compares the values.
func (s Secret) Equal(o Secret) bool { return s.Reveal() == o.Reveal() }

// String hides the value.
func (Secret) String() string { return hidden }

// GoString hides the value.
func (Secret) GoString() string { return hidden }

// Format hides the value, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText hides the value.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON hides the value.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// LogValue hides the value.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
