package config

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLookupsNeedOnlyTheEnvironment(t *testing.T) {
	p, err := ForLookups(withKey())
	require.NoError(t, err)
	require.Equal(t, defaultBaseURL, p.Source.BaseURL)
	require.Equal(t, marker+"-default", p.Source.Projects[0].Credential.Secret.Reveal())
	_, err = ForLookups(fixed())
	require.ErrorContains(t, err, DefaultKeyVariable)
}

func TestFlagsTakeTheFormsOfTheFile(t *testing.T) {
	f, err := ParseFilter("user_id == ${HOST}")
	require.NoError(t, err)
	require.Equal(t, Filter{"user_id", "==", "${HOST}"}, f, "a shell has replaced what it should")
	at, err := ParseTime("-6h")
	require.NoError(t, err)
	require.Equal(t, "-6h", at.String())
	at, err = ParseTime("now")
	require.NoError(t, err)
	require.True(t, at.IsNow())
	d, err := ParseDuration("7d")
	require.NoError(t, err)
	require.Equal(t, 7*24*time.Hour, d)
}

func TestEscapesInAFiltersQuotesMakeNoReference(t *testing.T) {
	t.Setenv("HOST", "of the process")
	for quoted, want := range map[string]string{
		`"$\x7bHOST}"`:        "${HOST}",
		`"\x24{HOST}"`:        "${HOST}",
		`"\u0024\u007bHOST}"`: "${HOST}",
		`"$\x7b"`:             "${",
	} {
		f, err := ParseFilter("user_id == " + quoted)
		require.NoError(t, err, quoted)
		require.Equal(t, want, f.Value, quoted)
		p := sound(t, pipelineWith("  filters:\n    - 'user_id == "+quoted+"'", "", "", ""))
		require.Equal(t, want, p.Source.Filters[0].Value, quoted)
	}
	for quoted, want := range map[string]string{
		`"\x24${HOST}\x7d"`:          "$logs.example.com}",
		`"\\${HOST}\n"`:              "",
		`"\\${HOST}"`:                `\logs.example.com`,
		`"$${HOST} \x24${NESTED}"`:   "${HOST} $${HOST}",
		`"${NO_SUCH:-\x7d \" \x24}"`: `} " $`,
	} {
		source := pipelineWith("  filters:\n    - 'user_id == "+quoted+"'", "", "", "")
		if want == "" {
			_, err := Parse("pipeline.yaml", []byte(source), withKey())
			require.ErrorContains(t, err, "control character", quoted)
			continue
		}
		require.Equal(t, want, sound(t, source).Source.Filters[0].Value, quoted)
	}
}

func TestWhatAVariableHoldsHasNoEscapesInAFiltersQuotes(t *testing.T) {
	opts := withKey()
	env := opts.Env
	opts.Env = func(name string) (string, bool) {
		if name == "ODD" {
			return `\x41" \`, true
		}
		return env(name)
	}
	p, err := Parse("p", []byte(pipelineWith("  filters:\n    - 'user_id == \"\\x42${ODD}\"'", "", "", "")), opts)
	require.NoError(t, err)
	require.Equal(t, `B\x41" \`, p.Source.Filters[0].Value)
}

func TestMistakesInFlagsAreExplained(t *testing.T) {
	_, err := ParseFilter("toolkit == gmail")
	require.ErrorContains(t, err, `did you mean "toolkit_slug"?`)
	for _, text := range []string{"", "null", "7", "status"} {
		_, err = ParseFilter(text)
		require.Error(t, err, text)
	}
	for text, want := range map[string]string{
		"status=failed": "write status == failed;", " status = failed ": "write status == failed;", "user_id <> a b": "write user_id != a b;",
		"tool_slug =~ MAIL": "write tool_slug contains MAIL;", "tool_slug!~MAIL": "write tool_slug not_contains MAIL;", "toolkit=gmail": "write toolkit_slug == gmail;",
	} {
		_, err = ParseFilter(text)
		require.ErrorContains(t, err, want)
	}
	for _, text := range []string{"status=", "status is failed", "= failed", "colour=red"} {
		_, err = ParseFilter(text)
		require.ErrorContains(t, err, "operators are")
		require.NotContains(t, err.Error(), "write ")
	}
	_, err = ParseTime("30d")
	require.ErrorContains(t, err, "did you mean -30d?")
	for _, text := range []string{"", "true", "yesterday", "${HOST}"} {
		_, err = ParseTime(text)
		require.Error(t, err, text)
	}
	_, err = ParseDuration("7")
	require.Error(t, err)
}
