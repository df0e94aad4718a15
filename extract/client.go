package extract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"logferry/internal/record"
)

// Defaults of a client.
const (
	DefaultBaseURL = "https://backend.composio.dev"
	DefaultTimeout = 30 * time.Second
	DefaultMaxBody = 64 << 20 // bytes
)

// ClientOptions configure a Client. Exactly one of APIKey and SessionCookie is needed.
type ClientOptions struct {
	BaseURL       string // scheme, host and optional path prefix; "" is DefaultBaseURL
	APIKey        string // sent as x-api-key
	SessionCookie string // sent as Cookie, as it is: name=value
	Version       string // the program's version, for the User-Agent

	Transport http.RoundTripper // shared, see NewTransport; nil is a transport of this client's own
	Governor  *Governor         // shared by all clients of one organisation; nil is one of this client's own, without a limit

	Timeout     time.Duration // of one attempt, body included; 0 is DefaultTimeout
	GiveUpAfter time.Duration // bounds attempts and pauses of one request; 0 is DefaultGiveUpAfter
	BackoffBase time.Duration // 0 is DefaultBackoffBase
	BackoffCap  time.Duration // 0 is DefaultBackoffCap

	// OnRetry is told of every attempt that failed and will be repeated, with its error and the pause before. It may be nil, is
	// called from many goroutines and must not block.
	OnRetry func(op Op, err error, pause time.Duration)

	// OnAnswer is told of every attempt that was sent: the status of its answer, 0 where none came, and how long it took with its
	// body. It may be nil, is called from many goroutines and must not block.
	OnAnswer func(op Op, status int, took time.Duration)

	// Refusal is given the body of an answer that is no success, as JSON or whatever it is, decompressed, and returns what of it may be
	// known: all that an APIError says in the API's words, wherever that is shown, comes from there. It may change the body in place, and
	// return nil for nothing. Only the rate limit that a 429 tells is read from the body itself. A body of more than 64 KiB, or one that
	// can't be read, counts as empty. It may be nil, and is called from many goroutines.
	Refusal func(body []byte) []byte

	Progress *Progress // counts the requests that are made outside of walks; may be nil

	MaxListBody   int64 // bytes of a decompressed list page; 0 is DefaultMaxBody
	MaxDetailBody int64 // bytes of a decompressed detail; 0 is DefaultMaxBody
}

// Client makes requests for one project. It may be used concurrently. It owns nothing that has to be closed, unless it
// was made without a Transport: then Close closes idle connections.
type Client struct {
	base       *url.URL
	header     http.Header // of requests without a body; shared by them, never changed
	headerBody http.Header // of requests with one
	secret     string

	transport    http.RoundTripper
	ownTransport *http.Transport
	governor     *Governor
	progress     *Progress
	onRetry      func(Op, error, time.Duration)
	onAnswer     func(op Op, status int, took time.Duration)
	mayKnow      func(body []byte) []byte // of a refusal; may be nil
	policy       retryPolicy
	timeout      time.Duration
	maxList      int64
	maxDetail    int64
	reached      atomic.Bool // an answer has come, ever
}

// NewClient checks the options. Its errors name the option and hold no secret.
func NewClient(o ClientOptions) (*Client, error) {
	base, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base: base, transport: o.Transport, governor: o.Governor, progress: o.Progress,
		onRetry:   o.OnRetry,
		onAnswer:  o.OnAnswer,
		mayKnow:   o.Refusal,
		policy:    newRetryPolicy(o.BackoffBase, o.BackoffCap, o.GiveUpAfter),
		timeout:   orDefault(o.Timeout, DefaultTimeout),
		maxList:   orDefault(o.MaxListBody, DefaultMaxBody),
		maxDetail: orDefault(o.MaxDetailBody, DefaultMaxBody),
	}
	if c.header, c.secret, err = requestHeader(o); err != nil {
		return nil, err
	}
	c.headerBody = c.header.Clone()
	c.headerBody.Set("Content-Type", "application/json")
	if c.transport == nil {
		c.ownTransport = NewTransport(64, nil)
		c.transport = c.ownTransport
	}
	if c.governor == nil {
		c.governor = NewGovernor(GovernorOptions{})
	}
	return c, nil
}

// Close closes idle connections of a client that was made without a Transport.
func (c *Client) Close() {
	if c.ownTransport != nil {
		c.ownTransport.CloseIdleConnections()
	}
}

func orDefault[T time.Duration | int64](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

func parseBase(text string) (*url.URL, error) {
	if text == "" {
		text = DefaultBaseURL
	}
	base, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("base URL: not a URL") // the parser's error would repeat a password in it
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, fmt.Errorf("base URL %s: the scheme has to be https or http", base.Redacted())
	case base.Host == "":
		return nil, fmt.Errorf("base URL %s: no host", base.Redacted())
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("base URL %s: only scheme, host and path are possible", base.Redacted())
	}
	escaped := strings.TrimRight(base.EscapedPath(), "/")
	base.Path, base.RawPath = strings.TrimRight(base.Path, "/"), escaped
	return base, nil
}

func requestHeader(o ClientOptions) (http.Header, string, error) {
	h := http.Header{}
	h.Set("Accept", "application/json")
	h.Set("Accept-Encoding", "gzip")
	version := o.Version
	if version == "" {
		version = "dev"
	}
	h.Set("User-Agent", "logferry/"+version)
	name, secret := "X-Api-Key", o.APIKey
	switch {
	case o.APIKey != "" && o.SessionCookie != "":
		return nil, "", errors.New("an API key and a session cookie are set: one of them is needed")
	case o.APIKey == "" && o.SessionCookie == "":
		return nil, "", errors.New("no credentials: an API key or a session cookie is needed")
	case o.SessionCookie != "":
		name, secret = "Cookie", o.SessionCookie
	}
	if i := strings.IndexFunc(secret, func(r rune) bool { return r <= ' ' && name == "X-Api-Key" || r < ' ' || r >= 0x7f }); i >= 0 {
		return nil, "", fmt.Errorf("the credentials hold a character at position %d that no HTTP header can carry", i+1)
	}
	h.Set(name, secret)
	return h, secret, nil
}

// List fetches one page. The page's memory is the caller's. It retries as described at the package's classifier; errors
// are *APIError, *GaveUpError around the last attempt's error, *UnreachableError, *TooLargeError, or the context's.
func (c *Client) List(ctx context.Context, r ListRequest) (record.Page, error) {
	page, _, err := c.list(ctx, &r, c.progress, nil)
	return page, err
}

// list is List for a walk. The second result is the body's size in bytes.
func (c *Client) list(ctx context.Context, r *ListRequest, meter *Progress, memory *reservation) (record.Page, int, error) {
	var page record.Page
	call := request{
		op: OpList, method: http.MethodPost, at: listResource, body: r.appendBody(nil), limit: c.maxList, meter: meter, memory: memory,
		check: func(body []byte) (err error) { page, err = record.ParsePage(body); return err },
	}
	body, err := c.do(ctx, &call)
	if err != nil {
		return record.Page{}, 0, err
	}
	return page, len(body), nil
}

// Detail fetches the full record of an id: one JSON object, exactly as received. The errors are List's, and an
// *APIError with status 404 or 403 for a record that is missing or denied.
func (c *Client) Detail(ctx context.Context, id string) ([]byte, error) {
	call := c.detailRequest(id)
	call.meter = c.progress
	return c.do(ctx, &call)
}

func (c *Client) detailRequest(id string) request {
	return request{
		op: OpDetail, method: http.MethodGet, at: detailResource(id), limit: c.maxDetail,
		check: func(body []byte) error { return record.CheckDetail(body, id) },
	}
}

// retrying counts and tells that an attempt will be repeated.
func (c *Client) retrying(meter *Progress, op Op, err error, pause time.Duration) {
	meter.add(countRetries, 1)
	if c.onRetry != nil {
		c.onRetry(op, err, pause)
	}
}

// gaveUp is an error that ended a request; where it is only the caller's deadline, it says what had failed before.
func gaveUp(err error, op Op, t *tries, last error) error {
	if last == nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &GaveUpError{Op: op, Attempts: t.attempts, Spent: t.spent, Err: last}
}

// do makes attempts until one of them settles the request.
func (c *Client) do(ctx context.Context, r *request) ([]byte, error) {
	var t tries
	var last error
	for {
		body, v := c.attempt(ctx, r, &t)
		switch v.class {
		case done:
			return body, nil
		case retry, retryAfter:
			pause, err := c.policy.next(&t, r.op, v, c.reached.Load())
			if err != nil {
				return nil, err
			}
			c.retrying(r.meter, r.op, v.err, pause)
			if err := sleep(ctx, pause); err != nil {
				return nil, gaveUp(err, r.op, &t, v.err)
			}
			last = v.err
		default:
			return nil, gaveUp(v.err, r.op, &t, last)
		}
	}
}
