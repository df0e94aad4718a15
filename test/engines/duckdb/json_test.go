package duckdb_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// aDay are the records of one day.
var aDay = export{partition: "day", from: begin, to: begin.Add(24 * time.Hour), formats: []format{parquet, gzip}}

// oddDay is a world with records of the kinds, on the days before and after aDay too.
func oddDay(t *testing.T, kinds logsim.OddKind) *world {
	return newWorld(t, logsim.Options{Seed: 11, Records: logsim.Records{
		Count: 1200, From: begin.Add(-time.Hour), To: begin.Add(25 * time.Hour), MedianPayload: 400, MaxPayload: 50_000, Users: 40,
		Odd: logsim.Odd{Share: 0.3, Kinds: kinds},
	}})
}

// paths are what one takes out of JSON columns: text, numbers over 2^53, elements, whole objects that are not there.
var paths = []string{
	"request.payload.query", "request.payload.to", "request.payload.body", "request.payload.limit", "request.payload.include.1",
	"request.payload.tools.0.tool_slug", "request.payload.absent.deeper",
	"response.body.successful", "response.body.error", "response.body.data.result", "response.body.data.items.0.title",
	"response.body.data.items.1.archived", "data.retries.0.status", "data.cached",
	"metadata.tool.name", "metadata.toolkit.logo", "metadata.sequence", "metadata.user_id", "metrics.duration_ms", "metrics.response_bytes",
	"metrics.bytes", "extra.x-ext.retry.n", "extra.labels.0",
}

func TestJSONIsExtracted(t *testing.T) {
	// A key that stands twice is another one to each reader of JSON, and what is no UTF-8 was repaired.
	w := oddDay(t, oddText&^(logsim.OddDuplicateKey|logsim.OddInvalidUTF8))
	p := w.pipeline(aDay)
	w.apply(p)
	want := w.truth(aDay)
	for _, f := range aDay.formats {
		t.Run(f.String(), func(t *testing.T) {
			view(t, p, f)
			for _, path := range paths {
				column, steps, _ := strings.Cut(path, ".")
				found := 0
				for _, row := range query(t, fmt.Sprintf(`SELECT log_id, %s->>'%s' FROM logs`, column, sqlPath(steps))) {
					value := want[row[0].(string)].extract(column, steps)
					require.Equal(t, value, row[1], "%s of %s", path, row[0])
					if value != nil {
						found++
					}
				}
				require.Equal(t, found == 0, strings.Contains(path, "absent"), "%d records have %s", found, path)
			}
			require.Equal(t, [][]any{{int64(0)}}, query(t, "SELECT count(*) FROM logs WHERE metrics->>'$.bytes' IS NOT NULL AND (metrics->>'$.bytes')::HUGEINT <> 123456789012345678901234567890"))
		})
	}
}

// sqlPath is the path as SQL has it: $."payload"."items"[0].
func sqlPath(steps string) string {
	out := "$"
	for step := range strings.SplitSeq(steps, ".") {
		if strings.Trim(step, "0123456789") == "" {
			out += "[" + step + "]"
		} else {
			out += `."` + step + `"`
		}
	}
	return out
}

// extract follows the path in the record's column, as text: nil for null and for what is not there.
func (r *record) extract(column, steps string) any {
	text, _ := r.row[column].(jsonText)
	if column == "extra" {
		whole, _ := json.Marshal(r.extra)
		text = jsonText(whole)
	}
	raw := json.RawMessage(text)
	for step := range strings.SplitSeq(steps, ".") {
		var elements []json.RawMessage
		n := 0
		if _, err := fmt.Sscan(step, &n); err == nil {
			if json.Unmarshal(raw, &elements) != nil || n >= len(elements) {
				return nil
			}
			raw = elements[n]
			continue
		}
		raw = members(raw)[step]
	}
	var s string
	switch {
	case isNull(raw):
		return nil
	case json.Unmarshal(raw, &s) == nil:
		return s
	}
	return string(raw)
}

// DuckDB's JSON has no half surrogate pairs, which JSON allows: it refuses a line of NDJSON that has one anywhere. Parquet keeps the text,
// and says which it is.
func TestHalfASurrogatePairIsReadFromParquetAlone(t *testing.T) {
	w := oddDay(t, logsim.OddLoneSurrogate)
	p := w.pipeline(aDay)
	w.apply(p)
	want := w.truth(aDay)

	view(t, p, parquet)
	requireTruth(t, "logs", columns(contract), want, parquet)
	invalid := 0
	for _, row := range query(t, "SELECT log_id, json_valid(request), CASE WHEN json_valid(request) THEN request->>'$.payload.query' END FROM logs") {
		r := want[row[0].(string)]
		half := strings.Contains(string(r.row["request"].(jsonText)), `\ud800`)
		require.Equal(t, !half, row[1])
		if half {
			invalid++
		} else {
			require.Equal(t, r.extract("request", "payload.query"), row[2])
		}
	}
	require.Greater(t, invalid, 20)

	view(t, p, gzip)
	_, err := queryAll("SELECT count(request) FROM logs")
	require.ErrorContains(t, err, "no low surrogate")
}
