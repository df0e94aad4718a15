package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestExpand(t *testing.T) {
	for raw, want := range map[string]string{
		"":                         "",
		"plain":                    "plain",
		"$.data.x":                 "$.data.x",
		"cost: 5$":                 "cost: 5$",
		"$HOST":                    "$HOST",
		"${HOST}":                  "logs.example.com",
		"https://${HOST}/${YES}":   "https://logs.example.com/true",
		"${NO_SUCH:-fallback}":     "fallback",
		"${NO_SUCH:-}":             "",
		"${EMPTY:-fallback}":       "fallback",
		"${EMPTY}":                 "",
		"${NO_SUCH:-a:-b {c}":      "a:-b {c",
		"$${HOST}":                 "${HOST}",
		"$$${HOST}":                "$${HOST}",
		"$${HOST} ${HOST}":         "${HOST} logs.example.com",
		"${NESTED}":                "${HOST}",
		"${NO_SUCH:-$}${HOST}":     "$logs.example.com",
		"${NO_SUCH:-${HOST}-after": "${HOST-after",
	} {
		x, p := expand(raw, fixed().Env)
		require.Nil(t, p, raw)
		require.Equal(t, want, x.text, raw)
	}
	for _, raw := range []string{"${", "${}", "${HOST", "${1X}", "${A-B}", "${HOST:?}", "${HOST:=x}", "${ HOST }", "$${${"} {
		_, p := expand(raw, fixed().Env)
		require.NotNil(t, p, raw)
	}
	_, p := expand("${NO_SUCH}", fixed().Env)
	require.Contains(t, p.summary, "NO_SUCH")
}

func TestALiteralExpandsToItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"$", "{", "}", "${", "HOST", ":-", "é", " "})).Draw(t, "parts"), "")
		x, p := expand(literal(text), fixed().Env)
		require.Nil(t, p)
		require.Equal(t, text, x.text)
		require.Empty(t, x.variables)
	})
}

func TestTheEnvironmentCannotChangeTheStructure(t *testing.T) {
	opts := withKey()
	env := opts.Env
	opts.Env = func(name string) (string, bool) {
		if name == "EVIL" {
			return `x", operator: "!=", value: "y"}, {field: log_id == z # *a &b`, true
		}
		return env(name)
	}
	for _, filter := range []string{`user_id == ${EVIL}`, `'user_id == "${EVIL}"'`, `{field: user_id, operator: "==", value: ${EVIL}}`} {
		p, err := Parse("p", []byte(pipelineWith("  filters:\n    - "+filter, "", "", "")), opts)
		require.NoError(t, err, filter)
		value, _ := opts.Env("EVIL")
		require.Equal(t, []Filter{{"user_id", "==", value}}, p.Source.Filters)
	}
}

func TestReferencesWithinBracesNeedNoQuotes(t *testing.T) {
	p := sound(t, pipelineWith("  {base_url: https://${HOST}, filters: [user_id == ${HOST}, {field: user_id, operator: contains, value: ${NO_SUCH:-a, b}}]}", "", "", ""))
	require.Equal(t, "https://logs.example.com", p.Source.BaseURL)
	require.Equal(t, []Filter{{"user_id", "==", "logs.example.com"}, {"user_id", "contains", "a, b"}}, p.Source.Filters)
}

func TestPrivateCodePointsOfTheFileSurvive(t *testing.T) {
	p := sound(t, pipelineWith("  filters: [user_id == \ue000\ue001${HOST}\ue004]", "", "", ""))
	require.Equal(t, "\ue000\ue001logs.example.com\ue004", p.Source.Filters[0].Value)
	p = sound(t, pipelineWith(`  filters: ["user_id == \uE000\U0000e001${HOST}"]`, "", "", ""))
	require.Equal(t, "\ue000\ue001logs.example.com", p.Source.Filters[0].Value)
}

func TestPositionsCountCodePointsBehindReferences(t *testing.T) {
	ds := mistakes(t, pipelineWith("  {base_url: \"https://${HOST}/é\", detials: all}", "", "", ""))
	require.Equal(t, 4, ds[0].Line)
	require.Equal(t, 35, ds[0].Column)
}
