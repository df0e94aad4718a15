package ddl

import (
	"fmt"

	"logferry/internal/table"
	"logferry/sinks"
)

// types are the engines' names of the column types. BigQuery's NUMERIC has 38 digits, 9 of them of the fraction. Times are instants, or
// times of UTC in Athena, Trino and Snowflake.
var types = map[Engine]map[table.Kind]string{
	DuckDB: {
		table.String: "VARCHAR", table.JSON: "VARCHAR", table.Int64: "BIGINT", table.Float64: "DOUBLE", table.Bool: "BOOLEAN",
		table.Timestamp: "TIMESTAMP WITH TIME ZONE", table.Decimal: decimal("DECIMAL"),
	},
	BigQuery: {
		table.String: "STRING", table.JSON: "STRING", table.Int64: "INT64", table.Float64: "FLOAT64", table.Bool: "BOOL",
		table.Timestamp: "TIMESTAMP", table.Decimal: "NUMERIC",
	},
	Athena: {
		table.String: "string", table.JSON: "string", table.Int64: "bigint", table.Float64: "double", table.Bool: "boolean",
		table.Timestamp: "timestamp", table.Decimal: decimal("decimal"),
	},
	Trino: {
		table.String: "VARCHAR", table.JSON: "VARCHAR", table.Int64: "BIGINT", table.Float64: "DOUBLE", table.Bool: "BOOLEAN",
		table.Timestamp: "TIMESTAMP(6)", table.Decimal: decimal("DECIMAL"),
	},
	Spark: {
		table.String: "STRING", table.JSON: "STRING", table.Int64: "BIGINT", table.Float64: "DOUBLE", table.Bool: "BOOLEAN",
		table.Timestamp: "TIMESTAMP", table.Decimal: decimal("DECIMAL"),
	},
	Snowflake: {
		table.String: "VARCHAR", table.JSON: "VARCHAR", table.Int64: "NUMBER(19,0)", table.Float64: "FLOAT", table.Bool: "BOOLEAN",
		table.Timestamp: "TIMESTAMP_NTZ(6)", table.Decimal: decimal("NUMBER"),
	},
	ClickHouse: {
		table.String: "String", table.JSON: "String", table.Int64: "Int64", table.Float64: "Float64", table.Bool: "Bool",
		table.Timestamp: "DateTime64(6, 'UTC')", table.Decimal: decimal("Decimal"),
	},
}

func decimal(name string) string {
	return fmt.Sprintf("%s(%d,%d)", name, table.DecimalPrecision, table.DecimalScale)
}

// nestedJSON are the types of NDJSON's JSON columns, which are nested there, in the engines that would not take them for text.
var nestedJSON = map[Engine]string{DuckDB: "JSON", BigQuery: "JSON"}

// typeOf is the only place that translates a column's type.
func typeOf(engine Engine, format sinks.Format, c table.Column) (string, error) {
	t, known := types[engine][c.Kind]
	if !known {
		return "", fmt.Errorf("column %q: %v has no type in %s", c.Name, c.Kind, engine)
	}
	if nested := nestedJSON[engine]; nested != "" && c.Kind == table.JSON && format == sinks.NDJSON {
		t = nested
	}
	if engine == ClickHouse && !c.Required {
		t = "Nullable(" + t + ")"
	}
	return t, nil
}

// levelTypes are the engines' types of the paths' levels. Athena's pages declare projected dates as text.
var levelTypes = map[Engine]map[levelKind]string{
	DuckDB:     {text: "VARCHAR", date: "DATE", integer: "BIGINT"},
	BigQuery:   {text: "STRING", date: "DATE", integer: "INT64"},
	Athena:     {text: "string", date: "string", integer: "int"},
	Trino:      {text: "VARCHAR", date: "DATE", integer: "INTEGER"},
	Spark:      {text: "STRING", date: "DATE", integer: "INT"},
	Snowflake:  {text: "VARCHAR", date: "DATE", integer: "NUMBER(2,0)"},
	ClickHouse: {text: "String", date: "Date", integer: "UInt8"},
}

func (b *builder) levelType(l level) string { return levelTypes[b.engine][l.kind] }
