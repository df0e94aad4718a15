package transform

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/table"
)

func TestMatchAndSearch(t *testing.T) {
	for _, c := range []struct{ data, filter, want string }{
		{`["ab","b","xab"]`, `match(@,'a.*')`, `["ab"]`},
		{`["ab","b","xab"]`, `search(@,'a.*')`, `["ab","xab"]`},
		{`["ax","xb","a","b"]`, `match(@,'a|b')`, `["a","b"]`},
		{`["a\nb","a\rb","a.b","axb"]`, `match(@,'a.b')`, `["a.b","axb"]`},
		{`["a.b","axb"]`, `match(@,'a[.]b')`, `["a.b"]`},
		{`["a.b","axb"]`, `match(@,'a\\.b')`, `["a.b"]`},
		{`["a]","ax"]`, `match(@,'a[\\].]')`, `["a]"]`},
		{`["é"]`, `match(@,'\\p{L}')`, `["é"]`},
		{`[5,null,true,["a"],{}]`, `search(@,'')`, ``},
		{`["a","("]`, `search(@,'(')`, ``},
		{`["a"]`, `search(@,$.absent)`, ``},
		{`[{},{"n":"a"}]`, `match(@.n,'a')`, `[{"n":"a"}]`},
		{`[{"n":"ab","p":"a."},{"n":"ab","p":5}]`, `match(@.n,@.p)`, `[{"n":"ab","p":"a."}]`},
	} {
		f := newFlattener(t, Options{Columns: []Column{{"c", "$.data[?" + c.filter + "]", table.JSON}}})
		require.Equal(t, c.want, values(t, f, entryOnly(`{"data":`+c.data+`}`))["c"], c.filter)
	}
}

func TestPatternsOutOfRecordsAreNotKeptForever(t *testing.T) {
	m := &matcher{}
	for i := range 3 * maxPatterns {
		require.NotNil(t, m.expression(fmt.Sprint(i)))
		require.LessOrEqual(t, len(m.compiled), maxPatterns)
	}
	require.Same(t, m.expression("a."), m.expression("a."))
}
