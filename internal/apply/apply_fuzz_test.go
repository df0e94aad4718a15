package apply

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"logferry/extract"
	"logferry/internal/record"
	"logferry/internal/spool"
	"logferry/internal/state"
	"logferry/sinks"
	"logferry/sinks/bucket"
)

// FuzzQuarantineLines quarantines any element of a page, as one that is no record or one whose detail can't be had: its line is one
// line, keeps what was received, is known again by the next run, and gives the entry that is tried again.
func FuzzQuarantineLines(f *testing.F) {
	for _, element := range []string{
		`{"id":"log_1","timestamp":"2026-04-17T10:11:12.345Z","a":[1, 2,{"<&>":"\u2028\ud83d\ude00"}]}`, `{"id":"log_1","timestamp":1e3,"n":1e400,"s":"\ud800","s":1}`, `null`, `"a\tb"`, `{"id":"","timestamp":"yesterday"}`,
		"{\"id\":\"log_1\",\"timestamp\":1,\"x\":\"\xff\"}", "{ \n \"id\" : \"é\" , \"timestamp\" : \"0000-01-01T00:00:00Z\" }", "\"\u2028\xe2\x80\"", `{"id":"log_1","timestamp":253402300799999}`, `[]`, `-0.0`,
	} {
		f.Add([]byte(element), "500 Internal Server Error\n\xff\u2028", 7)
	}
	now := time.Date(2026, 4, 18, 1, 2, 3, 456, time.UTC)
	f.Fuzz(func(t *testing.T, element []byte, lastError string, attempts int) {
		page, err := record.ParsePage(bytes.Join([][]byte{[]byte(`{"logs":[`), element, []byte(`]}`)}, nil))
		if err != nil {
			return
		}
		var bads []extract.Bad
		for _, bad := range page.Bad {
			bads = append(bads, extract.Bad{Bad: bad})
		}
		for _, e := range page.Entries {
			bads = append(bads, extract.Bad{Bad: record.Bad{ID: e.ID, Micros: e.Micros, HasTime: true, Reason: "failed", Raw: e.Raw}, Attempts: max(attempts, 1), LastError: lastError})
		}
		for _, bad := range bads {
			line, text := quarantineAgain(t, now, bad, nil)
			require.Equal(t, bad.ID, line.LogID)
			require.Equal(t, bad.Attempts > 0, line.Exported)
			require.Equal(t, 1, line.Tries)
			checkReceived(t, bad.Raw, line.received())
			id := lineID(bad.ID, bad.Raw)
			require.Equal(t, id, lineID(line.LogID, line.received()), "the next run knows it again")
			if line.Exported {
				again, err := record.ParsePage(bytes.Join([][]byte{[]byte(`{"logs":[`), line.received(), []byte(`]}`)}, nil))
				require.NoError(t, err)
				require.Len(t, again.Entries, 1)
				require.Equal(t, record.Key{Micros: bad.Micros, ID: bad.ID}, again.Entries[0].Key)
			}
			second, _ := quarantineAgain(t, now.Add(time.Hour), bad, map[string]state.Quarantined{id: line.Quarantined})
			require.Equal(t, 2, second.Tries)
			require.Equal(t, line.FirstSeen, second.FirstSeen)
			checkLine(t, text)
		}
	})
}

// quarantineAgain returns the line of a bad record, and its text.
func quarantineAgain(t *testing.T, now time.Time, bad extract.Bad, earlier map[string]state.Quarantined) (quarantined, []byte) {
	lines := spool.New(spool.Options{Dir: t.TempDir(), Budget: spool.NewBudget(1 << 20)})
	defer lines.Close()
	q := newQuarantine(lines, now)
	if earlier != nil {
		q.earlier = earlier
	}
	require.NoError(t, q.add(t.Context(), "prod", bad))
	var out bytes.Buffer
	var m state.Manifest
	require.NoError(t, q.write(t.Context(), &out, &m))
	require.Len(t, m.Quarantine, 1)
	text, ended := bytes.CutSuffix(out.Bytes(), []byte("\n"))
	require.True(t, ended && !bytes.ContainsAny(text, "\n\r"), "%q", out.Bytes())
	require.True(t, utf8.Valid(text))
	var line quarantined
	require.NoError(t, json.Unmarshal(text, &line))
	return line, text
}

func checkReceived(t *testing.T, raw, received []byte) {
	if !json.Valid(raw) || !utf8.Valid(raw) {
		require.Equal(t, raw, received)
		return
	}
	var want, got bytes.Buffer
	require.NoError(t, json.Compact(&want, raw))
	require.NoError(t, json.Compact(&got, received))
	require.Equal(t, want.String(), got.String())
}

// checkLine does with a line whatever the next run may do with it.
func checkLine(t *testing.T, text []byte) {
	var line quarantined
	if json.Unmarshal(text, &line) != nil {
		return
	}
	_ = lineID(line.LogID, line.received())
	_ = line.Timestamp.UnixMicro()
	wait := backoff(line.Tries)
	require.True(t, 0 <= wait && wait <= longestBackoff)
	at := retryAt(&state.Manifest{Quarantine: []state.Quarantined{line.Quarantined}}, line.LastTried)
	require.True(t, at.IsZero() || !at.Before(line.LastTried))
	var again bytes.Buffer
	enc := json.NewEncoder(&again)
	enc.SetEscapeHTML(false)
	if enc.Encode(line) == nil && len(line.received()) > 0 { // a year that JSON can't hold is no error of the line's reader
		var back quarantined
		require.NoError(t, json.Unmarshal(again.Bytes(), &back))
		require.Equal(t, lineID(line.LogID, line.received()), lineID(back.LogID, back.received()))
	}
}

// FuzzQuarantineObject reads any bytes as the lines of a quarantine.
func FuzzQuarantineObject(f *testing.F) {
	for _, text := range []string{
		"", "\n", "null\n", `{"log_id":"log_1","reason":"failed","attempts":1,"tries":9223372036854775807,"first_seen":"2026-04-18T01:02:03Z","last_tried":"2026-04-18T01:02:03Z","exported":true,"entry":{"id":"log_1"}}`,
		`{"tries":-1,"entry":null,"entry_base64":""}`, `{"entry":1,"entry_base64":"/w=="}`, `{"timestamp":"9999-12-31T23:59:59.999999999Z","last_tried":"9999-12-31T23:59:59Z","tries":10}`, `{"timestamp":"0000-01-01T00:00:00+23:59"}`, `[1]`, `{"Tries":3,"TRIES":4}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for text := range bytes.Lines(content) {
			checkLine(t, text)
		}
	})
}

// FuzzOwner reads any bytes as what says whose table a sink holds.
func FuzzOwner(f *testing.F) {
	for _, text := range []string{`{"format":1,"pipeline":"nightly","lineage":"l"}`, `{"format":1,"pipeline":"nightly"}`, `{}`, `null`, ``, `[]`, `{"pipeline":1}`, "{\"pipeline\":\"\xff\",\"lineage\":\"\\ud800\"}", `{"PIPELINE":"a","Lineage":"b"}`, `{"pipeline":"a","lineage":"b"} x`, "\ufeff{}"} {
		f.Add([]byte(text))
	}
	b, err := bucket.Open(f.Context(), "mem://")
	require.NoError(f, err)
	sink, err := sinks.Open(f.Context(), sinks.Options{Name: "lake", Format: sinks.Parquet, StagingDir: f.TempDir(), Bucket: b})
	require.NoError(f, err)
	f.Cleanup(func() { _ = sink.Close() })
	f.Fuzz(func(t *testing.T, content []byte) {
		require.NoError(t, b.Upload(t.Context(), ownerKey, bytes.NewReader(content), int64(len(content)), "application/json"))
		o, err := readOwner(t.Context(), sink)
		if err != nil {
			require.Nil(t, o)
			require.Contains(t, err.Error(), ownerKey)
			require.False(t, strings.Contains(err.Error(), "%!"), err.Error())
			return
		}
		require.True(t, o.Pipeline != "" && o.Lineage != "")
		for _, e := range []*OwnerError{
			{Sink: "lake", Pipeline: o.Pipeline, Lineage: o.Lineage, OfAnotherPipeline: true, pipelineThatWantedIt: "nightly"}, {Sink: "lake", Pipeline: o.Pipeline, Lineage: o.Lineage},
		} {
			require.NotEmpty(t, e.Hint())
			require.Error(t, errors.Join(e))
		}
	})
}
