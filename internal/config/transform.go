package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/theory/jsonpath"
)

var columnName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,127}$`)

const (
	columnNameForm = "a name of small letters, digits and _, not beginning with a digit"
	pathForm       = "a JSONPath (RFC 9535) such as $.data.request.payload.to"
)

// transformSection decodes transform.
func (d *decoder) transformSection(o object) Transform {
	return Transform{
		Columns:       d.columns(o.get("columns")),
		Redact:        d.redactions(o.get("redact")),
		RedactSecrets: read(o.get("redact_secrets"), false, "true or false", parseBool),
		Raw:           read(o.get("raw"), false, "true or false", parseBool),
	}
}

func (d *decoder) columns(list value) []Column {
	lines := make(map[string]int)
	var out []Column
	for _, v := range list.list("columns, each with a name, a path and a type") {
		o := v.object()
		var c Column
		at := o.get("name")
		c.Name = name(at, columnName, columnNameForm)
		switch line, twice := lines[c.Name]; {
		case c.Name == "":
		case slices.Contains(reserved, c.Name):
			at.fail(&problem{"the export has a column or partition level of that name", "choose another name"})
		case twice:
			at.fail(&problem{fmt.Sprintf("a second column of that name, first in line %d", line), "names must be unique"})
		default:
			lines[c.Name] = at.node.Line
		}
		c.Path = jsonPath(o.get("path"))
		if t := o.get("type"); t.required("one of string, int64, float64, bool, timestamp, json") {
			c.Type = choice(t, ColumnString, ColumnString, ColumnInt64, ColumnFloat64, ColumnBool, ColumnTimestamp, ColumnJSON)
		}
		out = append(out, c)
	}
	return out
}

// jsonPath reads a JSONPath and keeps it as written.
func jsonPath(v value) string {
	if !v.required(pathForm) {
		return ""
	}
	return read(v, "", pathForm, func(s scalar) (string, *problem) {
		text, p := parseText(s)
		if p != nil {
			return "", p
		}
		if _, err := jsonpath.Parse(text); err != nil {
			if s.fromEnvironment() {
				return "", unexpected("")
			}
			return "", unexpected(strings.TrimPrefix(err.Error(), "jsonpath: "))
		}
		return text, nil
	})
}
