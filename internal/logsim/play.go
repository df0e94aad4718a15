package logsim

import (
	"math"
	"net"
	"net/http"
	"strconv"
	"time"
)

// wait waits for the latency of a request.
func (x *exchange) wait(d Delay) {
	delay := d.Base + time.Duration(float64(d.Jitter)*unit(newStream(x.s.opts.Seed, saltLatency).at(int(x.key))))
	if delay > 0 {
		_ = x.s.opts.Sleep(x.r.Context(), delay) // a client that is gone gets its answer into nothing
	}
}

// chooseFault decides what goes wrong with this request, and keeps what has to be played while the body is sent.
func (x *exchange) chooseFault(hasCursor bool) FaultKind {
	x.fault = x.s.faults.choose(x, hasCursor)
	if x.fault == nil {
		return NoFault
	}
	return x.fault.Kind
}

// playStatus answers with a fault that comes instead of the answer; it reports whether it did.
func (x *exchange) playStatus(kind FaultKind) bool {
	h := x.w.Header()
	switch kind {
	case InternalError:
		x.sendError(http.StatusInternalServerError, "Internal server error", "Try again.")
	case BadGateway:
		x.out = append(x.out[:0], "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>\n"...)
		h["Content-Type"] = contentHTML
		x.send(http.StatusBadGateway)
	case Unavailable:
		h["Retry-After"] = []string{x.fault.seconds()}
		x.sendError(http.StatusServiceUnavailable, "Service unavailable", "Try again later.")
	case TooManyRequests, TooManyRequestsBare:
		if kind == TooManyRequests {
			h["Retry-After"] = []string{x.fault.seconds()}
		}
		x.send429(x.project.organisation.look(x.now))
	case ErrorStatus:
		x.sendError(x.fault.Status, http.StatusText(x.fault.Status), "")
	case Reset:
		x.reset()
	case Hang:
		select {
		case <-x.r.Context().Done():
		case <-x.s.closed:
		}
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// seconds is the fault's delay as the text of a Retry-After.
func (f *Fault) seconds() string { return strconv.Itoa(int(math.Ceil(f.delay().Seconds()))) }

// reset ends the connection with a TCP reset where it is a connection of its own, and the stream otherwise (HTTP/2, TLS).
func (x *exchange) reset() {
	if h, ok := x.w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // a close then sends a reset
			}
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// playBody sends a body in the fault's way; it reports whether it sent it.
func (x *exchange) playBody(status int, body []byte) bool {
	switch x.fault.Kind {
	case Truncated:
		x.w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
		x.w.WriteHeader(status)
		n, _ := x.w.Write(body[:len(body)/2])
		x.s.stats.sent(status, n)
		_ = http.NewResponseController(x.w).Flush()
		panic(http.ErrAbortHandler)
	case Trickle:
		x.trickle(status, body)
		return true
	default:
		return false
	}
}

// trickle sends a body in pieces over the fault's delay.
func (x *exchange) trickle(status int, body []byte) {
	const pieces = 16
	x.w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.w.WriteHeader(status)
	sent, control := 0, http.NewResponseController(x.w)
	for i := range pieces {
		end := len(body) * (i + 1) / pieces
		n, err := x.w.Write(body[sent:end])
		sent += n
		if err != nil {
			break
		}
		_ = control.Flush()
		if x.s.opts.Sleep(x.r.Context(), x.fault.delay()/pieces) != nil {
			break
		}
	}
	x.s.stats.sent(status, sent)
}

// spoil turns a body into something that is no JSON: cut off, or another page altogether.
func (x *exchange) spoil(body []byte) []byte {
	if mix(uint64(x.key))&1 == 0 {
		return body[:len(body)*2/3]
	}
	return []byte("<!doctype html><title>Please wait</title>")
}
