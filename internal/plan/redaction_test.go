package plan

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/config"
	"logferry/internal/state"
)

// redacting is a pipeline with rules whose hashes have a key.
func redacting(t *testing.T, rules, key string) *config.Pipeline {
	t.Helper()
	text := fmt.Sprintf(`version: 1
name: nightly
source: {api_key: "${KEY}"}
range: {from: 2026-04-17, to: 2026-04-18}
transform: {%s}
sinks: [{name: lake, url: "file://./lake"}]
`, rules)
	p, err := config.Parse("pipeline.yaml", []byte(text), config.Options{Now: now, Env: func(string) (string, bool) { return key, true }})
	require.NoError(t, err)
	return p
}

const (
	hashRule  = `redact: [{path: $.a, action: drop}, {path: $.b, action: hash, key: "${KEY}"}]`
	firstKey  = "0123456789abcdef"
	secondKey = "fedcba9876543210"
)

func TestAPlanTellsTheRulesInForceAndNoKey(t *testing.T) {
	pl, err := Build(input(t, redacting(t, "redact_secrets: true, "+hashRule, firstKey), stateOf(t, nil), nil))
	require.NoError(t, err)
	require.Equal(t, Redaction{Rules: []RedactionRule{{"$.a", config.RedactDrop}, {"$.b", config.RedactHash}}, Secrets: true}, pl.Redaction)
	text, err := json.Marshal(pl)
	require.NoError(t, err)
	require.Contains(t, string(text), `"redaction":{"rules":[{"path":"$.a","action":"drop"},{"path":"$.b","action":"hash"}],"secrets":true}`)
	require.NotContains(t, string(text), firstKey)

	encoded, err := pl.Encode()
	require.NoError(t, err)
	again, err := Decode(encoded)
	require.NoError(t, err)
	require.Equal(t, pl.Redaction, again.Redaction)
}

func TestPartitionsOfOtherRulesAreFetchedAnew(t *testing.T) {
	was := redacting(t, hashRule, firstKey)
	for what, c := range map[string]struct {
		is   *config.Pipeline
		keys []string
	}{
		"the same rules":      {redacting(t, hashRule, firstKey), nil},
		"another key":         {redacting(t, hashRule, secondKey), []string{"transform.redact"}},
		"no rules":            {redacting(t, "", firstKey), []string{"transform.redact"}},
		"secrets besides":     {redacting(t, "redact_secrets: true, "+hashRule, firstKey), []string{"transform.redact_secrets"}},
		"another action":      {redacting(t, `redact: [{path: $.a, action: mask}, {path: $.b, action: hash, key: "${KEY}"}]`, firstKey), []string{"transform.redact"}},
		"rules where were no": {redacting(t, `redact: [{path: $.a, action: drop}]`, firstKey), []string{"transform.redact"}},
	} {
		e := held(17, now)
		pl, err := Build(input(t, c.is, stateOf(t, state.Shape(was.Shape()), e), stored(e)))
		require.NoError(t, err, what)
		if c.keys == nil {
			require.Empty(t, pl.Steps, what)
			continue
		}
		require.Len(t, pl.Steps, 1, what)
		require.Equal(t, Replace, pl.Steps[0].Action, what)
		require.Equal(t, c.keys, pl.Steps[0].ChangedKeys, what)
		require.Empty(t, pl.Steps[0].Base, "%s: rows were kept", what)
		require.Equal(t, []string{"the configuration changed: " + c.keys[0]}, pl.Steps[0].Reasons, what)
	}
}
