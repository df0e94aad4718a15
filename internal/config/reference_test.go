package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"logferry/internal/window"
)

// same compares what two pipelines say, not where they have it from.
var same = cmp.Options{cmpopts.IgnoreUnexported(Pipeline{}), cmp.AllowUnexported(Time{}), cmpopts.EquateEmpty()}

func TestEveryKeyIsDecoded(t *testing.T) {
	got, err := Parse("pipeline.yaml", readTestdata(t, "reference.yaml"), fixed())
	require.NoError(t, err)
	want := &Pipeline{
		Version: 1, Name: "every-key",
		Source: Source{
			BaseURL: "http://logs.internal:8080/composio", AllowHTTP: true,
			Projects: []Project{
				{"prod", Credential{Method: APIKey, Secret: NewSecret(marker + "-prod")}},
				{"staging", Credential{Method: APIKey, Secret: NewSecret(marker + "-file"), File: "keys/good"}},
				{"old_ui", Credential{Method: SessionCookie, Secret: NewSecret("session=" + marker + "-cookie")}},
			},
			Filters: []Filter{{"toolkit_slug", "==", "gmail"}, {"user_id", "not_contains", "test == user"}, {"status", "!=", "success"}},
			Details: DetailsFailed,
		},
		Range: Range{
			From:   Time{at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
			To:     Time{at: time.Date(2026, 6, 30, 10, 0, 0, 5e8, time.UTC)},
			Settle: 90 * time.Minute, Lookback: 7 * 24 * time.Hour, Partition: window.Hour,
		},
		Extract: Extract{
			Windows: 16, DetailsInFlight: 64, Rate: Rate{Limit: 1500, Headroom: 0.35}, Timeout: 45 * time.Second,
			GiveUpAfter: time.Hour, OnBadRecord: Fail, MaxMemory: 256_000_000, Spool: "s3://bucket/spool",
		},
		Transform: Transform{
			Columns: []Column{
				{"recipient", "$.data.request.payload.to", ColumnString},
				{"first_label", "$.data.response.body.data['labels'][0]", ColumnJSON},
				{"attempts", "$.metrics.attempts", ColumnInt64},
				{"score", "$.metrics.score", ColumnFloat64},
				{"cached", "$.metrics.cached", ColumnBool},
				{"due", "$.metadata.due", ColumnTimestamp},
			},
			Redact: []Redaction{
				{"$.data.request.payload.body", RedactDrop, Secret{}, ""},
				{"$.data.request.payload.cc", RedactMask, Secret{}, ""},
				{"$.metadata.user_id", RedactHash, NewSecret(marker + "-hash-0123456789"), ""},
				{"$..email", RedactHash, NewSecret(marker + "-file-0123456789"), "keys/hash"},
			},
			RedactSecrets: true, Raw: true,
		},
		Sinks: []Sink{
			{"lake", "s3://bucket/prefix?region=eu-central-1", NDJSON, Gzip, 3 << 29, Retention{Compliance, 7 * 24 * time.Hour, true}},
			{"warehouse", "gs://bucket/other", Parquet, Snappy, 256 << 20, Retention{}},
		},
		State:     State{URL: "azblob://container/state", LockTimeout: 10 * time.Minute, SigningKey: NewSecret(signingSeed), SigningKeyFile: "keys/signing", Retention: Retention{Mode: Governance, Period: 36 * time.Hour}},
		Reconcile: ReconcileFail,
	}
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Fatal(diff)
	}
	require.Empty(t, got.Warnings())
}

func TestEveryDefault(t *testing.T) {
	want := &Pipeline{
		Version: 1, Name: "nightly",
		Source: Source{
			BaseURL:  "https://backend.composio.dev",
			Projects: []Project{{Credential: Credential{Method: APIKey, Secret: NewSecret(marker + "-default")}}},
			Details:  DetailsAll,
		},
		Range: Range{
			From: Time{at: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)}, To: Time{kind: now},
			Settle: 15 * time.Minute, Lookback: 48 * time.Hour, Partition: window.Day,
		},
		Extract: Extract{
			Windows: Auto, DetailsInFlight: Auto, Rate: Rate{Limit: Auto, Headroom: 0.2}, Timeout: 30 * time.Second,
			GiveUpAfter: 15 * time.Minute, OnBadRecord: Quarantine, MaxMemory: 512 << 20,
		},
		Sinks:     []Sink{{"lake", "file://./out", Parquet, Zstd, 256 << 20, Retention{}}},
		Reconcile: ReconcileWarn,
	}
	for what, src := range map[string]string{
		"keys that are not there": pipelineWith("", "", "", ""),
		"sections without a key":  pipelineWith("", "", "", "extract:\ntransform:\n  columns:\nstate:"),
	} {
		got, err := Parse("pipeline.yaml", []byte(src), withKey())
		require.NoError(t, err, what)
		require.Empty(t, cmp.Diff(want, got, same), what)
	}
	require.Empty(t, cmp.Diff(want, sound(t, pipelineWith("", "", "", "")), same))
}

func TestEveryKeyOfTheVocabularyIsInTheReference(t *testing.T) {
	p, err := Parse("pipeline.yaml", readTestdata(t, "reference.yaml"), fixed())
	require.NoError(t, err)
	seen := make(map[string]bool)
	for key := range p.origins {
		seen[generic(key)] = true
	}
	for parent, names := range vocabulary {
		for _, name := range names {
			if key := join(parent, name); key != "source.api_key" && key != "source.api_key_file" && key != "source.session_cookie" && key != "state.signing_key" && parent != "source.filters[]" {
				require.True(t, seen[key], key)
			}
		}
	}
}
