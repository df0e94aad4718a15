package span

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMembersGivesNamesAndValuesAsTheyStand(t *testing.T) {
	o := Members([]byte(" { \"a\" : [1, {\"x\":\"]}\"}] ,\n\"b\":\"\\\"\",\"\\u0063\" :1e400, \"a\":null , \"e\":{} }"))
	var got []string
	for o.Next() {
		got = append(got, fmt.Sprintf("%s=%s", o.Key(), o.Value))
	}
	require.Equal(t, []string{`a=[1, {"x":"]}"}]`, `b="\""`, `c=1e400`, `a=null`, `e={}`}, got)
}

func TestElementsGivesValuesAsTheyStand(t *testing.T) {
	a := Elements([]byte(` [ 1 ,[ ], "a,]" , {"b":[2]},-0.5e+7 ]`))
	var got []string
	for a.Next() {
		got = append(got, string(a.Value))
	}
	require.Equal(t, []string{`1`, `[ ]`, `"a,]"`, `{"b":[2]}`, `-0.5e+7`}, got)
}

func TestMembersAndElementsOfAnotherTypeAreNone(t *testing.T) {
	for _, text := range []string{``, ` `, `1`, `"{}"`, `null`, `{}`, `[]`} {
		o, a := Members([]byte(text)), Elements([]byte(text))
		require.False(t, o.Next(), text)
		require.False(t, a.Next(), text)
	}
}

func TestStringsOfEveryLengthAndEscapeAreSkipped(t *testing.T) {
	for length := range 200 {
		for _, filler := range []string{"x", `\"`, `\\`, "é", `\u0022`, `x\n`} {
			text := `["` + strings.Repeat(filler, length) + `","end"]`
			require.NoError(t, Validate([]byte(text)))
			a := Elements([]byte(text))
			require.True(t, a.Next())
			require.Len(t, a.Value, length*len(filler)+2)
			require.True(t, a.Next())
			require.Equal(t, `"end"`, string(a.Value))
			require.False(t, a.Next())
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		value, want string
		ok          bool
	}{
		{`""`, "", true},
		{`"é"`, "é", true},
		{`"a\u00e9\n\/\ud83d\ude00"`, "aé\n/😀", true},
		{`"\ud800"`, "", false},
		{`"\ude00\ud83d"`, "", false},
		{"\"\xff\"", "", false},
		{"\"\\n\xff\"", "", false},
		{`5`, "", false},
		{`null`, "", false},
		{``, "", false},
		{`"`, "", false},
	} {
		scratch := []byte("kept")
		got, ok := Text([]byte(c.value), &scratch)
		require.Equal(t, c.ok, ok, c.value)
		require.Equal(t, c.want, string(got), c.value)
		require.True(t, strings.HasPrefix(string(scratch), "kept"))
	}
}

func TestScaled(t *testing.T) {
	for _, c := range []struct {
		number string
		scale  int
		floor  int64
		rest   Rest
		ok     bool
	}{
		{"0", 0, 0, Exact, true},
		{"-0.000e999999999999999999", 3, 0, Exact, true},
		{"812.5", 0, 812, Half, true},
		{"-812.5", 0, -813, Half, true},
		{"-812.4", 0, -813, AboveHalf, true},
		{"812.50001", 0, 812, AboveHalf, true},
		{"812.49999", 0, 812, BelowHalf, true},
		{"1e3", 0, 1000, Exact, true},
		{"0.5", 0, 0, Half, true},
		{"0.05", 0, 0, BelowHalf, true},
		{"5e-1", 0, 0, Half, true},
		{"1e-999999999999", 0, 0, BelowHalf, true},
		{"9223372036854775807", 0, 9223372036854775807, Exact, true},
		{"9223372036854775808", 0, 0, Exact, false},
		{"-9223372036854775808", 0, -9223372036854775808, Exact, true},
		{"-9223372036854775808.1", 0, 0, Exact, false},
		{"1e400", 0, 0, Exact, false},
		{"1e999999999999999999999", 0, 0, Exact, false},
		{"1e18446744073709551616", 0, 0, Exact, false},
		{"0.000000001", 9, 1, Exact, true},
		{"0.0000000015", 9, 1, Half, true},
		{"12.34", 9, 12340000000, Exact, true},
		{"100e-2", 0, 1, Exact, true},
		{"0.00092233720368547758070e22", 0, 9223372036854775807, Exact, true},
		{"99999999999999999999", -1, 0, Exact, false},
	} {
		floor, rest, ok := Scaled([]byte(c.number), c.scale)
		require.Equal(t, c.ok, ok, c.number)
		if ok {
			require.Equal(t, c.floor, floor, c.number)
			require.Equal(t, c.rest, rest, c.number)
		}
	}
}

func TestScaledAgreesWithRationalArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,21})(\.[0-9]{1,22})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "number")
		scale := rapid.IntRange(0, 9).Draw(t, "scale")
		exact, ok := new(big.Rat).SetString(number)
		require.True(t, ok)
		exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
		want, remainder := new(big.Int).DivMod(exact.Num(), exact.Denom(), new(big.Int))
		floor, rest, fits := Scaled([]byte(number), scale)
		require.Equal(t, want.IsInt64(), fits, "%s: %s", number, want)
		if !fits {
			return
		}
		require.Equal(t, want.Int64(), floor)
		wantRest := Exact
		if remainder.Sign() != 0 {
			wantRest = []Rest{BelowHalf, Half, AboveHalf}[1+remainder.Lsh(remainder, 1).Cmp(exact.Denom())]
		}
		require.Equal(t, wantRest, rest, number)
	})
}

func TestIsPlainDecimal(t *testing.T) {
	for _, s := range []string{"0", "-1", "12.50", "0.000114", "007"} {
		require.True(t, IsPlainDecimal([]byte(s)), s)
	}
	for _, s := range []string{"", "-", ".", "1.", ".5", "1e3", "+1", " 1", "1.2.3", "--1", "0x1", "$1", "1,5", "NaN"} {
		require.False(t, IsPlainDecimal([]byte(s)), s)
	}
}

func TestValidateSaysWhere(t *testing.T) {
	for text, offset := range map[string]int64{"": 0, "{\"a\":\x01}": 5, `[1,2`: 4, `{} {}`: 2, `[1]]`: 3} {
		err := Validate([]byte(text))
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, text)
		require.Equal(t, offset, syntax.Offset, text)
	}
}

func FuzzWalk(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":"c\"d"}],"e":null}`, `[[],{},"",0]`, `{"a"`, `[1`, `{"a":"\`, `["\\`, `{a:1}`, "[}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		count := 0
		for o := Members(text); o.Next(); count++ {
			require.Less(t, count, len(text))
			_ = o.Key()
		}
		for a := Elements(text); a.Next(); count++ {
			require.LessOrEqual(t, count, len(text))
		}
		if Validate(text) != nil {
			return
		}
		require.Equal(t, roundTrip(t, text), roundTrip(t, rebuild(text)))
	})
}

// rebuild writes the text again from what the walkers return.
func rebuild(text []byte) []byte {
	text = Trim(text)
	switch text[0] {
	case '{':
		out := []byte("{")
		for o := Members(text); o.Next(); {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(append(append(out, '"'), o.Name...), '"', ':')
			out = append(out, rebuild(o.Value)...)
		}
		return append(out, '}')
	case '[':
		out := []byte("[")
		for a := Elements(text); a.Next(); {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(out, rebuild(a.Value)...)
		}
		return append(out, ']')
	}
	return text
}

func roundTrip(t *testing.T, text []byte) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	out, err := json.Marshal(v)
	require.NoError(t, err)
	return string(out)
}

func BenchmarkValidate(b *testing.B) {
	text := []byte(`{"id":"log_5fY2hKq0aXw1","n":[1,2,3],"data":{"k":"` + strings.Repeat("some text, ", 300) + `"}}`)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if Validate(text) != nil {
			b.Fatal()
		}
	}
}

func TestRoundedIsHalfToEvenUpToBothEnds(t *testing.T) {
	for number, want := range map[string]int64{
		"0": 0, "0.5": 0, "1.5": 2, "2.5": 2, "-0.5": 0, "-1.5": -2, "-2.5": -2, "2.51": 3, "-2.51": -3, "1e3": 1000,
		"9223372036854775806.5": 9223372036854775806, "9223372036854775807.4": 9223372036854775807,
		"-9223372036854775808.5": -9223372036854775808,
	} {
		got, ok := Rounded([]byte(number), 0)
		require.True(t, ok, number)
		require.Equal(t, want, got, number)
	}
	for _, number := range []string{"9223372036854775807.5", "-9223372036854775808.51", "1e400", "-1e19", "9223372036854775808"} {
		_, ok := Rounded([]byte(number), 0)
		require.False(t, ok, number)
	}
}
