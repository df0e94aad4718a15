package config

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheTemplateIsSound(t *testing.T) {
	p, err := Parse("pipeline.yaml", Template(), withKey())
	require.NoError(t, err)
	require.Empty(t, p.Warnings())
}

func TestTheExampleIsTheTemplate(t *testing.T) {
	example, err := os.ReadFile("../../pipeline.yaml.example")
	require.NoError(t, err)
	require.Equal(t, string(Template()), string(example))
}

func TestTheTemplateNamesEveryKey(t *testing.T) {
	for parent, names := range vocabulary {
		for _, name := range names {
			require.Regexp(t, `\b`+name+`\b`, string(template), "%s of %q", name, parent)
		}
	}
}

func TestTheTemplateTellsTheDefaults(t *testing.T) {
	p, err := Parse("pipeline.yaml", []byte(pipelineWith("", "", "", "")), withKey())
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(p.Describe(), &doc))
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, child := range v {
				walk(k, child)
			}
		case []any:
			for _, child := range v {
				walk(name, child)
			}
		default:
			text := fmt.Sprint(v)
			switch name {
			case "headroom":
				text = "20%"
			case "name", "from", "url", "api_key":
				return // examples, not defaults
			}
			require.Regexp(t, `(?m)^[ #]*`+name+`: `+regexp.QuoteMeta(text)+`( |$)`, string(template))
		}
	}
	walk("", doc)
}
