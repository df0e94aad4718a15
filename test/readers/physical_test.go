package readers_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// physical is how each column is stored, by hand from the description of an export: repetition, physical type, the annotation of old
// readers, the annotation of new ones.
const physical = `
log_id                required  BYTE_ARRAY  UTF8              String
timestamp             required  INT64       TIMESTAMP_MICROS  Timestamp,UTC,microseconds
type                  optional  BYTE_ARRAY  UTF8              String
status                optional  BYTE_ARRAY  UTF8              String
level                 optional  BYTE_ARRAY  UTF8              String
message               optional  BYTE_ARRAY  UTF8              String
tool_slug             optional  BYTE_ARRAY  UTF8              String
toolkit_slug          optional  BYTE_ARRAY  UTF8              String
user_id               optional  BYTE_ARRAY  UTF8              String
connected_account_id  optional  BYTE_ARRAY  UTF8              String
auth_config_id        optional  BYTE_ARRAY  UTF8              String
sandbox_id            optional  BYTE_ARRAY  UTF8              String
session_id            optional  BYTE_ARRAY  UTF8              String
trace_id              optional  BYTE_ARRAY  UTF8              String
request_id            optional  BYTE_ARRAY  UTF8              String
parent_log_id         optional  BYTE_ARRAY  UTF8              String
parent_tool_slug      optional  BYTE_ARRAY  UTF8              String
duration_ms           optional  INT64       INT_64            Int(64,signed)
start_time            optional  INT64       TIMESTAMP_MICROS  Timestamp,UTC,microseconds
end_time              optional  INT64       TIMESTAMP_MICROS  Timestamp,UTC,microseconds
source_host           optional  BYTE_ARRAY  UTF8              String
source_framework      optional  BYTE_ARRAY  UTF8              String
source_language       optional  BYTE_ARRAY  UTF8              String
instant_charge        optional  INT64       DECIMAL           Decimal(18,9)
request               optional  BYTE_ARRAY  UTF8              String
response              optional  BYTE_ARRAY  UTF8              String
data                  optional  BYTE_ARRAY  UTF8              String
metadata              optional  BYTE_ARRAY  UTF8              String
metrics               optional  BYTE_ARRAY  UTF8              String
extra                 optional  BYTE_ARRAY  UTF8              String
detail                optional  BYTE_ARRAY  UTF8              String
project               optional  BYTE_ARRAY  UTF8              String
raw                   optional  BYTE_ARRAY  UTF8              String
payload_limit         optional  INT64       INT_64            Int(64,signed)
successful            optional  BOOLEAN     -                 -
first_score           optional  DOUBLE      -                 -
query                 optional  BYTE_ARRAY  UTF8              String
started               optional  INT64       TIMESTAMP_MICROS  Timestamp,UTC,microseconds
include               optional  BYTE_ARRAY  UTF8              String
`

func open(t testing.TB, content []byte) *file.Reader {
	t.Helper()
	r, err := file.NewParquetReader(bytes.NewReader(content))
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

// No INT96, no nanoseconds, nothing unsigned, no lists or groups, decimals that fit the NUMERIC of BigQuery: each line says so.
func TestColumnsAreStoredAsEveryEngineTakesThem(t *testing.T) {
	e := everything(t)
	for _, compression := range compressions() {
		for _, content := range e.files(compression) {
			s := open(t, content).MetaData().Schema
			var got []string
			for i := range s.NumColumns() {
				c := s.Column(i)
				require.Equal(t, c.Name(), c.Path(), "columns are not nested")
				require.Zero(t, c.MaxRepetitionLevel(), c.Name())
				got = append(got, strings.Join([]string{
					c.Name(), strings.ToLower(c.SchemaNode().RepetitionType().String()), c.PhysicalType().String(),
					orDash(c.ConvertedType().String()), orDash(logical(c.LogicalType())),
				}, " "))
			}
			var want []string
			for line := range strings.Lines(strings.TrimSpace(physical)) {
				want = append(want, strings.Join(strings.Fields(line), " "))
			}
			require.Equal(t, want, got)
		}
	}
}

// logical names the annotation.
func logical(l schema.LogicalType) string {
	switch l := l.(type) {
	case schema.TimestampLogicalType:
		if l.IsAdjustedToUTC() && l.TimeUnit() == schema.TimeUnitMicros {
			return "Timestamp,UTC,microseconds"
		}
	case schema.DecimalLogicalType:
		return fmt.Sprintf("Decimal(%d,%d)", l.Precision(), l.Scale())
	case schema.IntLogicalType:
		if l.IsSigned() {
			return fmt.Sprintf("Int(%d,signed)", l.BitWidth())
		}
	}
	return l.String()
}

func orDash(s string) string {
	if strings.EqualFold(s, "none") {
		return "-"
	}
	return s
}

// athenaName is what Athena takes without quotes: lower case, letters, digits and _.
var athenaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,254}$`)

func TestNamesAreOnesThatAthenaTakes(t *testing.T) {
	for line := range strings.Lines(strings.TrimSpace(physical)) {
		require.Regexp(t, athenaName, strings.Fields(line)[0])
	}
	e := exported(t, declaration{records: logsim.Records{Count: 10}, sinks: []string{"zstd"}})
	for _, c := range e.schema.Columns {
		require.Regexp(t, athenaName, c.Name)
	}
}

// oldEncodings are those that readers of the last ten years have.
var oldEncodings = []parquet.Encoding{
	parquet.Encodings.Plain, parquet.Encodings.RLE, parquet.Encodings.BitPacked, parquet.Encodings.PlainDict, parquet.Encodings.RLEDict,
	parquet.Encodings.DeltaBinaryPacked,
}

func TestPagesAndEncodingsAreOnesThatOldReadersKnow(t *testing.T) {
	e := everything(t)
	for _, compression := range compressions() {
		for _, content := range e.files(compression) {
			eachPage(t, content, func(column string, page file.Page) {
				require.Contains(t, oldEncodings, parquet.Encoding(page.Encoding()), column)
				switch page.(type) {
				case *file.DataPageV1, *file.DictionaryPage:
				default:
					require.Failf(t, "page of another version", "%T in %s", page, column)
				}
			})
		}
	}
}

// eachPage calls a function for every page of every column chunk.
func eachPage(t testing.TB, content []byte, do func(column string, page file.Page)) {
	t.Helper()
	r := open(t, content)
	for g := range r.NumRowGroups() {
		group := r.RowGroup(g)
		for c := range group.NumColumns() {
			pages, err := group.GetColumnPageReader(c)
			require.NoError(t, err)
			for pages.Next() {
				do(r.MetaData().Schema.Column(c).Name(), pages.Page())
			}
			require.NoError(t, pages.Err())
		}
	}
}

// Old versions of the Java library take statistics only of a file whose created_by has this form, build included.
var createdBy = regexp.MustCompile(`^(.+) version ((.*) )?\(build ?(.*)\)$`)

func TestFootersNameTheWriterInTheFormThatReadersParse(t *testing.T) {
	e := exported(t, declaration{records: logsim.Records{Count: 50}, sinks: []string{"zstd"}})
	for _, content := range e.files("zstd") {
		by := open(t, content).MetaData().GetCreatedBy()
		m := createdBy.FindStringSubmatch(by)
		require.NotNil(t, m, by)
		require.Equal(t, []string{"logferry", "1.2.3"}, slices.Delete(m[1:4:4], 1, 2), by)
	}
}
