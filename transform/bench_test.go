package transform

import (
	"strings"
	"testing"

	"logferry/internal/record"
	"logferry/internal/table"
)

const benchmarkHead = `{"id":"log_1","timestamp":"2026-04-17T10:11:12.345Z","type":"tool.execution","status":"success","level":"info",` +
	`"metadata":{"tool":{"slug":"GMAIL_SEND_EMAIL","name":"Send email"},"toolkit":{"slug":"gmail","name":"Gmail"},"user_id":"user_1234567",` +
	`"connected_account_id":"ca_9f8e7d6c5b4a","auth_config_id":"ac_0a1b2c3d4e5f","sandbox_id":null,"instant_charge":"0.000114"},` +
	`"metrics":{"duration_ms":812.4,"attempts":1,"request_bytes":1211,"response_bytes":20311},"parent":{"log_id":"log_5fY2hKq0aXw1","tool_slug":"COMPOSIO_MULTI_EXECUTE_TOOL"}`

// benchmarkRecord is a list entry of about half a KB, with a detail of about the given size unless that is 0.
func benchmarkRecord(size int) *record.Record {
	if size == 0 {
		return entryOnly(benchmarkHead + `}`)
	}
	detail := benchmarkHead + `,"timings":{"start_time":1776420671532,"end_time":1776420672344},"context":{"session_id":"ses_1a2b3c4d","trace_id":"tr_1a2b3c4d","request_id":"req_1a2b3c4d"},` +
		`"source":{"host":"mcp","framework":"langchain","language":"python"},"data":{"request":{"payload":{"to":"ann@example.org","subject":"Report","body":"`
	item := `{"id":"msg_1a2b3c4d5e6f","from":"bob@example.org","snippet":"Dear all,\nplease find the \"report\" of April attached","size":20311,"unread":true,"labels":["INBOX","WORK"]},`
	detail += strings.Repeat("Dear Ann, here is what you asked for. ", max(1, (size-len(detail))/160)) + `"}},"response":{"body":{"successful":true,"error":null,"data":{"items":[`
	detail += strings.Repeat(item, max(1, (size-len(detail))/len(item))) + `null]}}}}}`
	return withDetail(benchmarkHead+`}`, detail)
}

func BenchmarkFlatten(b *testing.B) {
	declared := []Column{{"recipient", "$.data.request.payload.to", table.String}, {"size", "$.data.response.body.data.items[0].size", table.Int64}}
	query := append(declared[:2:2], Column{"senders", "$.data.response.body.data.items[*].from", table.JSON})
	for _, c := range []struct {
		name    string
		size    int
		columns []Column
	}{
		{"entry=0.5KB", 0, nil}, {"detail=4KB", 4000, nil}, {"detail=30KB", 30000, nil}, {"detail=4KB/singular=2", 4000, declared}, {"detail=4KB/singular=2,query=1", 4000, query},
	} {
		b.Run(c.name, func(b *testing.B) {
			rec := benchmarkRecord(c.size)
			f := newFlattener(b, Options{Columns: c.columns})
			b.SetBytes(int64(len(rec.Raw) + len(rec.Detail)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Flatten(rec, ""); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func TestFlattenAllocatesNextToNothingPerRow(t *testing.T) {
	f := newFlattener(t, Options{Raw: true, Project: true, Columns: []Column{{"recipient", "$.data.request.payload.to", table.String}}})
	for _, size := range []int{0, 4000} {
		rec := benchmarkRecord(size)
		allocations := testing.AllocsPerRun(100, func() {
			if _, err := f.Flatten(rec, "prod"); err != nil {
				t.Fatal(err)
			}
		})
		// The JSON library pools its decoders; the race detector empties pools at random.
		if allocations > 2 {
			t.Errorf("%v allocations a row with a detail of %d bytes", allocations, size)
		}
	}
}
