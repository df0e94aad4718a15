package ddl

import (
	"regexp"
	"strings"
)

// doubled quotes text by doubling the quote within it, as standard SQL does.
func doubled(quote, text string) string {
	return quote + strings.ReplaceAll(text, quote, quote+quote) + quote
}

// backslashed quotes text for languages in which a backslash escapes: BigQuery, Spark, Hive and ClickHouse.
func backslashed(quote, text string) string {
	r := strings.NewReplacer(`\`, `\\`, quote, `\`+quote, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	return quote + r.Replace(text) + quote
}

// sqlText is a string of standard SQL: DuckDB, Trino, and Athena's queries.
func sqlText(text string) string { return doubled(`'`, text) }

// sqlName is a delimited identifier of standard SQL.
func sqlName(name string) string { return doubled(`"`, name) }

// backslashText is a string in which a backslash escapes.
func backslashText(text string) string { return backslashed(`'`, text) }

// backslashName is an identifier in backticks in which a backslash escapes: BigQuery and ClickHouse.
func backslashName(name string) string { return backslashed("`", name) }

// hiveName is an identifier in backticks that are doubled within it: Athena's DDL and Spark.
func hiveName(name string) string { return doubled("`", name) }

// snowflakeText is a string of Snowflake, in which quotes are doubled and backslashes escape.
func snowflakeText(text string) string { return doubled(`'`, strings.ReplaceAll(text, `\`, `\\`)) }

// plain is what Snowflake folds to upper case where it is not quoted.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]*$`)

// snowflakeName is an identifier that a query can name without quotes, in any case, unless its name needs them.
func snowflakeName(name string) string {
	if plain.MatchString(name) {
		name = strings.ToUpper(name)
	}
	return sqlName(name)
}

// qualified quotes each part of a name.
func qualified(name string, quote func(string) string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = quote(p)
	}
	return strings.Join(parts, ".")
}

// oneLine makes a foreign text fit into a comment.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, text)
}

// list writes items below one another within brackets.
func list(items []string) string { return "(\n  " + strings.Join(items, ",\n  ") + "\n)" }
