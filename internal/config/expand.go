package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// ref is a reference at the start of a text: ${NAME} or ${NAME:-default}.
var ref = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}`)

// expansion is a scalar value with the environment put in.
type expansion struct {
	text      string
	variables []string // the variables that were asked for
}

// expand puts the environment into a scalar value. As in a shell, the default of ${NAME:-default} stands in for a
// variable that is unset or empty. $${ is a literal ${. What a variable holds is not expanded again.
func expand(raw string, env func(string) (string, bool)) (expansion, *problem) {
	return expandQuoted(raw, env, func(text string) (string, *problem) { return text, nil })
}

// expandQuoted is expand for a text with escapes. References are those that stand there as written: decode is applied to what is
// between them and to defaults, so that no escape makes a reference or ends one, and what a variable holds has no escapes.
func expandQuoted(raw string, env func(string) (string, bool), decode func(string) (string, *problem)) (expansion, *problem) {
	var out expansion
	var b strings.Builder
	for rest := raw; rest != ""; {
		dollar := strings.IndexByte(rest, '$')
		if dollar < 0 {
			dollar = len(rest)
		}
		text, p := decode(rest[:dollar])
		if p != nil {
			return out, p
		}
		b.WriteString(text)
		rest = rest[dollar:]
		switch {
		case rest == "":
		case strings.HasPrefix(rest, "$${"):
			b.WriteString("${")
			rest = rest[3:]
		case !strings.HasPrefix(rest, "${"):
			b.WriteByte('$')
			rest = rest[1:]
		default:
			m := ref.FindStringSubmatchIndex(rest)
			if m == nil {
				return out, &problem{"the reference after $ is malformed", "write ${NAME} or ${NAME:-default}, and $${ for a literal ${"}
			}
			name := rest[m[2]:m[3]]
			out.variables = append(out.variables, name)
			value, set := env(name)
			if m[4] >= 0 && value == "" {
				if value, p = decode(rest[m[4]:m[5]]); p != nil {
					return out, p
				}
				set = true
			}
			if !set {
				return out, unset(name)
			}
			if !utf8.ValidString(value) {
				return out, &problem{fmt.Sprintf("environment variable %s is not UTF-8", name), ""}
			}
			b.WriteString(value)
			rest = rest[m[1]:]
		}
	}
	out.text = b.String()
	return out, nil
}

func unset(name string) *problem {
	return &problem{fmt.Sprintf("environment variable %s is not set", name), fmt.Sprintf("set it, or write ${%s:-default}", name)}
}

// literal is the inverse of expand for a text without references.
func literal(text string) string { return strings.ReplaceAll(text, "${", "$${") }
