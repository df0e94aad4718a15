//go:build unix

package logsim

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// discard is a ResponseWriter that keeps nothing but the size.
type discard struct {
	header http.Header
	size   int
}

func (d *discard) Header() http.Header { return d.header }
func (d *discard) WriteHeader(int)     { clear(d.header) }
func (d *discard) Write(b []byte) (int, error) {
	d.size += len(b)
	return len(b), nil
}

// benchRequest is one kind of request to measure.
type benchRequest struct {
	name string
	body string // of a list request; "" is a detail
	gzip bool
}

var benchRequests = []benchRequest{
	{"list20", `{"limit":20,"time_range":{"from":1776384000000,"to":1776470400000}}`, false},
	{"list100", `{"limit":100,"time_range":{"from":1776384000000,"to":1776470400000}}`, false},
	{"list20-filtered", `{"limit":20,"filters":[{"field":"status","operator":"!=","value":"success"}]}`, false},
	{"detail", "", false},
	{"list20-gzip", `{"limit":20}`, true},
	{"list100-gzip", `{"limit":100}`, true},
	{"detail-gzip", "", true},
}

// processTime is the CPU time that the process has used: on a shared machine it says what the clock on the wall does not.
func processTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// report adds what one core manages in a second of its own time.
func report(b *testing.B, begun time.Duration, size int) {
	b.ReportMetric(float64(b.N)/(processTime(b)-begun).Seconds(), "requests/cpu-s")
	b.ReportMetric(float64(size)/float64(b.N), "bytes/request")
	b.ReportMetric(0, "ns/op")
}

func benchServer(b *testing.B) *Server {
	b.Helper()
	s, err := New(Options{Seed: 1, Rate: Rate{Limit: -1}, Records: Records{Count: 1_000_000}})
	require.NoError(b, err)
	return s
}

// BenchmarkHandler measures the simulator alone; one iteration is one request.
func BenchmarkHandler(b *testing.B) {
	s := benchServer(b)
	truth := s.Truth("")
	for _, c := range benchRequests {
		b.Run(c.name, func(b *testing.B) {
			w := &discard{header: http.Header{}}
			r := httptest.NewRequest(http.MethodPost, ListPath, nil)
			if c.body == "" {
				r = httptest.NewRequest(http.MethodGet, DetailPath, nil)
			}
			r.Header = http.Header{"X-Api-Key": {DefaultKey}}
			if c.gzip {
				r.Header["Accept-Encoding"] = []string{"gzip"}
			}
			body := strings.NewReader(c.body)
			b.ReportAllocs()
			begun := processTime(b)
			for i := 0; b.Loop(); i++ {
				if c.body == "" {
					r.URL.Path = DetailPath + truth.ID(i*7919%truth.Len())
				} else {
					body.Reset(c.body)
					r.Body = io.NopCloser(body)
				}
				s.ServeHTTP(w, r)
			}
			report(b, begun, w.size)
		})
	}
}

// BenchmarkLoopback measures net/http and a TCP connection as well, and the part of a client that can't be avoided.
func BenchmarkLoopback(b *testing.B) {
	s := benchServer(b)
	truth := s.Truth("")
	web := httptest.NewServer(s)
	defer web.Close()
	for _, c := range benchRequests {
		b.Run(c.name, func(b *testing.B) {
			conn, err := net.Dial("tcp", web.Listener.Addr().String())
			require.NoError(b, err)
			defer func() { require.NoError(b, conn.Close()) }()
			in, out := bufio.NewReaderSize(conn, 64<<10), []byte(nil)
			encoding := ""
			if c.gzip {
				encoding = "Accept-Encoding: gzip\r\n"
			}
			size, begun := 0, processTime(b)
			for i := 0; b.Loop(); i++ {
				if c.body == "" {
					out = fmt.Appendf(out[:0], "GET %s%s HTTP/1.1\r\nHost: x\r\nX-Api-Key: %s\r\n%s\r\n", DetailPath, truth.ID(i*7919%truth.Len()), DefaultKey, encoding)
				} else {
					out = fmt.Appendf(out[:0], "POST %s HTTP/1.1\r\nHost: x\r\nX-Api-Key: %s\r\n%sContent-Length: %d\r\n\r\n%s", ListPath, DefaultKey, encoding, len(c.body), c.body)
				}
				_, err := conn.Write(out)
				require.NoError(b, err)
				size += readResponse(b, in)
			}
			report(b, begun, size)
		})
	}
}

// readResponse reads a response with a Content-Length and returns the size of its body.
func readResponse(b *testing.B, in *bufio.Reader) (size int) {
	for {
		line, err := in.ReadSlice('\n')
		require.NoError(b, err)
		if text := string(line); strings.HasPrefix(text, "Content-Length: ") {
			_, err := fmt.Sscanf(text, "Content-Length: %d", &size)
			require.NoError(b, err)
		} else if text == "\r\n" {
			n, err := in.Discard(size)
			require.NoError(b, err)
			return n
		}
	}
}
