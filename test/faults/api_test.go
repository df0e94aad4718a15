package faults

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"logferry/internal/logsim"
	"logferry/internal/record"
)

// transport is the way to the API, on which things go wrong.
type transport struct {
	next http.RoundTripper
	in   *injector
	tag  string // of the API that is asked: see nights

	mu      sync.Mutex
	before  map[string]*answer // the newest one by class, and list answers by the cursor that they brought
	another map[string]*answer // the newest list answer by the body of its request
}

// answer is one that came whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func classOf(r *http.Request) string {
	switch {
	case r.URL.Path == logsim.ListPath:
		return "list"
	case strings.HasPrefix(r.URL.Path, logsim.DetailPath):
		return "detail"
	}
	return "usage"
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	class := classOf(r)
	body := bodyOf(r)
	if earlier := t.earlier(class, body); earlier != nil && t.in.next(api, again, class+" request") == stale {
		discard(r.Body)
		return earlier.response(r), nil
	}
	if foreign := t.foreign(class, body); foreign != nil && t.in.next(api, other, class+" request") == mixedUp {
		discard(r.Body)
		return foreign.response(r), nil
	}
	k := t.in.next(api, request, class+" request")
	switch k {
	case fails, stops, dies:
		discard(r.Body)
		return nil, errInjected
	case hangs:
		discard(r.Body)
		<-r.Context().Done()
		return nil, r.Context().Err()
	case twice:
		if _, err := t.ask(r); err != nil {
			return nil, err
		}
		if r.GetBody != nil {
			r = r.Clone(r.Context())
			r.Body, _ = r.GetBody() // a reader of what is in memory
		}
	}
	a, err := t.ask(r)
	if err != nil {
		return nil, err
	}
	return t.spoil(k, class, a, r)
}

// spoil plays what goes wrong with an answer.
func (t *transport) spoil(k kind, class string, a *answer, r *http.Request) (*http.Response, error) {
	switch k {
	case lost:
		return nil, fmt.Errorf("%w: the answer was lost", errInjected)
	case cuts:
		resp := a.response(r)
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(a.body[:len(a.body)/2]), failing{}))
		return resp, nil
	case short:
		return a.with(a.body[:len(a.body)*2/3]).response(r), nil
	}
	t.remember(class, bodyOf(r), a)
	if a.header.Get("Content-Encoding") == "gzip" {
		if t.in.next(api, packed, class+" answer") == flipped {
			a = a.with(t.in.flip(a.body))
		}
		return a.response(r), nil
	}
	if len(a.body) == 0 {
		return a.response(r), nil
	}
	switch t.in.next(api, plain, class+" answer") {
	case broken:
		a = a.with(t.flipJSON(a.body, false))
	case silent:
		a = a.with(t.flipJSON(a.body, true))
	}
	return a.response(r), nil
}

// flipJSON changes one bit so that the body is JSON after it, or is none. Control characters in strings are none, and are
// taken as if they were.
func (t *transport) flipJSON(body []byte, valid bool) []byte {
	for {
		out := t.in.flip(body)
		if repaired, _ := record.Repair(out); json.Valid(repaired) == valid {
			return out
		}
	}
}

// ask makes the request and reads the answer whole.
func (t *transport) ask(r *http.Request) (*answer, error) {
	r = r.Clone(r.Context())
	r.Header.Set(nightHeader, t.tag)
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return &answer{resp.StatusCode, resp.Header, body}, err
}

// bodyOf is what a request sends.
func bodyOf(r *http.Request) string {
	if r.GetBody == nil {
		return ""
	}
	body, err := r.GetBody()
	if err != nil {
		return ""
	}
	defer body.Close()
	text, _ := io.ReadAll(body) // from memory
	return string(text)
}

// cursorOf is a member of a JSON text that is a cursor, "" where there is none.
func cursorOf(text []byte, name string) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil || string(members[name]) == "null" {
		return ""
	}
	return string(members[name])
}

func (t *transport) remember(class, body string, a *answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.before == nil {
		t.before, t.another = map[string]*answer{}, map[string]*answer{}
	}
	if class != "list" {
		t.before[class] = a
		return
	}
	t.another[body] = a
	if cursor := cursorOf(a.plain(), "next_cursor"); cursor != "" {
		t.before[cursor] = a
	}
}

// earlier is the answer before that to a request.
func (t *transport) earlier(class, body string) *answer {
	t.mu.Lock()
	defer t.mu.Unlock()
	if class != "list" {
		return t.before[class]
	}
	return t.before[cursorOf([]byte(body), "cursor")]
}

// foreign is an answer to another list request than this one and the one before it.
func (t *transport) foreign(class, body string) *answer {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.before[cursorOf([]byte(body), "cursor")]
	for asked, a := range t.another {
		if class == "list" && asked != body && a != before {
			return a
		}
	}
	return nil
}

// plain is the body as it was before it was compressed.
func (a *answer) plain() []byte {
	if a.header.Get("Content-Encoding") != "gzip" {
		return a.body
	}
	z, err := gzip.NewReader(bytes.NewReader(a.body))
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(z) // what can't be read has no cursor
	return text
}

func (a *answer) with(body []byte) *answer {
	header := a.header.Clone()
	header.Del("Content-Length")
	return &answer{a.status, header, body}
}

func (a *answer) response(r *http.Request) *http.Response {
	length := int64(-1)
	if n, err := strconv.ParseInt(a.header.Get("Content-Length"), 10, 64); err == nil {
		length = n
	}
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header.Clone(), Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: length, Request: r,
	}
}

func discard(body io.Closer) {
	if body != nil {
		_ = body.Close()
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errInjected }
