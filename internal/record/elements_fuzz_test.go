package record

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"logferry/internal/record/span"
)

// FuzzPageElements compares a page with what encoding/json makes of it: every element is an entry or is bad, in the page's order
// and with its exact text, and an entry is what has an id and a time.
func FuzzPageElements(f *testing.F) {
	for _, text := range []string{
		`{"id":"a","timestamp":"2026-04-17T10:11:12.345Z","status":"success"},{"id":"b","timestamp":1e3,"status":7}`, `{"id":"a","timestamp":1,"id":null,"timestamp":"x"}`, `{"id":"\ud83d\ude00","timestamp":-1},{"id":"\ud800","timestamp":1}`,
		`5,null,[],{},"x",{"id":""}`, `{"\u0069d":"a","timestamp":1}`, "{\"id\":\"a\xff\",\"timestamp\":1}", ` { "id" : "a" , "timestamp" : 1 , "status" : "failed" } `, ``, `{"id":"a"}]},{"logs":[{"id":"b"}`,
		`{"id":"a","timestamp":"2026-04-17T10:11:12.345678999+02:00","ID":"b","Timestamp":0}`,
	} {
		f.Add([]byte(text), []byte(`"x"`))
	}
	f.Add([]byte(`1`), []byte(`null,"logs":[{"id":"z","timestamp":9}]`))
	f.Add([]byte(`1`), []byte("{\"a\": [ ]}\n"))
	f.Fuzz(func(t *testing.T, elements, next []byte) {
		body := bytes.Join([][]byte{[]byte(`{"logs":[`), elements, []byte(`],"next_cursor":`), next, []byte(`}`)}, nil)
		page, err := ParsePage(body)
		require.Equal(t, span.Validate(body) == nil, err == nil || validOtherwise(body), "%v", err)
		if err != nil || !json.Valid(body) {
			return
		}
		logs, cursor := decodedPage(t, body)
		require.Len(t, logs, len(page.Entries)+len(page.Bad))
		if string(cursor) == "null" || string(cursor) == `""` {
			cursor = nil
		}
		require.Equal(t, string(cursor), string(page.Next))
		entries, bads := page.Entries, page.Bad
		for _, raw := range logs {
			switch {
			case len(entries) > 0 && bytes.Equal(entries[0].Raw, raw):
				checkEntry(t, entries[0])
				entries = entries[1:]
			case len(bads) > 0:
				require.Equal(t, string(raw), string(bads[0].Raw))
				require.NotEmpty(t, bads[0].Reason)
				bads = bads[1:]
			default:
				t.Fatalf("%q is neither an entry nor bad", raw)
			}
		}
	})
}

// validOtherwise says that a text is JSON, and that a page it is not: its last `logs` is no array.
func validOtherwise(body []byte) bool {
	var last []byte
	for m := span.Members(body); m.Next(); {
		if string(m.Key()) == "logs" {
			last = m.Value
		}
	}
	return span.Validate(body) == nil && (len(last) == 0 || last[0] != '[')
}

// decodedPage finds the elements and the cursor by the tokens of the JSON library.
func decodedPage(t *testing.T, body []byte) (logs []jsontext.Value, cursor jsontext.Value) {
	d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	_, err := d.ReadToken()
	require.NoError(t, err)
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		require.NoError(t, err)
		switch token.String() {
		case "next_cursor":
			value, err := d.ReadValue()
			require.NoError(t, err)
			cursor = value.Clone()
		case "logs":
			logs = nil
			_, err := d.ReadToken()
			require.NoError(t, err)
			for d.PeekKind() != ']' {
				value, err := d.ReadValue()
				require.NoError(t, err)
				logs = append(logs, value.Clone())
			}
			_, err = d.ReadToken()
			require.NoError(t, err)
		default:
			require.NoError(t, d.SkipValue())
		}
	}
	return logs, cursor
}

// checkEntry compares an entry with the last members of each name, as encoding/json has them.
func checkEntry(t *testing.T, e Entry) {
	members := map[string]json.RawMessage{}
	require.NoError(t, json.Unmarshal(e.Raw, &members))
	var id string
	require.NoError(t, json.Unmarshal(members["id"], &id))
	require.Equal(t, id, e.ID)
	require.NotEmpty(t, id)
	micros, _, err := ParseTimestamp(members["timestamp"])
	require.NoError(t, err)
	require.Equal(t, micros, e.Micros)
	var status string
	if len(members["status"]) > 0 && members["status"][0] == '"' && jsontext.Value(members["status"]).IsValid() {
		require.NoError(t, json.Unmarshal(members["status"], &status))
	}
	require.Equal(t, status, e.Status)
}
