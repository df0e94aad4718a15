package redact

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
	"logferry/internal/record/span"
)

// fuzzRules are those that a fuzzed number chooses from, by its bits.
var fuzzRules = []Rule{
	{Path: "$.a", Action: Drop},
	{Path: "$.b.c", Action: Mask},
	{Path: "$..d", Action: Hash, Key: key},
	{Path: "$.e[*]", Action: Drop},
	{Path: "$.f[-1]", Action: Mask},
	{Path: "$..g[1:3]", Action: Drop},
	{Path: "$.h[::-2].c", Action: Mask},
	{Path: "$.*", Action: Mask},
	{Path: "$..*[0]", Action: Drop},
	{Path: "$..a..b", Action: Drop},
	{Path: "$['a','b',0].c", Action: Hash, Key: key},
	{Path: "$..id", Action: Drop},
}

func chosen(bits uint16) (rules []Rule, hashes bool) {
	for i, r := range fuzzRules {
		if bits>>i&1 != 0 {
			rules, hashes = append(rules, r), hashes || r.Action == Hash
		}
	}
	return rules, hashes
}

// FuzzRecord redacts whatever the checks of a record let through.
func FuzzRecord(f *testing.F) {
	for _, seed := range []string{
		`{"id":"log_1","timestamp":"2026-04-17T10:11:12Z","status":"success","a":1,"b":{"c":"x"},"d":["y",{"d":2}]}`,
		`{"a":{"a":{"b":1,"b":[]}},"e":[1,{"c":2},"x"],"f":[[1],[2,3]],"g":[0,1,2,3],"h":[{"c":1},{"c":2},{"c":3}]}`,
		`{"b":"{\"c\":\"x\\u0041\",\"d\":{ \"d\" : 1 }}","g":"[1,2,\"[3,4]\"]"}`, `{"b":"{\"c\":1","d":"[{\"d\"","a\u0062":1}`,
		"{\"a\":\"\xff\",\"\\u0061\":\"\\ud800\",\"d\":\"\\ud800\"}", `[1,[2]]`, `"Bearer abcdefgh12345678"`, `{"password":"x","m":"password=\u0061b&token=1x","ghp_` + letters[:36] + `":1}`,
		`{"headers":[{"name":"Cookie","value":"a"},["Authorization","b"]],"m":"https:\/\/u:p@h"}`, `{ "a" : 1 , "e" : [ ] }`,
	} {
		f.Add([]byte(seed), uint16(0xffff), true)
		f.Add([]byte(seed), uint16(0x0abc), false)
		f.Add([]byte(seed), uint16(0), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, bits uint16, secrets bool) {
		if span.Validate(text) != nil {
			return // never reaches a Redactor
		}
		rules, hashes := chosen(bits)
		r, err := New(Options{Rules: rules, Secrets: secrets})
		require.NoError(t, err)
		before := bytes.Clone(text)
		out := r.Record(text)
		require.Equal(t, before, text, "the record itself was changed")
		require.NoError(t, span.Validate(out), "%q", out)
		sameEntry(t, text, out)
		if !hashes {
			require.Equal(t, string(out), string(r.Record(out)), "once more")
		}
		if secrets {
			return
		}
		if decodable(text) {
			require.Equal(t, expected(text, rules), decodeTree(out).String())
		}
		if len(rules) == 0 {
			require.Equal(t, string(text), string(out))
		}
	})
}

// decodable leaves out strings that begin like JSON and are cut off, or that are no Unicode, or that are deeper than is looked: an oracle that
// decodes says nothing of them.
func decodable(text []byte) bool {
	ok := true
	var look func(t *tree, depth int)
	look = func(t *tree, depth int) {
		if t.kind == '"' && t.inner == nil {
			content, valid := contentOf([]byte(t.text))
			ok = ok && valid && !begins(content)
		}
		if t.inner != nil {
			ok = ok && depth < maxDepth
			look(t.inner, depth+1)
		}
		for _, v := range t.values {
			look(v, depth)
		}
	}
	look(decodeTree(text), 0)
	return ok
}

// sameEntry says that what the checks find in a record is found in the redacted one.
func sameEntry(t *testing.T, text, out []byte) {
	entry := func(b []byte) string {
		page, err := record.ParsePage([]byte(fmt.Sprintf(`{"logs":[%s]}`, b)))
		if err != nil {
			return "refused"
		}
		if len(page.Entries) == 0 {
			return "bad"
		}
		e := page.Entries[0]
		if e.Status != "success" && e.Status != "failed" {
			e.Status = ""
		}
		require.NoError(t, record.CheckDetail(b, e.ID))
		return fmt.Sprint(e.Key, e.Status)
	}
	if was := entry(text); was != "bad" { // a bad one may become worse
		require.Equal(t, was, entry(out))
	}
}
