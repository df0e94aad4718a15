package transform

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/internal/table"
)

func TestDeclaredColumnTypes(t *testing.T) {
	float := func(x float64) string { return fmt.Sprint(int64(math.Float64bits(x))) }
	for _, c := range []struct {
		kind        table.Kind
		value, want string // "" is null
	}{
		{table.String, `"a\nb"`, "a\nb"},
		{table.String, `5`, ""},
		{table.String, `null`, ""},
		{table.String, `{"a":1}`, ""},
		{table.String, `"\udc00"`, ""},
		{table.JSON, `{ "b":1.50, "a":1e400 }`, `{ "b":1.50, "a":1e400 }`},
		{table.JSON, `"\ud800"`, `"\ud800"`},
		{table.JSON, `null`, ""},
		{table.JSON, `0`, `0`},
		{table.Int64, `1.0`, "1"},
		{table.Int64, `1e3`, "1000"},
		{table.Int64, `-12e-1`, ""},
		{table.Int64, `9223372036854775807`, "9223372036854775807"},
		{table.Int64, `9223372036854775808`, ""},
		{table.Int64, `1e400`, ""},
		{table.Int64, `"5"`, ""},
		{table.Int64, `true`, ""},
		{table.Int64, `9007199254740993.0`, "9007199254740993"},
		{table.Float64, `0.1`, float(0.1)},
		{table.Float64, `9007199254740993`, float(9007199254740992)},
		{table.Float64, `1e400`, ""},
		{table.Float64, `-1e-400`, float(math.Copysign(0, -1))},
		{table.Float64, `"1"`, ""},
		{table.Bool, `true`, "1"},
		{table.Bool, `false`, "0"},
		{table.Bool, `0`, ""},
		{table.Bool, `"true"`, ""},
		{table.Timestamp, `"2026-04-17T12:11:12.3456789+02:00"`, "2026-04-17T10:11:12.345678Z"},
		{table.Timestamp, `1776420672345`, "2026-04-17T10:11:12.345Z"},
		{table.Timestamp, `"1776420672345"`, "2026-04-17T10:11:12.345Z"},
		{table.Timestamp, `"soon"`, ""},
		{table.Timestamp, `1e30`, ""},
	} {
		for _, path := range []string{"$.data.x", "$.data['x','absent']"} {
			want := c.want
			if path != "$.data.x" && c.kind == table.JSON {
				want = "[" + c.value + "]"
			}
			f := newFlattener(t, Options{Columns: []Column{{"c", path, c.kind}}})
			got, ok := values(t, f, entryOnly(`{"data":{"x":`+c.value+`}}`))["c"]
			require.Equal(t, want != "", ok, "%v %s", c.kind, c.value)
			require.Equal(t, want, got, "%v %s", c.kind, c.value)
		}
	}
}

func TestDeclaredColumnPaths(t *testing.T) {
	const detail = `{"data":{"items":[{"n":1,"k":"a"},{"n":2.50,"k":"b"},{"n":3,"k":"a"}],"x":{"a":1,"a":2},"d\u006ft.s":"dots","z":[[],[7]]},"status":"s","new":{"deep":[10,20,30]}}`
	for _, c := range []struct{ path, want string }{
		{"$.data.items[0].n", "1"},
		{"$.data.items[-1].n", "3"},
		{"$['data']['items'][1]['n']", "2.50"},
		{"$.data.items[3]", ""},
		{"$.data.items[-4]", ""},
		{"$.data.x.a", "2"},
		{"$.data['dot.s']", `"dots"`},
		{"$.data.items.n", ""},
		{"$.data[0]", ""},
		{"$[0]", ""},
		{"$.absent.x", ""},
		{"$.status", `"s"`},
		{"$.message", `"from the entry"`},
		{"$.new.deep[1]", "20"},
		{"$.only.here", "true"},
		{"$.x.y", ""},
		{"$.data.items[*].n", "[1,2.50,3]"},
		{"$.data.items[?@.k=='a'].n", "[1,3]"},
		{"$.data.items[?@.n>2.4].k", `["b","a"]`},
		{"$.data.items[1:].n", "[2.50,3]"},
		{"$..n", "[1,2.50,3]"},
		{"$.data.x.*", "[2]"},
		{"$.data.absent[*]", ""},
		{"$.data.z[*][*]", "[7]"},
		{"$['status','message']", `["s","from the entry"]`},
		{"$.data.items[2,0].n", "[1,3]"},
		{"$.data.items[0,0].n", "[1,1]"},
		{"$.data.items[?length(@.k)==1].n", "[1,2.50,3]"},
		{"$.data.items[?match(@.k,'b')].n", "[2.50]"},
		{"$", `{"data":{"items":[{"n":1,"k":"a"},{"n":2.50,"k":"b"},{"n":3,"k":"a"}],"x":{"a":1,"a":2},"d\u006ft.s":"dots","z":[[],[7]]},"status":"s","new":{"deep":[10,20,30]},"message":"from the entry","only":{"here":true}}`},
	} {
		f := newFlattener(t, Options{Columns: []Column{{"c", c.path, table.JSON}}})
		for range 5 {
			require.Equal(t, c.want, values(t, f, withDetail(`{"message":"from the entry","status":"list","only":{"here":true}}`, detail))["c"], c.path)
		}
	}
}

func TestDeclaredScalarColumnTakesTheFirstNode(t *testing.T) {
	f := newFlattener(t, Options{Columns: []Column{{"n", "$..n", table.Int64}, {"k", "$.data[*].k", table.String}}})
	got := values(t, f, entryOnly(`{"data":[{"n":7,"k":null},{"n":8,"k":"b"}]}`))
	require.Equal(t, "7", got["n"])
	require.NotContains(t, got, "k")
}

func TestNewNamesEveryWrongColumn(t *testing.T) {
	for _, c := range []struct {
		column Column
		field  string
	}{
		{Column{"", "$.a", table.String}, "name"},
		{Column{"\xff", "$.a", table.String}, "name"},
		{Column{"status", "$.a", table.String}, "name"},
		{Column{"Log_ID", "$.a", table.String}, "name"},
		{Column{"raw", "$.a", table.String}, "name"},
		{Column{"project", "$.a", table.String}, "name"},
		{Column{"dt", "$.a", table.String}, "name"},
		{Column{"hour", "$.a", table.String}, "name"},
		{Column{"month", "$.a", table.String}, "name"},
		{Column{"GOOD", "$.a", table.String}, "name"},
		{Column{"c", "$.a[", table.String}, "path"},
		{Column{"c", "a.b", table.String}, "path"},
		{Column{"c", "", table.String}, "path"},
		{Column{"c", "$.a", table.Decimal}, "type"},
		{Column{"c", "$.a", 0}, "type"},
	} {
		_, err := New(Options{Columns: []Column{{"good", "$.a", table.String}, c.column}})
		var wrong *ColumnError
		require.ErrorAs(t, err, &wrong, "%v", c.column)
		require.Equal(t, 1, wrong.Index)
		require.Equal(t, c.column.Name, wrong.Name)
		require.Equal(t, c.field, wrong.Field)
		require.ErrorContains(t, err, fmt.Sprintf("%q", c.column.Name))
	}
	_, err := New(Options{Columns: []Column{{"a", "$[", table.String}, {"status", "$.a", 0}}})
	require.ErrorContains(t, err, `column "a" (number 1): path`)
	require.ErrorContains(t, err, `column "status" (number 2): name`)
	require.ErrorContains(t, err, `column "status" (number 2): type`)
}

func TestSingularAndGeneralEvaluationAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := randomJSON(3).Draw(t, "data")
		path := "$.data"
		for range rapid.IntRange(0, 3).Draw(t, "depth") {
			path += rapid.SampledFrom([]string{".a", ".b", "['']", "[0]", "[1]", "[-1]"}).Draw(t, "step")
		}
		f, err := New(Options{Columns: []Column{{"one", path, table.JSON}, {"many", path[:len("$")] + "['data','data']" + path[len("$.data"):], table.JSON}}})
		require.NoError(t, err)
		row, err := f.Flatten(entryOnly(`{"data":`+text+`}`), "")
		require.NoError(t, err)
		one, many := row[f.first], row[f.first+1]
		switch {
		case one.Valid:
			require.Equal(t, "["+string(one.Bytes)+","+string(one.Bytes)+"]", string(many.Bytes))
		case many.Valid:
			require.Equal(t, "[null,null]", string(many.Bytes))
		}
	})
}

func TestQueriesOfEveryKindEndOnEveryRecord(t *testing.T) {
	var columns []Column
	for i, path := range []string{
		"$..*", "$.*", "$..[0]", "$.data[?@.a]", "$.data[?@.a==@.b]", "$.data[?@.a<1]", "$.data[?1<@.absent]", "$.data[?@.absent==@.absent]", "$.data[?$.data==@]",
		"$.data[?length(@.a)>1]", "$.data[?count(@.*)>1]", "$.data[?value(@..a)==1]", "$.data[?match(@.a,@.b)]", "$.data[?search(@.a,'[')]", "$.data[::-1]", "$.data[5:1:2]",
	} {
		columns = append(columns, Column{fmt.Sprintf("c%d", i), path, table.JSON})
	}
	f := newFlattener(t, Options{Columns: columns})
	rapid.Check(t, func(t *rapid.T) {
		_, err := f.Flatten(entryOnly(`{"data":`+randomJSON(3).Draw(t, "data")+`}`), "")
		require.NoError(t, err)
	})
}

// randomJSON draws JSON texts with few names, so that paths hit and names repeat.
func randomJSON(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		kind := rapid.IntRange(0, 9).Draw(t, "kind")
		if depth == 0 || kind < 4 {
			return rapid.SampledFrom([]string{`null`, `1`, `1e400`, `-0.50`, `"x"`, `"\ud800"`, "\"\xff\"", `true`, `{}`, `[]`, `""`, `"["`}).Draw(t, "leaf")
		}
		text, end := "[", "]"
		if kind < 8 {
			text, end = "{", "}"
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "length") {
			if i > 0 {
				text += ","
			}
			if end == "}" {
				text += rapid.SampledFrom([]string{`"a":`, `"b" :`, `"\u0061": `, `"":`, `"\ud800":`, "\"\xff\":"}).Draw(t, "name")
			}
			text += randomJSON(depth-1).Draw(t, "value")
		}
		return text + end
	})
}
