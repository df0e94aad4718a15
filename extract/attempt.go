package extract

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"logferry/internal/record"
)

// request is one request to be attempted, perhaps more than once.
type request struct {
	op     Op
	method string
	at     resource
	body   []byte // nil for none
	limit  int64  // bytes of the decompressed answer
	check  func(body []byte) error
	meter  *Progress    // may be nil
	memory *reservation // bytes accounted for the answer; nil where nobody counts
}

// errTimeout is the cause that ends an attempt's context when its time is up.
var errTimeout = errors.New("the attempt's time is up")

// attempt waits for the rate budget and makes the request once. On done, the body has passed the request's check and is
// the caller's memory.
func (c *Client) attempt(ctx context.Context, r *request, t *tries) ([]byte, verdict) {
	ticket, err := c.governor.Acquire(ctx, r.op, c.policy.patience())
	var paused *PausedError
	var refused *RefusedError
	if errors.As(err, &paused) || errors.As(err, &refused) {
		return nil, verdict{class: fatal, err: err}
	}
	if err != nil {
		return nil, verdict{class: stopped, err: err}
	}
	r.meter.add(requestCounter(r.op), 1)
	t.attempts++
	start := time.Now()
	body, v := c.send(ctx, r, ticket)
	t.spent += time.Since(start)
	if v.class != done && ctx.Err() != nil {
		return nil, verdict{class: stopped, err: context.Cause(ctx)}
	}
	return body, v
}

// send makes the request and reads its answer, both within the client's timeout.
func (c *Client) send(ctx context.Context, r *request, ticket Ticket) ([]byte, verdict) {
	caller := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(c.timeout, func() { cancel(errTimeout) })
	defer timer.Stop()

	// The transport sends a GET again by itself when a connection that it kept breaks. Those count too.
	conns := 0
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { conns++ }})
	status, began := 0, time.Now()
	defer func() { c.answered(r.op, status, time.Since(began)) }()
	resp, err := c.transport.RoundTrip(c.httpRequest(traced, r))
	if conns > 1 {
		r.meter.add(requestCounter(r.op), int64(conns-1))
		r.meter.add(countRetries, int64(conns-1))
		c.governor.unanswered(r.op, conns-1)
	}
	if err != nil && caller.Err() != nil {
		c.governor.Abandon(ticket)
		return nil, verdict{class: stopped, err: context.Cause(caller)}
	}
	if err != nil {
		c.governor.Observe(ticket, nil, 0)
		return nil, c.transportVerdict(ctx, r.op, err)
	}
	defer resp.Body.Close()
	c.governor.Observe(ticket, resp.Header, resp.StatusCode)
	c.reached.Store(true)
	status = resp.StatusCode
	if resp.StatusCode/100 != 2 {
		return nil, c.refusal(r, resp)
	}
	body, err := readBody(resp, r.limit, r.grower(ctx, timer, c.timeout))
	r.meter.add(countBytes, int64(len(body)))
	switch {
	case errors.Is(err, errLarge):
		return nil, verdict{class: permanent, err: &TooLargeError{Op: r.op, Limit: r.limit}}
	case err != nil:
		return nil, c.transportVerdict(ctx, r.op, err)
	}
	return checked(r, body)
}

func (c *Client) answered(op Op, status int, took time.Duration) {
	if c.onAnswer != nil {
		c.onAnswer(op, status, took)
	}
}

// grower accounts for a growing body. Waiting for memory is not the server's slowness: the timeout starts again after it.
func (r *request) grower(ctx context.Context, timer *time.Timer, timeout time.Duration) func(int64) error {
	if r.memory == nil {
		return nil
	}
	return func(size int64) error {
		return r.memory.grow(ctx, size, func() { timer.Stop() }, func() { timer.Reset(timeout) })
	}
}

func (c *Client) httpRequest(ctx context.Context, r *request) *http.Request {
	u := &url.URL{Scheme: c.base.Scheme, Host: c.base.Host, Path: c.base.Path + r.at.plain}
	if r.at.plain != r.at.escaped || c.base.RawPath != c.base.Path {
		u.RawPath = c.base.RawPath + r.at.escaped
	}
	req := &http.Request{
		Method: r.method, URL: u, Host: c.base.Host, Header: c.header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if r.body != nil {
		req.Header = c.headerBody
		req.ContentLength = int64(len(r.body))
		req.Body = io.NopCloser(bytes.NewReader(r.body))
		// Lets the transport repeat a request that a closing connection has not taken.
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil }
	}
	return req.WithContext(ctx)
}

func (c *Client) transportVerdict(ctx context.Context, op Op, err error) verdict {
	if errors.Is(context.Cause(ctx), errTimeout) {
		return verdict{class: retry, err: &TimeoutError{Op: op, Limit: c.timeout}}
	}
	return classifyTransport(op, c.base.Host, err)
}

// checked decides over the body of a successful answer.
func checked(r *request, body []byte) ([]byte, verdict) {
	body = bytes.TrimSpace(body)
	err := r.check(body)
	if err == nil {
		return body, verdict{}
	}
	if repaired, changed := record.Repair(body); changed && r.check(repaired) == nil {
		return repaired, verdict{}
	}
	own := r.op == OpDetail && len(body) > 0 && body[0] == '{' // HTML would be a proxy's, and pass
	return nil, verdict{class: retry, malformed: own, err: &BodyError{Op: r.op, Err: err}}
}

// refusal reads an answer that is no success.
func (c *Client) refusal(r *request, resp *http.Response) verdict {
	const limit = 64 << 10 // bytes
	body, _ := readBody(resp, limit, nil)
	e := &APIError{Op: r.op, Method: r.method, Path: r.at.escaped, Status: resp.StatusCode}
	after, hasAfter := parseRetryAfter(resp.Header.Get(headerRetryAfter), serverTime(resp.Header, time.Now()))
	e.RetryAfter = after
	if resp.StatusCode == http.StatusTooManyRequests {
		var said APIError
		c.readRefusal(&said, body)
		if limit, window, ok := toldLimit(said.Message); ok {
			c.governor.told(limit, window)
		}
	}
	if c.mayKnow != nil {
		body = c.mayKnow(body)
	}
	c.readRefusal(e, body)
	if resp.StatusCode/100 == 3 {
		e.Message = "redirected to " + c.safe(redirectTarget(resp))
	}
	v := verdict{class: classifyStatus(r.op, resp.StatusCode, hasAfter), after: after, err: e}
	if resp.StatusCode == http.StatusTooManyRequests {
		v.throttled = true
		r.meter.add(countThrottled, 1)
		if after > c.policy.patience() {
			v.class = fatal // every other request would wait as long
			v.err = &PausedError{Until: time.Now().Add(after), Wait: after}
		}
	}
	return v
}

// readRefusal takes the API's words out of an error body: {"error":{…}} or {"message":…}.
func (c *Client) readRefusal(e *APIError, body []byte) {
	var top struct {
		Error   jsontext.Value `json:"error"`
		Message jsontext.Value `json:"message"`
	}
	if json.Unmarshal(body, &top) != nil {
		e.Message = c.safe(strings.TrimSpace(string(body[:min(len(body), 200)])))
		return
	}
	var inner struct {
		Message      jsontext.Value `json:"message"`
		SuggestedFix jsontext.Value `json:"suggested_fix"`
		RequestID    jsontext.Value `json:"request_id"`
	}
	if json.Unmarshal(top.Error, &inner) != nil {
		inner.Message = top.Error // {"error":"text"}
	}
	if len(inner.Message) == 0 {
		inner.Message = top.Message
	}
	e.Message = c.safe(plain(inner.Message))
	e.SuggestedFix = c.safe(plain(inner.SuggestedFix))
	e.RequestID = c.safe(plain(inner.RequestID))
}

// plain is a JSON string's content, and any other JSON value's text.
func plain(v jsontext.Value) string {
	if v.Kind() == 'n' {
		return ""
	}
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}

// safe makes a foreign text printable and takes this client's secret out of it.
func (c *Client) safe(s string) string {
	if len(c.secret) >= 4 {
		s = strings.ReplaceAll(s, c.secret, "[secret]")
	}
	return printable(s)
}

// redirectTarget is scheme and host of a Location; its path and query could hold anything.
func redirectTarget(resp *http.Response) string {
	target, err := resp.Location()
	if err != nil {
		return "nowhere"
	}
	return target.Scheme + "://" + target.Host
}
