package config

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzFilter checks that both forms of a filter say the same, and that a filter which is written and read again is the same.
func FuzzFilter(f *testing.F) {
	for _, seed := range [][2]string{
		{"toolkit_slug == gmail", "gmail"},
		{"  toolkit_slug   !=   gmail  ", " spaced "},
		{"user_id not_contains a == b", "a == b"},
		{`user_id == 'say "hi"'`, `say "hi"`},
		{`user_id == "a \"b\" \u00e9"`, "é\U0001f600"},
		{`user_id == ""`, ""},
		{"status == failed", "failed"},
		{"status=failed", "success"},
		{"user_id == ${HOST}", "${HOST}"},
		{`user_id == "$${HOST} ${EMPTY:-x, y}"`, "$${"},
		{`user_id == "`, "$"},
		{`user_id == '`, "'"},
		{"log_id contains null", "null"},
		{"log_id == 007", "007"},
		{"log_id == ~", "~"},
		{"log_id == \x00", "\x00"},
		{"log_id == \u2028", "a\nb"},
		{"log_id == \ue000", "\ue001 ${HOST} \\ue002"},
		{"user_id\u00a0== a", "# no comment"},
		{`user_id == "\xff"`, "\ufffd"},
		{"user_id == a # b", "- {a: b}"},
		{`user_id == "$\x7bHOST}"`, "$"},
		{`user_id == "\x24{HOST} \u0024${HOST:-\x7d}"`, "${HOST:-a}"},
	} {
		f.Add(seed[0], uint8(len(seed[0])), uint8(len(seed[1])), seed[1])
	}
	f.Setenv("HOST", "from the environment")
	f.Fuzz(func(t *testing.T, text string, field, operator uint8, value string) {
		if parsed, err := ParseFilter(text); err == nil {
			require.True(t, !strings.Contains(parsed.Value, "from the environment") || strings.Contains(text, "from"), "%q", text)
			again(t, parsed)
		}
		if !utf8.ValidString(value) || !utf8.ValidString(text) {
			return // YAML refuses it
		}
		want := Filter{filterFields[int(field)%len(filterFields)], filterOperators[int(operator)%len(filterOperators)], value}
		byMap, mapOK := fromFile(t, yamlFilter(t, want))
		byLine, lineOK := fromFile(t, quoted(line(want, true)))
		require.Equal(t, mapOK, lineOK, "%q", want)
		require.Equal(t, byMap, byLine)
		if mapOK {
			require.Equal(t, want, byMap)
			again(t, want)
		}
		if got, ok := fromFile(t, quoted(text)); ok {
			again(t, got)
		}
	})
}

// line writes a filter in one line; for a file with what would be a reference to the environment escaped.
func line(f Filter, file bool) string {
	text := f.Field + " " + f.Operator + " " + strconv.Quote(f.Value)
	if file {
		text = literal(text)
	}
	return text
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

func yamlFilter(t *testing.T, f Filter) string {
	b, err := json.Marshal(map[string]string{"field": f.Field, "operator": f.Operator, "value": literal(f.Value)})
	require.NoError(t, err)
	return string(b)
}

// fromFile reads a pipeline with one filter. What it refuses is a finding about that filter.
func fromFile(t *testing.T, filter string) (Filter, bool) {
	p, err := Parse("pipeline.yaml", []byte(pipelineWith("  filters:\n    - "+filter, "", "", "")), withKey())
	if err != nil {
		var findings Diagnostics
		require.ErrorAs(t, err, &findings)
		require.True(t, findings.HasErrors())
		return Filter{}, false
	}
	require.Len(t, p.Source.Filters, 1)
	return p.Source.Filters[0], true
}

// again checks what every filter that was accepted has to be.
func again(t *testing.T, f Filter) {
	require.Contains(t, filterFields, f.Field)
	require.Contains(t, filterOperators, f.Operator)
	require.False(t, strings.ContainsFunc(f.Value, unfit), "%q", f.Value)
	require.False(t, f.Value == "" && !slices.Contains([]string{"==", "!="}, f.Operator))
	back, err := ParseFilter(line(f, false))
	require.NoError(t, err, "%q", f)
	require.Equal(t, f, back)
	p := sound(t, pipelineWith("  filters:\n    - "+yamlFilter(t, f), "", "", ""))
	require.Equal(t, []Filter{f}, p.Source.Filters)
	described := sound(t, string(p.Describe()))
	require.Equal(t, p.Source.Filters, described.Source.Filters)
}
