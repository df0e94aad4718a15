package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

const filterForm = `a filter: "field operator value" or {field, operator, value}`

// condition is a filter in one line. The first operator divides it, so a value may hold operators, spaces and quotes.
var condition = regexp.MustCompile(`^\s*([^\s=!]+)\s*(?:(==|!=)|\s(not_contains|contains)(?:\s|$))\s*(.*?)\s*$`)

// filter reads a filter of either form.
func (v value) filter() (Filter, bool) {
	if v.node.Kind == yaml.MappingNode {
		return v.filterMap()
	}
	if v.node.Kind != yaml.ScalarNode || v.node.ShortTag() != "!!str" {
		v.fail(mismatch(filterForm, v.found()))
		return Filter{}, false
	}
	// Divided before the environment is put in: a variable can only ever be part of the value.
	m := condition.FindStringSubmatch(v.d.marks.undo(v.node.Value))
	if m == nil {
		p := mismatch(filterForm, v.found())
		p.hint = nearMiss(v.d.marks.undo(v.node.Value)) + "operators are == != contains not_contains"
		v.fail(p)
		return Filter{}, false
	}
	f := Filter{Field: m[1], Operator: m[2] + m[3]}
	raw, quoted, decode := unquote(m[4])
	var ok bool
	if f.Value, ok = v.expanded(expandQuoted(raw, v.d.opts.Env, decode)); !ok {
		return Filter{}, false
	}
	if p := checkField(f.Field); p != nil {
		v.fail(p)
		return Filter{}, false
	}
	if p := f.checkValue(quoted); p != nil {
		v.fail(p)
		return Filter{}, false
	}
	return f, true
}

// almost is a condition with an operator of other languages.
var almost = regexp.MustCompile(`^\s*([A-Za-z_]+)\s*(=|<>|!~|=~|~)\s*([^=~\s].*?)\s*$`)

var meant = map[string]string{"=": "==", "<>": "!=", "~": "contains", "=~": "contains", "!~": "not_contains"}

// nearMiss says what a condition with a wrong operator was probably meant to be, "" where that can't be told.
func nearMiss(text string) string {
	m := almost.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	field := m[1]
	if !slices.Contains(filterFields, field) {
		if field = nearest(field, filterFields); field == "" {
			return ""
		}
	}
	return fmt.Sprintf("write %s %s %s; ", field, meant[m[2]], m[3])
}

// unquote takes the quotes off a value that stands in them. decode reads what is in them, or a part of that.
func unquote(s string) (raw string, quoted bool, decode func(string) (string, *problem)) {
	plain := func(text string) (string, *problem) { return text, nil }
	switch {
	case s == "" || s[0] != '"' && s[0] != '\'':
		return s, false, plain
	case len(s) < 2 || s[len(s)-1] != s[0]:
		return s, true, func(string) (string, *problem) { return "", badQuotes() }
	case s[0] == '\'':
		return s[1 : len(s)-1], true, plain
	}
	return s[1 : len(s)-1], true, func(text string) (string, *problem) {
		out, err := strconv.Unquote(`"` + text + `"`)
		if err != nil {
			return "", badQuotes()
		}
		return out, nil
	}
}

func badQuotes() *problem {
	return &problem{"the quotes around the filter's value are not closed or not right", `write toolkit_slug == "a value"`}
}

func (v value) filterMap() (Filter, bool) {
	o := v.object()
	var f Filter
	field, operator, val := o.get("field"), o.get("operator"), o.get("value")
	if field.required("one of " + strings.Join(filterFields, ", ")) {
		f.Field = read(field, "", "a field", func(s scalar) (string, *problem) {
			text, p := parseText(s)
			if p == nil {
				if p = checkField(text); p != nil && s.fromEnvironment() {
					p = unexpected("")
				}
			}
			return text, p
		})
	}
	if operator.required("one of " + strings.Join(filterOperators, ", ")) {
		f.Operator = choice(operator, "", filterOperators...)
	}
	if !val.required("text") || f.Field == "" || f.Operator == "" {
		return Filter{}, false
	}
	const failed = "\x00" // no value holds it
	f.Value = read(val, failed, "text", func(s scalar) (string, *problem) {
		if s.text == "" {
			return "", f.checkValue(true)
		}
		text, p := parseText(s)
		if p != nil {
			return "", p
		}
		checked := Filter{f.Field, f.Operator, text}
		return text, checked.checkValue(true)
	})
	return f, f.Value != failed
}

func checkField(field string) *problem {
	if slices.Contains(filterFields, field) {
		return nil
	}
	p := &problem{fmt.Sprintf("no field %q to filter by", field), didYouMean(field, filterFields)}
	if p.hint == "" {
		p.hint = "expected one of " + strings.Join(filterFields, ", ")
	}
	return p
}

// checkValue refuses values that can't be meant. Without quotes, an empty value is a forgotten one.
func (f Filter) checkValue(quoted bool) *problem {
	equals := f.Operator == "==" || f.Operator == "!="
	switch {
	case f.Value == "" && !(equals && quoted):
		return &problem{"a filter without a value", "write toolkit_slug == gmail"}
	case f.Field == "status" && equals && f.Value != "success" && f.Value != "failed":
		return &problem{"no such status", "expected success or failed"}
	}
	return nil
}
