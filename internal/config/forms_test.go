package config

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFormsOfTime(t *testing.T) {
	at := func(s string) time.Time {
		out, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return out.UTC()
	}
	for text, want := range map[string]time.Time{
		"2026-10-01":                  at("2026-10-01T00:00:00Z"),
		`"2026-10-01"`:                at("2026-10-01T00:00:00Z"),
		"2026-10-01T13:14:15Z":        at("2026-10-01T13:14:15Z"),
		"2026-10-01T13:14:15.678Z":    at("2026-10-01T13:14:15.678Z"),
		"2026-10-01T13:14:15.678000Z": at("2026-10-01T13:14:15.678Z"),
		"2026-10-01T13:14:15+05:30":   at("2026-10-01T07:44:15Z"),
		"1790860455678":               at("2026-10-01T13:14:15.678Z"),
		`"1790860455678"`:             at("2026-10-01T13:14:15.678Z"),
		"-30d":                        at("2026-10-24T02:30:00.123Z"),
		"-6h":                         at("2026-11-22T20:30:00.123Z"),
		"-15m":                        at("2026-11-23T02:15:00.123Z"),
		"-1d12h":                      at("2026-11-21T14:30:00.123Z"),
		"${NO_SUCH_DATE:-2026-10-01}": at("2026-10-01T00:00:00Z"),
		"${NO_SUCH_DATE:--30d}":       at("2026-10-24T02:30:00.123Z"),
		"${EMPTY:-1790860455678}":     at("2026-10-01T13:14:15.678Z"),
		"${NO_SUCH_YEAR:-2026}-10-${NO_SUCH_DAY:-01}": at("2026-10-01T00:00:00Z"),
	} {
		p := sound(t, pipelineWith("", "  from: "+text, "", ""))
		require.Equal(t, want, p.Range.From.At(clock, time.Hour), text)
		again := sound(t, pipelineWith("", "  from: "+p.Range.From.String(), "", ""))
		require.Equal(t, p.Range.From, again.Range.From, text)
	}
	p := sound(t, pipelineWith("", "  {from: 0, to: now, settle: 1h}", "", ""))
	require.Equal(t, time.Unix(0, 0).UTC(), p.Range.From.At(clock, 0))
	require.Equal(t, at("2026-11-23T01:30:00.123Z"), p.Range.To.At(clock, time.Hour))
	require.True(t, p.Range.To.IsNow() && p.Range.To.IsRelative())
	require.False(t, p.Range.From.IsRelative())
}

func TestFormsOfDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "500ms": 500 * time.Millisecond, "30s": 30 * time.Second, "15m": 15 * time.Minute, "48h": 48 * time.Hour,
		"7d": 168 * time.Hour, "1d12h": 36 * time.Hour, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute, "0.25s": 250 * time.Millisecond,
	} {
		got, ok := duration(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "s", "30", "-5m", "+5m", "5 m", "1w", "1h-5m", "1us", "0.1ms", "1e3s", "d", "1d1d", "1h1d", "999999999h", "99999d999999h", "٣s"} {
		_, ok := duration(text)
		require.False(t, ok, text)
	}
}

func TestFormsOfSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1048576": 1 << 20, "17B": 17, "1KB": 1000, "1kB": 1000, "256MB": 256e6, "1GB": 1e9, "1TB": 1e12, "4KiB": 4096, "512MiB": 512 << 20,
		"1.5GiB": 3 << 29, "1TiB": 1 << 40, "64 MiB": 64 << 20,
	} {
		got, ok := size(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "MiB", "-1", "1mb", "1M", "1e6", "1.5", "1.5B", "1,000", "9999999999999TiB", "8388608TiB", "0x10"} {
		_, ok := size(text)
		require.False(t, ok, text)
	}
}

func TestFormsOfShare(t *testing.T) {
	for text, want := range map[string]float64{
		"20%": 0.2, "0.2": 0.2, `"0.2"`: 0.2, ".2": 0.2, "20 %": 0.2, "0": 0, "0%": 0, "0.0": 0, "12.5%": 0.125, "99.9999%": 0.999999, "0.35": 0.35, "35%": 0.35,
	} {
		p := sound(t, pipelineWith("", "", "", "extract: {rate: {headroom: "+text+"}}"))
		require.Equal(t, want, p.Extract.Rate.Headroom, text)
	}
	for _, text := range []string{"1", "1.0", "100%", "-1%", "20", "a fifth", "0.9999999", "true"} {
		mistakes(t, pipelineWith("", "", "", "extract: {rate: {headroom: "+text+"}}"))
	}
}

func TestFormsOfCount(t *testing.T) {
	for text, want := range map[string]Count{"auto": Auto, `"auto"`: Auto, "1": 1, "256": 256, "${WORKERS}": 7, `"${WORKERS}"`: 7, "${NO_SUCH:-auto}": Auto} {
		p := sound(t, pipelineWith("", "", "", "extract: {windows: "+text+"}"))
		require.Equal(t, want, p.Extract.Windows, text)
	}
	for _, text := range []string{"0", "257", "-1", `"7"`, "7.0", "0x7", "1_0", "Auto", "null", "true", "[7]"} {
		mistakes(t, pipelineWith("", "", "", "extract: {windows: "+text+"}"))
	}
}

func TestFormsOfBool(t *testing.T) {
	for text, want := range map[string]bool{"true": true, "True": true, "false": false, "${YES}": true} {
		require.Equal(t, want, sound(t, pipelineWith("", "", "", "transform: {raw: "+text+"}")).Transform.Raw, text)
	}
	for _, text := range []string{"yes", "on", "1", `"true"`, "null"} {
		mistakes(t, pipelineWith("", "", "", "transform: {raw: "+text+"}"))
	}
}

func TestFormsOfFilter(t *testing.T) {
	for text, want := range map[string]Filter{
		"toolkit_slug == gmail":                                    {"toolkit_slug", "==", "gmail"},
		"toolkit_slug==gmail":                                      {"toolkit_slug", "==", "gmail"},
		"  toolkit_slug   !=   gmail  ":                            {"toolkit_slug", "!=", "gmail"},
		"user_id contains Jane Doe":                                {"user_id", "contains", "Jane Doe"},
		"user_id not_contains a == b":                              {"user_id", "not_contains", "a == b"},
		"user_id == a contains b":                                  {"user_id", "==", "a contains b"},
		`user_id == " spaced "`:                                    {"user_id", "==", " spaced "},
		`user_id == 'say "hi"'`:                                    {"user_id", "==", `say "hi"`},
		`user_id == "a \"b\""`:                                     {"user_id", "==", `a "b"`},
		`user_id == it's`:                                          {"user_id", "==", "it's"},
		`user_id == ""`:                                            {"user_id", "==", ""},
		"log_id == log_1":                                          {"log_id", "==", "log_1"},
		"status == failed":                                         {"status", "==", "failed"},
		"status contains fail":                                     {"status", "contains", "fail"},
		"user_id == ${HOST}":                                       {"user_id", "==", "logs.example.com"},
		`user_id == "${HOST} ${EMPTY:-x, y}"`:                      {"user_id", "==", "logs.example.com x, y"},
		"user_id == $${HOST}":                                      {"user_id", "==", "${HOST}"},
		"user_id == ${NESTED}":                                     {"user_id", "==", "${HOST}"},
		`{field: tool_slug, operator: contains, value: a b}`:       {"tool_slug", "contains", "a b"},
		`{field: tool_slug, operator: "==", value: ""}`:            {"tool_slug", "==", ""},
		`{field: tool_slug, operator: "!=", value: ${HOST}}`:       {"tool_slug", "!=", "logs.example.com"},
		`{field: request_id, operator: not_contains, value: "12"}`: {"request_id", "not_contains", "12"},
	} {
		if text[0] != '{' {
			text = "'" + doubled(text) + "'"
		}
		p := sound(t, pipelineWith("  filters:\n    - "+text, "", "", ""))
		require.Equal(t, []Filter{want}, p.Source.Filters, text)
	}
}

// doubled writes a text so that it may stand in single quotes of YAML.
func doubled(s string) string {
	var out []rune
	for _, r := range s {
		if r == '\'' {
			out = append(out, r)
		}
		out = append(out, r)
	}
	return string(out)
}

func TestFormsOfURL(t *testing.T) {
	for _, u := range []string{
		"https://backend.composio.dev", "https://backend.composio.dev:8443/proxy", "http://localhost:8080", "http://127.0.0.1:1234", "http://127.8.9.1", "http://[::1]:80",
	} {
		require.Equal(t, u, sound(t, pipelineWith(`  base_url: "`+u+`/"`, "", "", "")).Source.BaseURL)
	}
	for _, u := range []string{"http://localhost.example.com", "http://10.0.0.1", "http://128.0.0.1"} {
		mistakes(t, pipelineWith(`  base_url: "`+u+`"`, "", "", ""))
		sound(t, pipelineWith(`  {allow_http: true, base_url: "`+u+`"}`, "", "", ""))
	}
	for _, u := range []string{
		"file://./out", "file:///srv/out", "file://localhost/srv/out", "s3://bucket", "s3://bucket/a/b?region=eu-central-1&endpoint=http://127.0.0.1:9000",
		"gs://bucket/a", "azblob://container/a", "mem://", "mem://name/prefix",
	} {
		require.Equal(t, u, sound(t, pipelineWith("", "", `  - {name: lake, url: "`+u+`"}`, "")).Sinks[0].URL)
	}
	sound(t, pipelineWith("", "", `  [{name: a, url: "mem://"}, {name: b, url: "mem://"}, {name: c, url: "s3://x/c"}, {name: d, url: "s3://x/d"}]`, ""))
	for _, twin := range []string{"s3://x/c/", "s3://x//c", "s3://x/b/../c", "s3://x/c?region=a"} {
		mistakes(t, pipelineWith("", "", `  [{name: c, url: "s3://x/c"}, {name: d, url: "`+twin+`"}]`, ""))
	}
}

func TestFormatAndCompressionCombine(t *testing.T) {
	for format, want := range map[string]map[string]bool{
		"parquet": {"zstd": true, "snappy": true, "none": true},
		"ndjson":  {"zstd": true, "gzip": true, "none": true},
	} {
		for _, c := range []string{"zstd", "snappy", "gzip", "none", "brotli"} {
			_, err := Parse("p", []byte(pipelineWith("", "", `  - {name: lake, url: "mem://", format: `+format+`, compression: `+c+`}`, "")), withKey())
			require.Equal(t, want[c], err == nil, "%s %s: %v", format, c, err)
		}
	}
}

func TestAnchorsAndAliasesAreFollowed(t *testing.T) {
	p := sound(t, pipelineWith("", "", `  - {name: a, url: "s3://x/a", max_file_size: &big 1GiB}`+"\n"+`  - {name: b, url: "s3://x/b", max_file_size: *big}`, ""))
	require.Equal(t, int64(1<<30), p.Sinks[1].MaxFileSize)
	mistakes(t, pipelineWith("  filters: &loop [*loop]", "", "", ""))
}

func TestDurationsAndSizesAreWrittenAsTheyAreRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(maxAge/time.Millisecond)).Draw(t, "ms")) * time.Millisecond
		if rapid.Bool().Draw(t, "whole days") {
			d = d.Truncate(day)
		}
		back, ok := duration(FormatDuration(d))
		require.True(t, ok, FormatDuration(d))
		require.Equal(t, d, back)

		bytes := rapid.Int64Range(0, math.MaxInt64>>8).Draw(t, "bytes") << rapid.IntRange(0, 7).Draw(t, "shift")
		n, ok := size(FormatSize(bytes))
		if bytes < 1e18 {
			require.True(t, ok, FormatSize(bytes))
			require.Equal(t, bytes, n)
		}
	})
}
