package redact

import (
	"strings"
	"testing"

	"logferry/internal/record"
	"logferry/transform"
)

const benchmarkHead = `{"id":"log_1","timestamp":"2026-04-17T10:11:12.345Z","type":"tool.execution","status":"success","level":"info",` +
	`"metadata":{"tool":{"slug":"GMAIL_SEND_EMAIL","name":"Send email"},"toolkit":{"slug":"gmail","name":"Gmail"},"user_id":"user_1234567",` +
	`"connected_account_id":"ca_9f8e7d6c5b4a","auth_config_id":"ac_0a1b2c3d4e5f"},"metrics":{"duration_ms":812.4,"attempts":1}`

// benchmarkDetail is a detail of about 30 KB, as mail tools bring them.
func benchmarkDetail() []byte {
	item := `{"id":"msg_1a2b3c4d5e6f","from":"bob@example.org","snippet":"Dear all,\nplease find the \"report\" of April attached","size":20311,"unread":true,"labels":["INBOX","WORK"]},`
	return []byte(benchmarkHead + `,"data":{"request":{"payload":{"to":"ann@example.org","body":"` + strings.Repeat("Dear Ann, here is what you asked for. ", 180) +
		`","headers":{"authorization":"Bearer abcdefgh12345678"}}},"response":{"body":{"successful":true,"data":{"items":[` + strings.Repeat(item, 130) + `null]}}}}}`)
}

// BenchmarkRecord compares redaction with the flattening of the same detail.
func BenchmarkRecord(b *testing.B) {
	detail := benchmarkDetail()
	for _, c := range []struct {
		name    string
		secrets bool
		rules   []string
	}{
		{"secrets", true, nil},
		{"rule=singular", false, []string{"drop $.data.request.payload.body"}},
		{"rule=descendants", false, []string{"mask $..from"}},
		{"all", true, []string{"drop $.data.request.payload.body", "hash $.metadata.user_id", "mask $..from"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := redactor(b, c.secrets, c.rules...)
			b.SetBytes(int64(len(detail)))
			b.ReportAllocs()
			for b.Loop() {
				r.Record(detail)
			}
		})
	}
	b.Run("flatten", func(b *testing.B) {
		f, err := transform.New(transform.Options{})
		if err != nil {
			b.Fatal(err)
		}
		rec := record.Record{Entry: record.Entry{Key: record.Key{ID: "log_1"}, Raw: []byte(benchmarkHead + "}")}, Outcome: record.Fetched, Detail: detail}
		b.SetBytes(int64(len(detail)))
		for b.Loop() {
			if _, err := f.Flatten(&rec, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}
