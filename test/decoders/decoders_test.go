// Package decoders compares JSON libraries on the one job that logferry has for them: split a list page into its records
// and get some of each record's members as they stand in the text. README.md has the results.
package decoders

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bytedance/sonic"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	goccy "github.com/goccy/go-json"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"logferry/internal/record"
	"logferry/internal/record/span"
)

// fields is what the job gets of a record. All but id and status is the exact text.
type fields struct {
	id, status             string
	raw, metadata, metrics []byte
}

// decoder does the job with one library.
type decoder struct {
	name  string
	split func(body []byte) ([]fields, error)
}

// chosen is what logferry does: the library jsontext says whether the body is JSON, the package span walks over it.
const chosen = "jsontext + span"

var decoders = []decoder{
	{chosen, splitSpan},
	{"go-json-experiment", splitStructs[jsontext.Value](func(b []byte, v any) error {
		return json.Unmarshal(b, v, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	})},
	{"encoding/json", splitStructs[stdjson.RawMessage](stdjson.Unmarshal)},
	{"goccy/go-json", splitStructs[goccy.RawMessage](goccy.Unmarshal)},
	{"sonic (default)", splitStructs[stdjson.RawMessage](sonic.ConfigDefault.Unmarshal)},
	{"sonic (std)", splitStructs[stdjson.RawMessage](sonic.ConfigStd.Unmarshal)},
	{"gjson", splitGJSON(false)},
	{"gjson + Valid", splitGJSON(true)},
}

var errNoPage = errors.New("no page")

func splitSpan(body []byte) ([]fields, error) {
	page, err := record.ParsePage(body)
	if err != nil {
		return nil, err
	}
	out := make([]fields, 0, len(page.Entries))
	for _, e := range page.Entries {
		f := fields{id: e.ID, status: e.Status, raw: e.Raw}
		for m := span.Members(e.Raw); m.Next(); {
			switch string(m.Key()) {
			case "metadata":
				f.metadata = m.Value
			case "metrics":
				f.metrics = m.Value
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// splitStructs does the job with a library that fills structs, in two steps: the exact text of each record is wanted too.
func splitStructs[Raw ~[]byte](unmarshal func([]byte, any) error) func([]byte) ([]fields, error) {
	return func(body []byte) ([]fields, error) {
		var page struct {
			Logs []Raw `json:"logs"`
		}
		if err := unmarshal(body, &page); err != nil {
			return nil, err
		}
		if page.Logs == nil {
			return nil, errNoPage
		}
		out := make([]fields, 0, len(page.Logs))
		for _, raw := range page.Logs {
			var e struct {
				ID        string `json:"id"`
				Timestamp string `json:"timestamp"`
				Status    string `json:"status"`
				Metadata  Raw    `json:"metadata"`
				Metrics   Raw    `json:"metrics"`
			}
			if err := unmarshal(raw, &e); err != nil {
				return nil, err
			}
			out = append(out, fields{id: e.ID, status: e.Status, raw: raw, metadata: e.Metadata, metrics: e.Metrics})
		}
		return out, nil
	}
}

func splitGJSON(validate bool) func([]byte) ([]fields, error) {
	return func(body []byte) ([]fields, error) {
		if validate && !gjson.ValidBytes(body) {
			return nil, errNoPage
		}
		logs := gjson.GetBytes(body, "logs")
		if !logs.IsArray() {
			return nil, errNoPage
		}
		var out []fields
		logs.ForEach(func(_, entry gjson.Result) bool {
			f := fields{raw: []byte(entry.Raw)}
			entry.ForEach(func(key, value gjson.Result) bool {
				switch key.Str {
				case "id":
					f.id = value.Str
				case "status":
					f.status = value.Str
				case "metadata":
					f.metadata = []byte(value.Raw)
				case "metrics":
					f.metrics = []byte(value.Raw)
				}
				return true
			})
			out = append(out, f)
			return true
		})
		return out, nil
	}
}

func page(members string) []byte {
	return []byte(`{"logs":[{"id":"log_1","timestamp":"2026-04-17T10:11:12.345Z","status":"success",` + members + `}],"next_cursor":null}`)
}

// behaviours are the properties that logferry needs. want is the first record's metadata as it has to come out, where it
// is not "".
var behaviours = []struct {
	name, members string
	ok            func(f fields) bool
}{
	{"inner space and key order kept", `"metadata":{ "b" : 1,  "a":[ ] }`, metadataIs(`{ "b" : 1,  "a":[ ] }`)},
	{"digits kept (2^63, 1e400, 1.10)", `"metadata":[9223372036854775808,1e400,1.10]`, metadataIs(`[9223372036854775808,1e400,1.10]`)},
	{"invalid UTF-8 kept", "\"metadata\":\"a\xff\xfeb\"", metadataIs("\"a\xff\xfeb\"")},
	{"lone surrogate kept", `"metadata":"\ud800"`, metadataIs(`"\ud800"`)},
	{"last of repeated names", `"metadata":1,"metadata":2,"status":"a","status":"b"`, func(f fields) bool { return string(f.metadata) == "2" && f.status == "b" }},
	{"names compared by case", `"metadata":1,"METADATA":2,"Status":"b"`, func(f fields) bool { return string(f.metadata) == "1" && f.status == "success" }},
	{"escaped names resolved", `"met\u0061data":1`, metadataIs("1")},
}

func metadataIs(want string) func(fields) bool {
	return func(f fields) bool { return string(f.metadata) == want }
}

// malformed are bodies that a page must not be made of.
var malformed = []struct{ name, body string }{
	{"cut off", `{"logs":[{"id":"log_1","metadata":{"a":"b`},
	{"cut off behind a record", `{"logs":[{"id":"log_1","timestamp":"2026-04-17T10:11:12Z"}`},
	{"text behind", string(page(`"metadata":1`)) + "x"},
	{"two values", string(page(`"metadata":1`)) + "{}"},
	{"comma too many", `{"logs":[{"id":"log_1","metadata":[1,]}]}`},
	{"comma missing", `{"logs":[{"id":"log_1" "metadata":1}]}`},
	{"raw control character", string(page("\"metadata\":\"a\x01b\""))},
	{"unknown escape", string(page(`"metadata":"\q"`))},
	{"leading zero", string(page(`"metadata":01`))},
	{"bare word", string(page(`"metadata":nil`))},
	{"wrong bracket", string(page(`"metadata":[1}`))},
	{"invalid UTF-8 outside of strings", string(page("\"metadata\":1\xff"))},
	{"an HTML page", `<html>"logs":[]</html>`},
}

// verdict runs a decoder, which may panic on what it can't cope with.
func verdict(d decoder, body []byte) (out []fields, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return d.split(bytes.Clone(body))
}

func (d decoder) behaves(i int) bool {
	out, err := verdict(d, page(behaviours[i].members))
	return err == nil && len(out) == 1 && out[0].id == "log_1" && behaviours[i].ok(out[0])
}

func (d decoder) refuses(i int) bool {
	_, err := verdict(d, []byte(malformed[i].body))
	return err != nil
}

func TestTheChosenDecoderKeepsEveryPropertyThatLogferryNeeds(t *testing.T) {
	for _, d := range decoders {
		if d.name != chosen {
			continue
		}
		for i, b := range behaviours {
			require.True(t, d.behaves(i), b.name)
		}
		for i, m := range malformed {
			require.True(t, d.refuses(i), m.name)
		}
	}
}

func TestEveryDecoderDoesTheJobOnUsualPages(t *testing.T) {
	body := benchmarkPage(10, 2000)
	want, err := splitSpan(body)
	require.NoError(t, err)
	for _, d := range decoders {
		got, err := d.split(body)
		require.NoError(t, err, d.name)
		require.Equal(t, want, got, d.name)
	}
}

// TestTheReadmeShowsWhatTheDecodersDo compares the second table of README.md with what the libraries do here.
func TestTheReadmeShowsWhatTheDecodersDo(t *testing.T) {
	var table strings.Builder
	row := func(name string, holds func(d decoder) bool) {
		table.WriteString("| " + name)
		for _, d := range decoders {
			table.WriteString(map[bool]string{true: " | yes", false: " | **no**"}[holds(d)])
		}
		table.WriteString(" |\n")
	}
	for i, b := range behaviours {
		row(b.name, func(d decoder) bool { return d.behaves(i) })
	}
	for i, m := range malformed {
		row("refuses: "+m.name, func(d decoder) bool { return d.refuses(i) })
	}
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), table.String(), "the table has to read:\n%s", table.String())
}

func BenchmarkSplit(b *testing.B) {
	for _, size := range []int{500, 4000, 30000} {
		const records = 100
		body := benchmarkPage(records, size)
		for _, d := range decoders {
			b.Run(fmt.Sprintf("record=%gKB/%s", float64(size)/1000, d.name), func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				before := cpuTime(b)
				for b.Loop() {
					if out, err := d.split(body); err != nil || len(out) != records {
						b.Fatal(len(out), err)
					}
				}
				// Of CPU time, so that the garbage collector's share counts and other load on the machine does not.
				b.ReportMetric(records*float64(b.N)/(cpuTime(b)-before).Seconds(), "records/cpu-s")
			})
		}
	}
}

func cpuTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// benchmarkPage makes records of about the given size in bytes: nested, with text that holds some escapes.
func benchmarkPage(records, size int) []byte {
	item := `{"id":"msg_1a2b3c4d5e6f","from":"bob@example.org","snippet":"Dear all,\nplease find the \"report\" of April attached","size":20311,"unread":true,"labels":["INBOX","WORK"]},`
	var body strings.Builder
	body.WriteString(`{"logs":[`)
	for i := range records {
		entry := fmt.Sprintf(`{"id":"log_%024d","timestamp":"2026-04-17T10:11:12.%03dZ","type":"tool.execution","status":"success","level":"info",`+
			`"metadata":{"tool":{"slug":"GMAIL_SEND_EMAIL"},"toolkit":{"slug":"gmail"},"user_id":"user_%d","connected_account_id":"ca_9f8e7d6c5b4a","instant_charge":"0.000114"},`+
			`"metrics":{"duration_ms":812.4},"parent":null,"data":{"request":{"payload":{"to":"ann@example.org","body":"`, i, i, i)
		entry += strings.Repeat("Dear Ann, here is what you asked for. ", max(0, (size-len(entry))/120)) + `"}},"response":{"items":[`
		entry += strings.Repeat(item, max(0, (size-len(entry))/len(item)))
		body.WriteString(entry + `null]}}},`)
	}
	return []byte(strings.TrimSuffix(body.String(), ",") + `],"next_cursor":"eyJ0IjoxfQ"}`)
}
