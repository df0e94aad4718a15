package apply

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/config"
	"logferry/transform"
)

// config refuses declared columns with a built-in name, but may not import transform: this holds the two together.
func TestEveryBuiltInColumnIsReserved(t *testing.T) {
	f, err := transform.New(transform.Options{Raw: true, Project: true})
	require.NoError(t, err)
	reserved := map[string]bool{}
	for _, name := range config.ReservedColumns() {
		reserved[strings.ToLower(name)] = true
	}
	for _, c := range f.Schema().Columns {
		require.True(t, reserved[c.Name], "%s is no reserved name in config", c.Name)
	}
}
