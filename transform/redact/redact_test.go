package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/record/span"
)

var key = []byte("0123456789abcdef")

// hashed is the JSON string that a hash puts in the place of a value with a canonical text.
func hashed(text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return `"` + hex.EncodeToString(mac.Sum(nil)) + `"`
}

// redactor has a rule for each "action path".
func redactor(t testing.TB, secrets bool, rules ...string) *Redactor {
	t.Helper()
	o := Options{Secrets: secrets}
	for _, text := range rules {
		action, path, _ := strings.Cut(text, " ")
		r := Rule{Path: path, Action: Action(action)}
		if r.Action == Hash {
			r.Key = key
		}
		o.Rules = append(o.Rules, r)
	}
	r, err := New(o)
	require.NoError(t, err)
	return r
}

func TestRulesReachWhatTheirPathsSelectAndNothingElse(t *testing.T) {
	for _, c := range []struct{ what, rule, in, want string }{
		{"drop the only member", "drop $.a.b", `{"a":{"b":1}}`, `{"a":{}}`},
		{"drop the first member", "drop $.a", `{ "a" : 1 , "b" : 2 }`, `{"b" : 2 }`},
		{"drop the last member", "drop $.b", `{ "a" : 1 , "b" : 2 }`, `{ "a" : 1 }`},
		{"drop one in between", "drop $.b", `{"a":1,"b":[1,{"x":"},"}],"c":3}`, `{"a":1,"c":3}`},
		{"drop several in a row", "drop $['a','b','d']", `{"a":1,"b":2,"c":3,"d":4}`, `{"c":3}`},
		{"drop all", "drop $.x.*", `{"x":{"a":1,"b":2}}`, `{"x":{}}`},
		{"an element becomes null", "drop $.x[1]", `{"x":[1,2,3]}`, `{"x":[1,null,3]}`},
		{"from the end", "drop $.x[-1]", `{"x":[1,[2,3],{"y":4}]}`, `{"x":[1,[2,3],null]}`},
		{"slices", "mask $.x[1:3]", `{"x":[1,2,3,4]}`, `{"x":[1,"[redacted]","[redacted]",4]}`},
		{"slices from the end", "mask $.x[-2:]", `{"x":[1,2,3,4]}`, `{"x":[1,2,"[redacted]","[redacted]"]}`},
		{"slices backwards", "mask $.x[::-2]", `{"x":[1,2,3,4]}`, `{"x":[1,"[redacted]",3,"[redacted]"]}`},
		{"wildcards", "mask $.x[*].y", `{"x":[{"y":1,"z":2},{"y":[]},3]}`, `{"x":[{"y":"[redacted]","z":2},{"y":"[redacted]"},3]}`},
		{"descendants", "drop $..y", `{"y":1,"x":{"y":2,"z":[{"y":3,"w":4}]}}`, `{"x":{"z":[{"w":4}]}}`},
		{"descendants of one another", "mask $.a..b.c", `{"a":{"b":{"b":{"c":1}},"c":2},"c":3}`, `{"a":{"b":{"b":{"c":"[redacted]"}},"c":2},"c":3}`},
		{"every value of whatever type", "mask $.x.*", `{"x":{"a":1,"b":null,"c":true,"d":{},"e":"s"}}`, `{"x":{"a":"[redacted]","b":"[redacted]","c":"[redacted]","d":"[redacted]","e":"[redacted]"}}`},
		{"all of a repeated name", "drop $.a.b", `{"a":{"b":1,"b":2},"a":{"b":3,"c":4}}`, `{"a":{},"a":{"c":4}}`},
		{"a name however it is escaped", "mask $.body", `{"\u0062o\u0064y":1}`, `{"\u0062o\u0064y":"[redacted]"}`},
		{"a name in another case is another name", "mask $.body", `{"Body":1,"BODY":2}`, `{"Body":1,"BODY":2}`},
		{"what the path leads nowhere in", "mask $.a.b[0].c", `{"a":{"b":{"0":{"c":1}}}}`, `{"a":{"b":{"0":{"c":1}}}}`},
		{"digits, order and odd Unicode stay", "drop $.x", "{\"z\":1.50e+400,\"x\":0,\"a\":\"\\ud800\\/\xff\",\"a\":12345678901234567890}", "{\"z\":1.50e+400,\"a\":\"\\ud800\\/\xff\",\"a\":12345678901234567890}"},
	} {
		t.Run(c.what, func(t *testing.T) {
			require.Equal(t, c.want, string(redactor(t, false, c.rule).Record([]byte(c.in))))
		})
	}
}

func TestAHashIsThatOfTheCanonicalText(t *testing.T) {
	r := redactor(t, false, "hash $.v")
	for in, canonical := range map[string]string{
		`"user_1"`:                      "user_1",
		`"\u0075ser\u005f1"`:            "user_1",
		`"\ud83d\ude00"`:                "😀",
		`"😀"`:                           "😀",
		`"\ud800"`:                      `\ud800`,
		`1.50`:                          "1.50",
		`12345678901234567890123`:       "12345678901234567890123",
		`true`:                          "true",
		`{ "b" : [ 1 , "a b" ] }`:       `{"b":[1,"a b"]}`,
		`[ ]`:                           `[]`,
		"\"\"":                          "",
		"{\"a\":\"\\u0041\",\n\"b\":2}": `{"a":"\u0041","b":2}`,
	} {
		require.Equal(t, `{"v":`+hashed(canonical)+`}`, string(r.Record([]byte(`{"v":`+in+`}`))), in)
	}
	require.Equal(t, `{"v":null}`, string(r.Record([]byte(`{"v":null}`))))
	// printf user_1 | openssl dgst -sha256 -hmac 0123456789abcdef
	require.Equal(t, `{"v":"eb628dcd9011f511b1d592e5ff8404655e96444ac9646b193d505493ee1039fc"}`, string(r.Record([]byte(`{"v":"user_1"}`))))
}

func TestTheStrictestOfSeveralRulesCounts(t *testing.T) {
	in := []byte(`{"a":"x","b":1}`)
	require.Equal(t, `{"b":1}`, string(redactor(t, false, "hash $.a", "mask $..a", "drop $['a']").Record(in)))
	require.Equal(t, `{"a":"[redacted]","b":1}`, string(redactor(t, false, "hash $.a", "mask $..a").Record(in)))
	require.Equal(t, `{"a":{"b":"[redacted]"}}`, string(redactor(t, false, "mask $.a.b", "hash $.a.b").Record([]byte(`{"a":{"b":2}}`))))
}

func TestTheRecordsOwnKeysStay(t *testing.T) {
	in := `{"id":"log_1","timestamp":"2026-04-17T10:11:12Z","status":"failed","level":"info","parent":{"id":"log_2","status":"failed"}}`
	want := `{"id":"log_1","timestamp":"2026-04-17T10:11:12Z","status":"failed","parent":{}}`
	r := redactor(t, false, "drop $.level", "drop $..id", "drop $..status", "drop $..timestamp")
	require.Equal(t, want, string(r.Record([]byte(in))))
	require.Equal(t, `{}`, string(r.Record([]byte(`{"id":{"a":1},"timestamp":"secret","status":"odd"}`))), "what the program can't work by")
}

func TestRulesReachJSONInStrings(t *testing.T) {
	inner := `{"payload":{"body":"s3cret","to":"a\/b"}}`
	twice := quote(quote(inner)[1 : len(quote(inner))-1])
	r := redactor(t, false, "mask $.data.request.payload.body")
	for _, c := range []struct{ in, want string }{
		{quote(inner), quote(`{"payload":{"body":"[redacted]","to":"a\/b"}}`)},
		{quote(`{"payload":` + quote(`{"body":1}`) + `}`), quote(`{"payload":` + quote(`{"body":"[redacted]"}`) + `}`)},
		{twice, twice}, // a text that holds JSON's text is none
		{quote(inner[:len(inner)-3]), `"[redacted]"`},
		{quote("{not json"), quote("{not json")},
	} {
		require.Equal(t, `{"data":{"request":`+c.want+`}}`, string(r.Record([]byte(`{"data":{"request":`+c.in+`}}`))))
	}
}

func TestWhatStandsTooDeepInStringsIsMasked(t *testing.T) {
	text := `{"x":{"body":"s3cret"}}`
	for range maxDepth + 1 {
		text = `{"x":` + quote(text) + `}`
	}
	out := string(redactor(t, false, "mask $..body").Record([]byte(text)))
	require.NotContains(t, out, "s3cret")
	require.NoError(t, span.Validate([]byte(out)))
}

// quote writes a text as a JSON string.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func TestAWrongRuleIsRefused(t *testing.T) {
	for _, c := range []struct {
		rule Rule
		want string
	}{
		{Rule{Path: "$.a", Action: "blur"}, `no action "blur"`},
		{Rule{Path: "$.a", Action: Hash}, "needs a key"},
		{Rule{Path: "$.a", Action: Drop, Key: key}, "no other has one"},
		{Rule{Path: "a", Action: Drop}, "no JSONPath"},
		{Rule{Path: "$", Action: Drop}, "the whole record"},
		{Rule{Path: "$.a[?@.b]", Action: Drop}, "filter"},
	} {
		_, err := New(Options{Rules: []Rule{{Path: "$.x", Action: Drop}, c.rule}})
		var wrong *RuleError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, 1, wrong.Index)
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), string(key))
	}
}

func TestNothingToDoIsNoRedactor(t *testing.T) {
	r, err := New(Options{})
	require.NoError(t, err)
	require.Nil(t, r)
	text := []byte(`{"password":"x"}`)
	require.Equal(t, &text[0], &r.Record(text)[0])
	require.Equal(t, "password=abc", r.Text("password=abc"))
	require.False(t, r.HasRules())
}

func TestAnUnchangedRecordIsTheSameMemory(t *testing.T) {
	text := []byte(`  {"a":[1,{"b":"c"}]} `)
	require.Equal(t, &text[0], &redactor(t, true, "drop $.x").Record(text)[0])
}

func TestRedactionTakesLinearTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	r := redactor(t, true, "mask $..[-1]..x", "drop $..a..a..a.b", "mask $..*.q[-1:]")
	record := func(what string, text []byte) {
		start := time.Now()
		r.Record(text)
		// A tenth of a second each; going over a megabyte again at each of its parts takes minutes.
		require.Less(t, time.Since(start), 20*time.Second, what)
	}
	for what, part := range map[string]string{
		"arrays": "[", "objects": `{"a":`, "pairs": `{"value":"x","a":`, "names": `{"name":"Authorization","value":`,
	} {
		text := []byte(strings.Repeat(part, 5000) + "0" + strings.Repeat(map[byte]string{'[': "]", '{': "}"}[part[0]], 5000))
		require.NoError(t, span.Validate(text), what)
		record(what, text)
	}
	for _, part := range []string{"sk-", "eyJ", "eyJ.", "Bearer ", "basic ", "://", "://a:", "token=", "password:", `"token":`, "-----BEGIN PRIVATE KEY-----", "ghp_", "a.b:", "AIza", "Authorization:", "ya29.", "SG.", `\"token\":\"`} {
		text := strings.Repeat(part, 1<<20/len(part))
		record(part, []byte(fmt.Sprintf(`{"x":%s}`, quote(text))))
	}
}
