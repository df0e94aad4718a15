package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/ddl"
)

type schemaFlags struct {
	engine, sink, table string
	load                bool
}

func newSchema(a *app) *cobra.Command {
	var f schemaFlags
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the SQL that makes the export a table in a query engine",
		Long: `Print the statements that make what a sink holds a table or a view in DuckDB, BigQuery, Athena, Trino, Spark, Snowflake
or ClickHouse, with every column and with the partitions as columns. With --load they copy the rows into a table of the
engine's own. Nothing is contacted, and no key is needed. What ${NAME} stands for is said in the comments at the top.`,
		Example: `  logferry schema --engine duckdb | duckdb lake.db
  logferry schema --engine athena --table lake.logs
  logferry schema --engine bigquery --sink lake --table dataset.logs --load`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := a.export(cmd, f)
			if err != nil {
				return err
			}
			script, err := ddl.NewScript(ddl.Engine(f.engine), e)
			if err != nil {
				return err
			}
			return a.printScript(script, e)
		},
	}
	flags := cmd.Flags()
	var names []string
	for _, engine := range ddl.Engines() {
		names = append(names, string(engine))
	}
	flags.StringVar(&f.engine, "engine", "", "the `engine`: "+strings.Join(names, ", "))
	flags.StringVar(&f.sink, "sink", "", "the `name` of the sink, where the pipeline file declares several")
	flags.StringVar(&f.table, "table", ddl.DefaultTable, "the `name` to give the table, also as database.name")
	flags.BoolVar(&f.load, "load", false, "copy the rows into a table of the engine's own")
	return cmd
}

// export returns the sink that is meant.
func (a *app) export(cmd *cobra.Command, f schemaFlags) (ddl.Export, error) {
	misuse := func(format string, args ...any) (ddl.Export, error) {
		return ddl.Export{}, &usageError{err: fmt.Errorf(format, args...), command: cmd.CommandPath()}
	}
	switch {
	case f.engine == "":
		return misuse("say for which engine, with --engine")
	case !slices.Contains(ddl.Engines(), ddl.Engine(f.engine)):
		return ddl.Export{}, &ddl.UnknownEngineError{Name: f.engine}
	case slices.Contains(strings.Split(f.table, "."), ""):
		return misuse("--table %q: want a name, or several parted by dots", f.table)
	}
	now := time.Now()
	p, err := a.load(config.Options{Now: now, WithoutSecrets: true})
	if err != nil {
		return ddl.Export{}, err
	}
	exports, err := apply.Exports(p, now)
	if err != nil {
		return ddl.Export{}, err
	}
	names := make([]string, len(exports))
	for i, e := range exports {
		names[i] = e.Sink
	}
	at := slices.Index(names, f.sink)
	switch {
	case f.sink == "" && len(exports) == 1:
		at = 0
	case f.sink == "":
		return misuse("%s declares several sinks: say which with --sink, one of %s", a.file, strings.Join(names, ", "))
	case at < 0:
		return misuse("--sink %q: want one of %s", f.sink, strings.Join(names, ", "))
	}
	exports[at].Table, exports[at].Load = f.table, f.load
	return exports[at], nil
}

func (a *app) printScript(script *ddl.Script, e ddl.Export) error {
	if !a.json {
		_, err := fmt.Fprint(a.stdout, script)
		return err
	}
	encoder := json.NewEncoder(a.stdout)
	for _, s := range script.Statements {
		if err := encoder.Encode(struct {
			Type string `json:"type"`
			ddl.Statement
		}{"statement", s}); err != nil {
			return err
		}
	}
	return encoder.Encode(map[string]any{
		"type": "summary", "statements": len(script.Statements), "sink": e.Sink, "table": e.Table, "load": e.Load,
		"comments": script.Comments, "variables": append([]ddl.Variable{}, script.Variables...),
	})
}
