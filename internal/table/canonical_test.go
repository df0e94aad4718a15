package table_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/table"
)

func canonical(t testing.TB, schema *table.Schema, row table.Row) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, table.NewCanonical(schema).Write(&out, row))
	return out.String()
}

func text(s string) table.Value  { return table.Value{Bytes: []byte(s), Valid: true} }
func number(n int64) table.Value { return table.Value{Int: n, Valid: true} }

// field is the canonical form of one value, as the documentation says it.
func field(name string, letter byte, value any) string {
	head := name + "\x00" + string(letter)
	if text, ok := value.(string); ok {
		return head + string(binary.BigEndian.AppendUint32(nil, uint32(len(text)))) + text
	}
	return head + string(binary.BigEndian.AppendUint64(nil, uint64(value.(int))))
}

func TestTheCanonicalFormOfEachKind(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{
		{Name: "z", Kind: table.String},
		{Name: "json", Kind: table.JSON},
		{Name: "n", Kind: table.Int64},
		{Name: "at", Kind: table.Timestamp},
		{Name: "price", Kind: table.Decimal},
		{Name: "f", Kind: table.Float64},
		{Name: "yes", Kind: table.Bool},
		{Name: "a", Kind: table.String},
		{Name: "a1", Kind: table.String},
	}}
	row := table.Row{
		text("ü\n\""), text(" {\"b\":1,\r\n\"a\": [ ] }\n"), number(math.MinInt64), number(1776420672345000), number(2500000),
		number(int64(math.Float64bits(-0.5))), number(1), text(""),
		{},
	}
	require.Equal(t, strings.Join([]string{
		field("a", 's', ""), field("at", 't', 1776420672345000), "f\x00f\xbf\xe0\x00\x00\x00\x00\x00\x00", field("json", 'j', `{"b":1,  "a": [ ] }`),
		"n\x00i\x80\x00\x00\x00\x00\x00\x00\x00", field("price", 'd', 2500000), field("yes", 'b', 1), field("z", 's', "ü\n\""),
	}, ""), canonical(t, schema, row))
	row[8] = text("x")
	require.True(t, strings.HasPrefix(canonical(t, schema, row), field("a", 's', "")+field("a1", 's', "x")+"at"), "sorted by name")
}

func TestWhatNDJSONCannotHoldCountsAsNull(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{{Name: "j", Kind: table.JSON}, {Name: "f", Kind: table.Float64}}}
	for _, j := range []string{"", " ", "null", " null\n"} {
		for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			require.Empty(t, canonical(t, schema, table.Row{text(j), number(int64(math.Float64bits(f)))}), "%q %v", j, f)
		}
	}
	require.Empty(t, canonical(t, schema, table.Row{{}, {}}))
}

func TestLongTextsHaveTheSameFormAsShortOnes(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{{Name: "j", Kind: table.JSON}, {Name: "s", Kind: table.String}, {Name: "t", Kind: table.JSON}}}
	for _, n := range []int{1, 2046, 2047, 2048, 2049, 1 << 21} {
		long := strings.Repeat("x", n)
		got := canonical(t, schema, table.Row{text("\n[\"" + long + "\",\n\r1]"), text(long), text(`"` + long + `"`)})
		require.Equal(t, field("j", 'j', "[\""+long+"\",  1]")+field("s", 's', long)+field("t", 'j', `"`+long+`"`), got)
	}
}

func TestACanonicalFormCostsNoAllocation(t *testing.T) {
	schema, row := sample(300)
	c := table.NewCanonical(schema)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = c.Write(io.Discard, row) }))
}

// sample is a row as a list entry gives it, with a payload of so many bytes.
func sample(payload int) (*table.Schema, table.Row) {
	random := rand.New(rand.NewPCG(1, 2))
	schema, row := &table.Schema{}, table.Row{}
	for i := range 30 {
		c := table.Column{Name: fmt.Sprintf("column_%c_name", 'a'+i*7%26), Kind: []table.Kind{table.String, table.String, table.Int64, table.Timestamp, table.JSON}[i%5]}
		schema.Columns = append(schema.Columns, c)
		v := number(random.Int64() >> 12)
		if c.Kind == table.String {
			v = text(strings.Repeat("abc_", 5))
		}
		if c.Kind == table.JSON {
			v = text(`{"k":"` + strings.Repeat("v", payload/6) + `"}`)
		}
		row = append(row, v)
	}
	return schema, row
}

func BenchmarkCanonical(b *testing.B) {
	schema, row := sample(300)
	c := table.NewCanonical(schema)
	for b.Loop() {
		_ = c.Write(io.Discard, row)
	}
}
