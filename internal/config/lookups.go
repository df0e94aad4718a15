package config

import (
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// lookupSource is the pipeline of a look-up without a file: the API key and, where set, the base URL come from the
// variables that the vendor's own clients read.
const lookupSource = `version: 1
name: lookups
source: {base_url: "${COMPOSIO_BASE_URL:-https://backend.composio.dev}"}
range: {from: -1d, to: now}
sinks: [{name: none, url: "mem://none", format: ndjson}]
`

// ForLookups returns a pipeline to read single records with where there is no file: everything at its default, the key from
// COMPOSIO_API_KEY. The error is Diagnostics.
func ForLookups(opts Options) (*Pipeline, error) {
	return Parse("(no pipeline file)", []byte(lookupSource), opts)
}

// ParseFilter reads a filter of one line, such as `toolkit_slug == gmail`. References to the environment are not replaced.
func ParseFilter(text string) (Filter, error) {
	v, d := flagValue(strings.ReplaceAll(text, "${", "$${"))
	f, ok := v.filter()
	if !ok {
		return Filter{}, fmt.Errorf("%q: %w", text, d.asError())
	}
	return f, nil
}

// ParseTime reads a time in any of the forms that `range` takes, `now` included.
func ParseTime(text string) (Time, error) {
	v, d := flagValue(strings.ReplaceAll(text, "${", "$${"))
	t := readTime(v, Time{}, true)
	if len(d.diags) > 0 {
		return Time{}, fmt.Errorf("%q: %w", text, d.asError())
	}
	return t, nil
}

// ParseDuration reads a duration: 30s, 1h30m, 7d.
func ParseDuration(text string) (time.Duration, error) {
	d, ok := duration(text)
	if !ok {
		return 0, fmt.Errorf("%q: expected a duration such as 30s, 1h30m or 7d", text)
	}
	return d, nil
}

func flagValue(text string) (value, *decoder) {
	d := &decoder{origins: map[string]Origin{}, opts: Options{}.withDefaults()}
	return value{d: d, node: &yaml.Node{Kind: yaml.ScalarNode, Value: text}}, d
}

// asError is the first finding without its place: a flag has none.
func (d *decoder) asError() error {
	f := d.diags[0]
	if f.Hint != "" {
		return fmt.Errorf("%s; %s", f.Summary, f.Hint)
	}
	return fmt.Errorf("%s", f.Summary)
}
