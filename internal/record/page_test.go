package record

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParsePageSplitsEntriesAndKeepsTheirExactBytes(t *testing.T) {
	first := `{ "id" : "log_1", "timestamp":"2026-04-17T10:11:12.345Z","status":"success","n":1e400}`
	second := "{\"id\":\"log_2\",\"timestamp\":\"2026-04-17T10:11:12Z\",\"m\":\"\xff\\ud800\"}"
	body := "\n {\"logs\": [" + first + " ,\t" + second + "], \"next_cursor\": \"abc\"} \n"
	page, err := ParsePage([]byte(body))
	require.NoError(t, err)
	require.Empty(t, page.Bad)
	require.Len(t, page.Entries, 2)
	require.Equal(t, Key{Micros: 1776420672345000, ID: "log_1"}, page.Entries[0].Key)
	require.Equal(t, "success", page.Entries[0].Status)
	require.Equal(t, first, string(page.Entries[0].Raw))
	require.Equal(t, Key{Micros: 1776420672000000, ID: "log_2"}, page.Entries[1].Key)
	require.Empty(t, page.Entries[1].Status)
	require.Equal(t, second, string(page.Entries[1].Raw))
	require.Equal(t, `"abc"`, string(page.Next))
}

func TestParsePageCursor(t *testing.T) {
	for _, c := range []struct{ name, member, want string }{
		{"string", `,"next_cursor":"a\u0041"`, `"a\u0041"`},
		{"null", `,"next_cursor":null`, ""},
		{"absent", ``, ""},
		{"empty", `,"next_cursor":""`, ""},
		{"number", `,"next_cursor":12345678901234567890`, "12345678901234567890"},
		{"object", `,"next_cursor":{"a":[1, 2]}`, `{"a":[1, 2]}`},
		{"last of two", `,"next_cursor":"a","next_cursor":"b"`, `"b"`},
		{"escaped name", `,"next\u005fcursor":"a"`, `"a"`},
		{"another case", `,"Next_Cursor":"a"`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			page, err := ParsePage([]byte(`{"logs":[]` + c.member + `}`))
			require.NoError(t, err)
			require.Equal(t, c.want, string(page.Next))
			require.Equal(t, c.want == "", page.Next == nil)
		})
	}
}

func TestParsePageRefusesWhatIsNoPage(t *testing.T) {
	for _, body := range []string{
		"", " ", "null", "[]", `"logs"`, "{}", `{"logs":null}`, `{"logs":{}}`, `{"Logs":[]}`, `{"logs":[]`, `{"logs":[]}}`,
		`{"logs":[]} x`, `{"logs":[{"id":"a]}`, `{"logs":[1,]}`, `{"logs":[01]}`, `{"logs":["` + "\x01" + `"]}`, `{'logs':[]}`, "<html>",
		`{"logs":[],"logs":3}`,
	} {
		_, err := ParsePage([]byte(body))
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, "%q", body)
		require.LessOrEqual(t, syntax.Offset, int64(len(body)))
	}
	_, err := ParsePage([]byte(`{"logs":[{"id":`))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestParsePageListsElementsThatAreNoRecord(t *testing.T) {
	const at = `"timestamp":"2026-04-17T10:11:12.345Z"`
	for _, c := range []struct{ name, element, id, reason string }{
		{"number", `5`, "", "no JSON object"},
		{"null", `null`, "", "no JSON object"},
		{"no id", `{` + at + `}`, "", "no id"},
		{"id of another type", `{"id":7,` + at + `}`, "", "no id"},
		{"empty id", `{"id":"",` + at + `}`, "", "no id"},
		{"id with a lone surrogate", `{"id":"a\ud800",` + at + `}`, "", "no id"},
		{"id that is no UTF-8", "{\"id\":\"a\xff\"," + at + `}`, "", "no id"},
		{"id in another case", `{"ID":"a",` + at + `}`, "", "no id"},
		{"no timestamp", `{"id":"a"}`, "a", "no readable timestamp"},
		{"odd timestamp", `{"id":"a","timestamp":"yesterday"}`, "a", "no readable timestamp"},
		{"null timestamp", `{"id":"a","timestamp":null}`, "a", "no readable timestamp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			good := `{"id":"log_1",` + at + `}`
			page, err := ParsePage([]byte(`{"logs":[` + c.element + `,` + good + `]}`))
			require.NoError(t, err)
			require.Len(t, page.Entries, 1)
			require.Len(t, page.Bad, 1)
			bad := page.Bad[0]
			require.Equal(t, c.id, bad.ID)
			require.Contains(t, bad.Reason, c.reason)
			require.Equal(t, c.element, string(bad.Raw))
			require.Equal(t, strings.Contains(c.element, at), bad.HasTime)
		})
	}
}

func TestParsePageTakesTheLastOfRepeatedNames(t *testing.T) {
	page, err := ParsePage([]byte(`{"logs":[1],"logs":[{"id":"a","id":"b","timestamp":1,"timestamp":2,"status":"x","st\u0061tus":"failed"}]}`))
	require.NoError(t, err)
	require.Empty(t, page.Bad)
	require.Len(t, page.Entries, 1)
	require.Equal(t, Key{Micros: 2000, ID: "b"}, page.Entries[0].Key)
	require.Equal(t, "failed", page.Entries[0].Status)
}

func TestCloneSharesNoMemory(t *testing.T) {
	body := []byte(`{"logs":[{"id":"a","timestamp":1}]}`)
	page, err := ParsePage(body)
	require.NoError(t, err)
	rec := Record{Entry: page.Entries[0], Outcome: Fetched, Detail: []byte(`{"id":"a"}`)}
	clone := rec.Clone()
	clear(body)
	clear(rec.Detail)
	require.Equal(t, `{"id":"a","timestamp":1}`, string(clone.Raw))
	require.Equal(t, `{"id":"a"}`, string(clone.Detail))
}

func TestCheckDetail(t *testing.T) {
	var syntax *SyntaxError
	var other *IDError
	require.NoError(t, CheckDetail([]byte(" {\"id\":\"log_1\",\"data\":\"\xff\"}\n"), "log_1"))
	require.NoError(t, CheckDetail([]byte(`{"id":"x","\u0069d":"log\u005f1"}`), "log_1"))
	require.ErrorAs(t, CheckDetail([]byte(`{}`), ""), &other, "an id that was never asked for")
	for _, body := range []string{"", "{", `{"id":"log_1"`, `{"id":"log_1"} {}`, `[{"id":"log_1"}]`, `"log_1"`} {
		require.ErrorAs(t, CheckDetail([]byte(body), "log_1"), &syntax, "%q", body)
	}
	for _, body := range []string{`{}`, `{"id":1}`, `{"id":"log_2"}`, `{"ID":"log_1"}`, `{"id":"log_1","id":null}`} {
		require.ErrorAs(t, CheckDetail([]byte(body), "log_1"), &other, "%q", body)
	}
}

func TestRepairEscapesControlCharactersInStringsOnly(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing to do", "{\n\t\"a\":\"b\\n\\\"\"}", ""},
		{"all kinds", "{\"a\":\"\x00\x1f\b\t\n\f\r\"}", `{"a":"\u0000\u001f\b\t\n\f\r"}`},
		{"space between tokens stays", "{\n\"a\":\t\"x\ny\"\r}", "{\n\"a\":\t\"x\\ny\"\r}"},
		{"after an escaped quote", "[\"\\\"\n\",\n\"\\\\\"\n]", "[\"\\\"\\n\",\n\"\\\\\"\n]"},
		{"invalid UTF-8 stays", "\"\xff\n\x7f\"", "\"\xff\\n\x7f\""},
		{"behind a backslash stays broken", "\"\\\n\"", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, changed := Repair([]byte(c.in))
			if c.want == "" {
				require.False(t, changed)
				require.Equal(t, c.in, string(got))
				return
			}
			require.True(t, changed)
			require.Equal(t, c.want, string(got))
			_, again := Repair(got)
			require.False(t, again)
		})
	}
}

func FuzzParsePage(f *testing.F) {
	for _, seed := range []string{
		`{"logs":[{"id":"a","timestamp":"2026-04-17T10:11:12.345Z","status":"success"}],"next_cursor":"x"}`,
		`{"logs":[{"id":"a","timestamp":1e3},5,null],"next_cursor":{}}`, "{\"logs\":[\"\x01\"]}", `{"logs":[`, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := ParsePage(body)
		if err != nil {
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			if fixed, changed := Repair(body); changed {
				_, _ = ParsePage(fixed)
			}
			return
		}
		for _, e := range page.Entries {
			require.NoError(t, CheckDetail(e.Raw, e.ID))
		}
		if _, changed := Repair(body); changed {
			t.Fatal("an accepted body has control characters in a string")
		}
	})
}

func BenchmarkParsePage(b *testing.B) {
	for _, kb := range []float64{0.5, 4, 30} {
		body := benchmarkPage(100, int(kb*1000))
		b.Run(fmt.Sprintf("entry=%gKB", kb), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if page, err := ParsePage(body); err != nil || len(page.Entries) != 100 {
					b.Fatal(err, len(page.Entries))
				}
			}
			b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func benchmarkPage(entries, size int) []byte {
	parts := make([]string, entries)
	for i := range parts {
		e := fmt.Sprintf(`{"id":"log_%024d","timestamp":"2026-04-17T10:11:12.%03dZ","type":"tool.execution","status":"success","level":"info","metadata":{"tool":{"slug":"GMAIL_SEND_EMAIL","name":"Send email"},"toolkit":{"slug":"gmail"},"user_id":"user_%d","connected_account_id":"ca_9f8e7d6c5b4a","auth_config_id":"ac_123456","instant_charge":"0.000114"},"metrics":{"duration_ms":812.4},"parent":null,"message":"`, i, i, i)
		e += strings.Repeat(`sent to \"someone\" at 10:11, `, max(1, (size-len(e))/31))
		parts[i] = e + `"}`
	}
	return []byte(`{"logs":[` + strings.Join(parts, ",") + `],"next_cursor":"eyJ0IjoxfQ"}`)
}

func TestParsePageReadsWhatTheDocumentationShows(t *testing.T) {
	body, err := os.ReadFile(filepath.Join("testdata", "page.json"))
	require.NoError(t, err)
	page, err := ParsePage(body)
	require.NoError(t, err)
	require.Len(t, page.Entries, 3)
	require.Empty(t, page.Bad)
	require.Equal(t, []string{"success", "failed", "success"}, []string{page.Entries[0].Status, page.Entries[1].Status, page.Entries[2].Status})
}
