package transform

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"

	"logferry/internal/record"
	"logferry/internal/record/span"
	"logferry/internal/table"
)

var declaredKinds = []table.Kind{table.String, table.JSON, table.Int64, table.Float64, table.Bool, table.Timestamp}

// FuzzDeclaredColumns checks columns of any path over any record: what is refused is refused with a *ColumnError, a path that
// selects one node finds the same by walking the text as in the decoded record, and every value is the node's.
func FuzzDeclaredColumns(f *testing.F) {
	entry := `{"id":"log_1","timestamp":"2026-04-17T10:11:12.345Z","status":"success","metadata":{"tool":{"slug":"A"}},"metrics":{"duration_ms":1.5},"x":[1,[2,{"y":null}],"é"]}`
	detail := `{"id":"log_1","data":{"request":{"a":[{"b":1},{"b":"2"},{"b":2026}]},"response":null,"big":9223372036854775808},"timings":{"start_time":1},"x":null}`
	for _, path := range []string{
		"$", "$.id", "$.metadata.tool.slug", "$.x[1][1].y", "$.x[-1]", "$['x'][0]", "$.data.request.a[1].b", "$..b", "$.x[0,1]", "$.x[::-1]", "$.*",
		"$.data.request.a[?@.b == 1]", "$.data.request.a[?match(@.b, '.*')].b", "$[?count(@.*) > 1]", "$.x[?search(@, $.id)]", "$['\\ud83d\\ude00']", "$.x[9007199254740991]",
		"$.a..", "x", "", "$[", "$..*", "$.data.request.a[?length(@.b) >= 1]", "$.metrics.duration_ms", "$.timestamp", "$.x[-9007199254740991]", "$.x[1:0:0]",
	} {
		f.Add(path, []byte(entry), []byte(detail))
	}
	f.Add("$.a", []byte(`{"a":1,"a":null,"\u0061":2}`), []byte(nil))
	f.Add("$.a", []byte(`{"a":1}`), []byte(`{"a":null}`))
	f.Add("$.metadata.a", []byte(`{"metadata":{"a":1}}`), []byte(`{"metadata":{"a":null,"a":{}},"metadata":null}`))
	for _, path := range []string{"$..a", "$..*", "$..a..a", "$..*..*..*..*", "$.a.a[*]", "$..a[0]", "$..[?@.a]", "$..[-1, ::-2, 'a', *]"} {
		f.Add(path, []byte(nested(130, `{"a":[1,{"a":2}]}`)), []byte(nil))
		f.Add(path, []byte(nested(160, "[1,2,3]")), []byte(nil))
	}
	f.Add("$.a[?@.b == 1e400]", []byte("{\"a\":[{\"b\":1e400}],\"\xff\":\"\xff\"}"), []byte(nil))
	f.Fuzz(func(t *testing.T, path string, entry, detail []byte) {
		descendants := strings.Count(path, "..")
		if len(path) > 100 || len(entry)+len(detail) > 1000 || strings.Count(path, "[")+strings.Count(path, "*") > 6 || descendants > 1 && strings.Contains(path, "?") {
			return // what queries in filters cost is the library's
		}
		rec := entryOnly(string(entry))
		if len(detail) > 0 {
			rec.Outcome, rec.Detail = record.Fetched, detail
		}
		if span.Validate(entry) != nil || len(detail) > 0 && span.Validate(detail) != nil {
			return // never reaches a Flattener
		}
		var columns []Column
		for i, kind := range declaredKinds {
			columns = append(columns, Column{fmt.Sprintf("c%d", i), path, kind})
		}
		flattener, err := New(Options{Columns: columns})
		if err != nil {
			var wrong *ColumnError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, "path", wrong.Field)
			return
		}
		row, err := flattener.Flatten(rec, "")
		if err != nil {
			require.ErrorIs(t, err, ErrNoObject)
			return
		}
		text := selected(t, flattener, columns[0].Path, descendants < 2)
		single := flattener.declared[0].query == nil
		for i, kind := range declaredKinds {
			checkDeclared(t, kind, row[flattener.first+i], text, single)
		}
	})
}

// selected finds the nodes of a path in the decoded record, as the library does too, and where it is one at most also by walking the
// text. It returns what the columns are made of: the first of them, nil for none.
func selected(t *testing.T, f *Flattener, path string, compare bool) []byte {
	parsed, err := newParser().Parse(path)
	require.NoError(t, err)
	doc := newDocument(bytes.Clone(f.merged()))
	found := doc.find(parsed)
	if compare && doc.root != nil {
		require.Equal(t, byLibrary(&doc, parsed), found, path)
	}
	steps, err := singular(parsed)
	if err != nil {
		require.ErrorIs(t, err, errSeveral)
		if len(found) == 0 {
			return nil
		}
		return found[0]
	}
	walked := f.walk(steps)
	require.LessOrEqual(t, len(found), 1)
	if doc.root == nil {
		return walked
	}
	if len(found) == 0 || span.IsNull(found[0]) {
		require.True(t, span.IsNull(walked), "%s finds nothing in the decoded record, and in the text %q", path, walked)
		return nil
	}
	require.Equal(t, string(found[0]), string(walked), path)
	return walked
}

// byLibrary finds what document.find does.
func byLibrary(d *document, query *jsonpath.Path) (found [][]byte) {
	for _, located := range query.SelectLocated(d.root.value) {
		n := d.root
		for _, selector := range located.Path {
			switch s := selector.(type) {
			case spec.Name:
				n = n.members[string(s)]
			case spec.Index:
				n = n.elements[s]
			}
		}
		found = append(found, n.text)
	}
	slices.SortStableFunc(found, func(a, b []byte) int { return cmp.Compare(cap(b), cap(a)) })
	return found
}

// checkDeclared compares a column's value with the text of its node.
func checkDeclared(t *testing.T, kind table.Kind, v table.Value, text []byte, single bool) {
	if text == nil {
		require.False(t, v.Valid && (single || kind != table.JSON), "%v from nothing", kind)
		return
	}
	switch kind {
	case table.JSON:
		if !v.Valid {
			require.True(t, span.IsNull(text) || !single, "only arrays may be too large")
			return
		}
		require.NoError(t, span.Validate(v.Bytes))
		if single && utf8.Valid(text) {
			require.Equal(t, string(text), string(v.Bytes))
		}
		if !single {
			require.EqualValues(t, '[', v.Bytes[0])
		}
	case table.String:
		var want string
		isText := text[0] == '"' && json.Unmarshal(text, &want) == nil
		require.True(t, isText || !v.Valid, "%q from %q", v.Bytes, text)
		if v.Valid {
			require.Equal(t, want, string(v.Bytes))
		}
	case table.Bool:
		require.Equal(t, string(text) == "true" || string(text) == "false", v.Valid)
		require.Equal(t, string(text) == "true", v.Valid && v.Int == 1)
	case table.Int64, table.Float64:
		checkNumber(t, kind, v, string(text))
	case table.Timestamp:
		at, err := asTime(text)
		require.True(t, !v.Valid || err == nil, "%q from %q", v.Int, text)
		if v.Valid && !at.IsZero() {
			require.Equal(t, at.UnixMicro(), v.Int, "%q", text)
		}
	}
}

// checkNumber knows numbers from math/big, as long as they are of a size that it can write out.
func checkNumber(t *testing.T, kind table.Kind, v table.Value, text string) {
	if !strings.ContainsAny(text[:1], "-0123456789") {
		require.False(t, v.Valid, "a number from %q", text)
		return
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(text), "e"); ok && len(strings.TrimLeft(exponent, "+-0")) > 3 {
		return
	}
	exact, ok := new(big.Rat).SetString(text)
	require.True(t, ok, text)
	if kind == table.Int64 {
		fits := exact.IsInt() && exact.Num().IsInt64()
		require.Equal(t, fits, v.Valid, text)
		if fits {
			require.Equal(t, exact.Num().Int64(), v.Int, text)
		}
		return
	}
	nearest, _ := exact.Float64()
	require.Equal(t, !math.IsInf(nearest, 0), v.Valid, text)
	if v.Valid {
		require.Equal(t, nearest, math.Float64frombits(uint64(v.Int))+0, text) //nolint:testifylint // exactly
	}
}

var errNoTime = errors.New("neither a string nor a number")

// asTime reads RFC 3339 with the standard library. The zero time is a form that it doesn't know.
func asTime(text []byte) (time.Time, error) {
	var s string
	switch {
	case text[0] == '"' && json.Unmarshal(text, &s) == nil:
		if at, err := time.Parse(time.RFC3339Nano, s); err == nil && at.Year() > 0 {
			return at, nil
		}
		return time.Time{}, nil
	case strings.ContainsAny(string(text[:1]), "-0123456789"):
		return time.Time{}, nil
	}
	return time.Time{}, errNoTime
}
