package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// holder keeps a secret where fmt can't ask it how it wants to be shown.
type holder struct{ inner struct{ secret Secret } }

func TestASecretIsNeverShown(t *testing.T) {
	p, err := Parse("pipeline.yaml", readTestdata(t, "reference.yaml"), fixed())
	require.NoError(t, err)
	s := p.Source.Projects[0].Credential.Secret
	require.Contains(t, s.Reveal(), marker, "else this test shows nothing")
	var h holder
	h.inner.secret = s

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		require.Equal(t, hidden, fmt.Sprintf(verb, s), verb)
	}

	var shown bytes.Buffer
	for _, v := range []any{s, &s, p, *p, p.Source, p.Transform, h, &h, []Secret{s}, map[string]Secret{"s": s}, fmt.Errorf("wrapped: %v", s)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&shown, verb+"\n", v)
		}
		text, err := json.Marshal(v)
		require.NoError(t, err)
		shown.Write(text)
		slog.New(slog.NewTextHandler(&shown, nil)).Info("text", "value", v)
		slog.New(slog.NewJSONHandler(&shown, nil)).Info("json", "value", v)
	}
	text, err := yaml.Marshal(map[string]any{"secret": s, "credential": p.Source.Projects[0].Credential})
	require.NoError(t, err)
	shown.Write(text)
	shown.Write(p.Describe())
	shown.WriteString(p.Hash())
	for key := range p.origins {
		shown.WriteString(p.Origin(key).String())
	}
	require.NotContains(t, shown.String(), marker)
	require.Contains(t, shown.String(), hidden)
}

func TestSecretsCompareByValue(t *testing.T) {
	require.True(t, NewSecret("a").Equal(NewSecret("a")))
	require.False(t, NewSecret("a").Equal(NewSecret("b")))
	require.True(t, Secret{}.IsZero())
	require.Empty(t, Secret{}.Reveal())
}

func TestWithoutSecretsNoVariableOfOneIsNeededAndNoFileIsRead(t *testing.T) {
	o := fixed()
	o.WithoutSecrets = true
	o.Env = func(name string) (string, bool) { return "value-of-" + name, name == "FOLDER" }
	o.ReadFile = func(path string) ([]byte, error) { return nil, fmt.Errorf("%s was read", path) }
	for _, source := range []string{
		`{}`, `{api_key: "${KEY}"}`, `{session_cookie: "${KEY}"}`, `{api_key_file: keys/one}`,
		`{projects: [{name: a, api_key: "${A}"}, {name: b, api_key_file: keys/b}]}`,
	} {
		text := "version: 1\nname: n\nsource: " + source + "\nrange: {from: 2026-04-17}\nsinks: [{name: lake, url: \"s3://bucket/${FOLDER}\"}]\n"
		p, err := Parse("pipeline.yaml", []byte(text), o)
		require.NoError(t, err, source)
		require.Equal(t, "s3://bucket/value-of-FOLDER", p.Sinks[0].URL)
		for _, project := range p.Source.Projects {
			require.True(t, project.Credential.Secret.IsZero())
		}
		_, err = Parse("pipeline.yaml", []byte(strings.Replace(text, "FOLDER", "UNSET", 1)), o)
		require.ErrorContains(t, err, "UNSET", "what is no secret is needed")
	}
}

func TestWaysIn(t *testing.T) {
	for source, want := range map[string]Credential{
		"  {}":                             {Method: APIKey, Secret: NewSecret(marker + "-default")},
		"  api_key: ${PROD_KEY}":           {Method: APIKey, Secret: NewSecret(marker + "-prod")},
		`  api_key: "${PROD_KEY:-}"`:       {Method: APIKey, Secret: NewSecret(marker + "-prod")},
		"  api_key_file: keys/good":        {Method: APIKey, Secret: NewSecret(marker + "-file"), File: "keys/good"},
		"  api_key_file: /keys/absolute":   {Method: APIKey, Secret: NewSecret(marker + "-absolute"), File: "/keys/absolute"},
		"  api_key_file: keys/${NO:-good}": {Method: APIKey, Secret: NewSecret(marker + "-file"), File: "keys/good"},
		"  session_cookie: ${COOKIE}":      {Method: SessionCookie, Secret: NewSecret("session=" + marker + "-cookie")},
		"  projects: []":                   {Method: APIKey, Secret: NewSecret(marker + "-default")},
	} {
		p := sound(t, pipelineWith(source, "", "", ""))
		require.False(t, p.Source.NamesProjects())
		require.Len(t, p.Source.Projects, 1)
		got := p.Source.Projects[0].Credential
		require.Equal(t, want.Secret.Reveal(), got.Secret.Reveal(), source)
		require.Equal(t, want.Method, got.Method)
		require.Equal(t, want.File, got.File)
	}
}

func TestAKeyFileIsLookedForBesideThePipelineFile(t *testing.T) {
	opts := fixed()
	read := opts.ReadFile
	var asked string
	opts.ReadFile = func(path string) ([]byte, error) {
		asked = path
		return read("keys/good")
	}
	_, err := Parse("conf/prod/pipeline.yaml", []byte(pipelineWith("  api_key_file: ../keys/k", "", "", "")), opts)
	require.NoError(t, err)
	require.Equal(t, "conf/keys/k", asked)
}

func TestOtherCredentialsTurnOffTheDefaultVariable(t *testing.T) {
	p := sound(t, pipelineWith("  projects: [{name: prod, api_key: ${PROD_KEY}}]", "", "", ""))
	require.True(t, p.Source.NamesProjects())
	require.Equal(t, marker+"-prod", p.Source.Projects[0].Credential.Secret.Reveal())
	mistakes(t, pipelineWith("  projects: [{name: prod}]", "", "", ""))
}
