package logsim

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/gzip"
)

// Class is a kind of request.
type Class uint8

// The classes. AnyClass stands for all of them where a class is a condition.
const (
	AnyClass Class = iota
	List
	Detail
	UsageCall
	Other
	classes
)

// exchange is one request and the answer to it. Its buffers are used again.
type exchange struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	class   Class
	project *project
	now     time.Time
	key     digest // says that two requests ask for the same
	in, out []byte
	packed  bytes.Buffer
	rows    []int
	fault   *Fault // transport fault to play while answering
}

var exchanges = sync.Pool{New: func() any { return &exchange{} }}

// keptBuffer bounds the buffers that wait for the next request.
const keptBuffer = 256 << 10

func (x *exchange) release() {
	in, out, rows, packed := x.in[:0], x.out[:0], x.rows[:0], x.packed
	if cap(out) > keptBuffer {
		out = nil
	}
	if packed.Cap() > keptBuffer {
		packed = bytes.Buffer{}
	}
	*x = exchange{in: in, out: out, rows: rows, packed: packed}
	exchanges.Put(x)
}

// Header values that never change, shared between answers.
var (
	contentJSON  = []string{"application/json; charset=utf-8"}
	contentHTML  = []string{"text/html"}
	encodingGzip = []string{"gzip"}
	varyEncoding = []string{"Accept-Encoding"}
)

// smallestGzip is the size from which a body is compressed, bytes.
const smallestGzip = 1024

// sendJSON answers with x.out.
func (x *exchange) sendJSON(status int) {
	x.w.Header()["Content-Type"] = contentJSON
	x.send(status)
}

func (x *exchange) send(status int) {
	h, body := x.w.Header(), x.out
	if x.fault != nil && x.fault.Kind == InvalidJSON && status == http.StatusOK {
		body = x.spoil(body)
	}
	if !x.s.opts.NoGzip {
		h["Vary"] = varyEncoding
		if len(body) >= smallestGzip && acceptsGzip(x.r.Header) {
			body = x.compress(body)
			h["Content-Encoding"] = encodingGzip
		}
	}
	if x.fault != nil && x.playBody(status, body) {
		return
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.w.WriteHeader(status)
	n, _ := x.w.Write(body)
	x.s.stats.sent(status, n)
}

func (x *exchange) compress(body []byte) []byte {
	x.packed.Reset()
	z := x.s.zippers.Get().(*gzip.Writer)
	defer x.s.zippers.Put(z)
	z.Reset(&x.packed)
	_, _ = z.Write(body) // a bytes.Buffer takes everything
	_ = z.Close()
	return x.packed.Bytes()
}

func acceptsGzip(h http.Header) bool {
	for _, line := range h["Accept-Encoding"] {
		if line == "gzip" {
			return true
		}
		for coding := range strings.SplitSeq(line, ",") {
			name, quality, _ := strings.Cut(strings.TrimSpace(coding), ";")
			if (name == "gzip" || name == "*") && strings.TrimSpace(quality) != "q=0" {
				return true
			}
		}
	}
	return false
}

// sendError answers with the error envelope.
func (x *exchange) sendError(status int, message, fix string) {
	out := append(x.out[:0], `{"error":{"message":`...)
	out, _ = jsontext.AppendQuote(out, message) // invalid UTF-8 is replaced
	out = fmt.Appendf(out, `,"status":%d,"request_id":"`, status)
	out = appendRequest(out, newStream(x.s.opts.Seed, saltRequest).at(int(x.s.requestIDs.Add(1))))
	out = append(out, '"')
	if fix != "" {
		out, _ = jsontext.AppendQuote(append(out, `,"suggested_fix":`...), fix)
	}
	x.out = append(out, `}}`...)
	x.sendJSON(status)
}
