//go:build unix

package extract

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"logferry/internal/record"
	"logferry/internal/window"
)

// cannedServer answers list and detail requests over TCP with as little work as possible, so that a benchmark measures
// the client: a chain of full pages, and details of about 13 KB, gzipped.
type cannedServer struct {
	listener net.Listener
	records  int
	detail   []byte // the JSON after the id
	conns    sync.WaitGroup
}

func newCannedServer(b *testing.B, records int) *cannedServer {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &cannedServer{listener: l, records: records}
	var data strings.Builder
	for i := range 150 {
		fmt.Fprintf(&data, `{"name":"field %d","value":"%x some text that a tool might have returned","n":%d},`, i, i*7919, i*i)
	}
	s.detail = []byte(`","timestamp":"2026-04-17T10:00:00.000Z","status":"success","data":{"response":[` + data.String() + `null]}}`)
	s.conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.conns.Go(func() { s.serve(conn) })
		}
	})
	return s
}

func (s *cannedServer) close() {
	_ = s.listener.Close()
	s.conns.Wait()
}

func (s *cannedServer) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	var body, out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&body, gzip.HuffmanOnly)
	for {
		path, request, err := readRequest(in)
		if err != nil {
			return
		}
		body.Reset()
		z.Reset(&body)
		if id, ok := strings.CutPrefix(path, detailPath); ok {
			fmt.Fprintf(z, `{"id":"%s%s`, id, s.detail)
		} else {
			s.writePage(z, request)
		}
		_ = z.Close()
		out.Reset()
		fmt.Fprintf(&out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nX-RateLimit: 1000000000\r\n"+
			"X-RateLimit-Remaining: 999999999\r\nX-RateLimit-Window-Size: 60s\r\nContent-Length: %d\r\n\r\n", body.Len())
		out.Write(body.Bytes())
		if _, err := conn.Write(out.Bytes()); err != nil {
			return
		}
	}
}

func (s *cannedServer) writePage(w io.Writer, request []byte) {
	from := 0
	if _, cursor, ok := bytes.Cut(request, []byte(`"cursor":"`)); ok {
		from, _ = strconv.Atoi(string(cursor[:bytes.IndexByte(cursor, '"')]))
	}
	until := min(from+PageLimit, s.records)
	next := "null"
	if until < s.records {
		next = `"` + strconv.Itoa(until) + `"`
	}
	fmt.Fprintf(w, `{"next_cursor":%s,"logs":[`, next)
	for i := from; i < until; i++ {
		if i > from {
			_, _ = io.WriteString(w, ",")
		}
		at := time.UnixMilli(day.To.UnixMilli() - 1 - int64(i)).UTC().Format("2006-01-02T15:04:05.000Z")
		fmt.Fprintf(w, `{"id":"log_%08d","timestamp":"%s","type":"tool.execution","status":"success","level":"info","message":"Tool executed",`+
			`"metadata":{"tool":{"slug":"GMAIL_SEND_EMAIL"},"toolkit":{"slug":"gmail"},"user_id":"user_%d","connected_account_id":"ca_12345678"},`+
			`"metrics":{"duration_ms":%d},"parent":null}`, i, at, i%500, i%3000)
	}
	_, _ = io.WriteString(w, "]}")
}

func readRequest(in *bufio.Reader) (path string, body []byte, err error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return "", nil, err
	}
	path = strings.Fields(line)[1]
	length := 0
	for {
		header, err := in.ReadString('\n')
		if err != nil {
			return "", nil, err
		}
		if header == "\r\n" {
			break
		}
		if v, ok := strings.CutPrefix(header, "Content-Length: "); ok {
			length, _ = strconv.Atoi(strings.TrimSpace(v))
		}
	}
	body = make([]byte, length)
	_, err = io.ReadFull(in, body)
	return path, body, err
}

// counting only counts what it receives.
type counting struct{ records atomic.Int64 }

func (c *counting) Records(_ context.Context, batch []record.Record) error {
	c.records.Add(int64(len(batch)))
	return nil
}

func (c *counting) Bad(context.Context, Bad) error { return nil }

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchmarkWalk reports the process's CPU time a record, the canned server's included.
func benchmarkWalk(b *testing.B, records int, details Details) {
	server := newCannedServer(b, records)
	defer server.close()
	transport := NewTransport(80, nil)
	defer transport.CloseIdleConnections()
	client, err := NewClient(ClientOptions{
		BaseURL: "http://" + server.listener.Addr().String(), APIKey: "key", Transport: transport, Governor: NewGovernor(GovernorOptions{Headroom: 0.2}),
	})
	if err != nil {
		b.Fatal(err)
	}
	x := New(Options{})
	defer x.Close()
	whole := window.New(day.From, day.To)
	began := cpuTime()
	for b.Loop() {
		var got counting
		if _, err := x.Walk(b.Context(), Step{Client: client, Interval: whole, Details: details, Windows: 1}, &got); err != nil {
			b.Fatal(err)
		}
		if got.records.Load() != int64(records) {
			b.Fatal("records: ", got.records.Load())
		}
	}
	b.ReportMetric(float64((cpuTime()-began).Microseconds())/float64(b.N*records), "µs-cpu/record")
}

func BenchmarkWalkList(b *testing.B)    { benchmarkWalk(b, 20_000, DetailsNone) }
func BenchmarkWalkDetails(b *testing.B) { benchmarkWalk(b, 5_000, DetailsAll) }

// BenchmarkMinimalDetails is what fetching details costs at least: the transport, gzip, and one check for valid JSON.
func BenchmarkMinimalDetails(b *testing.B) {
	const records = 5_000
	server := newCannedServer(b, records)
	defer server.close()
	transport := NewTransport(80, nil)
	defer transport.CloseIdleConnections()
	base := "http://" + server.listener.Addr().String() + detailPath
	began := cpuTime()
	for b.Loop() {
		var next atomic.Int64
		var workers sync.WaitGroup
		for range 64 {
			workers.Go(func() {
				for {
					n := next.Add(1)
					if n > records {
						return
					}
					if err := minimalGet(b.Context(), transport, base, fmt.Sprintf("log_%08d", n)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		workers.Wait()
	}
	b.ReportMetric(float64((cpuTime()-began).Microseconds())/float64(b.N*records), "µs-cpu/record")
}

func minimalGet(ctx context.Context, transport http.RoundTripper, base, id string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+id, nil)
	if err != nil {
		return err
	}
	req.Header.Set("X-Api-Key", "key")
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := readBody(resp, DefaultMaxBody, nil)
	if err != nil {
		return err
	}
	return record.CheckDetail(body, id)
}
