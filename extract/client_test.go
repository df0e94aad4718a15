package extract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const testKey = "ak_very_secret"

// withClient runs f with a client of a handler, in a synctest bubble: pauses cost no time.
func withClient(t *testing.T, o ClientOptions, h http.HandlerFunc, f func(t *testing.T, c *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		transport, end := inMemory(h)
		defer end()
		o.Transport = transport
		f(t, newTestClient(t, o))
	})
}

func newTestClient(t *testing.T, o ClientOptions) *Client {
	t.Helper()
	if o.BaseURL == "" {
		o.BaseURL = "http://api.test"
	}
	if o.SessionCookie == "" {
		o.APIKey = testKey
	}
	c, err := NewClient(o)
	require.NoError(t, err)
	return c
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestClientSendsWhatTheAPIDocuments(t *testing.T) {
	var got *http.Request
	var body []byte
	h := func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, `{"logs":[],"next_cursor":{"odd":[1]}}`)
	}
	withClient(t, ClientOptions{Version: "1.2.3", BaseURL: "http://api.test/pre%2Ffix/"}, h, func(t *testing.T, c *Client) {
		page, err := c.List(t.Context(), ListRequest{
			Cursor: []byte(`"abc\u0000"`), Limit: 7, Range: TimeRange{From: 1, To: 2},
			Filters: []Filter{{Field: "user_id", Operator: "!=", Value: "a\"\x01"}},
		})
		require.NoError(t, err)
		require.JSONEq(t, `{"odd":[1]}`, string(page.Next))
		require.Equal(t, "POST", got.Method)
		require.Equal(t, "/pre%2Ffix/api/v3.1/logs/tool_execution", got.URL.EscapedPath())
		require.Equal(t, testKey, got.Header.Get("x-api-key"))
		require.Equal(t, "logferry/1.2.3", got.Header.Get("User-Agent"))
		require.Equal(t, "gzip", got.Header.Get("Accept-Encoding"))
		require.Equal(t, "application/json", got.Header.Get("Content-Type"))
		require.Equal(t, `{"limit":7,"time_range":{"from":1,"to":2},"filters":[{"field":"user_id","operator":"!=","value":"a\"\u0001"}],"cursor":"abc\u0000"}`, string(body))
	})
}

func TestClientSendsASessionCookieInsteadOfAKey(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "session=s3cret" || r.Header["X-Api-Key"] != nil {
			w.WriteHeader(401)
		}
		_, _ = io.WriteString(w, `{"logs":[]}`)
	}
	withClient(t, ClientOptions{SessionCookie: "session=s3cret"}, h, func(t *testing.T, c *Client) {
		_, err := c.List(t.Context(), ListRequest{})
		require.NoError(t, err)
	})
}

func TestDetailEscapesIDs(t *testing.T) {
	for _, id := range []string{"log_1", "a/b", "..", ".", "a?b#c%20 d", "ü", "a//b"} {
		h := func(w http.ResponseWriter, r *http.Request) {
			tail := strings.TrimPrefix(r.URL.EscapedPath(), detailPath)
			if strings.ContainsAny(tail, "/?#") || tail == ".." || tail == "." || r.URL.Path != detailPath+id {
				w.WriteHeader(404)
			}
			_, _ = fmt.Fprintf(w, " {\"id\":%s}\n", appendString(nil, id))
		}
		withClient(t, ClientOptions{}, h, func(t *testing.T, c *Client) {
			body, err := c.Detail(t.Context(), id)
			require.NoError(t, err, id)
			require.True(t, bytes.HasPrefix(body, []byte(`{"id"`)) && bytes.HasSuffix(body, []byte(`}`)))
		})
	}
}

func TestAPIErrorSaysWhatTheAPISaidAndNoSecret(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"envelope": {
			422, `{"error":{"message":"bad \u001b[31m ` + testKey + `","status":422,"request_id":"req_1","suggested_fix":"use\nanother"}}`,
			`list: the API answered 422 Unprocessable Entity: bad \u001b[31m [secret]; suggested fix: use\u000aanother (request_id req_1)`,
		},
		"message only":  {400, `{"message":"no"}`, "list: the API answered 400 Bad Request: no"},
		"error a text":  {400, `{"error":"no"}`, "list: the API answered 400 Bad Request: no"},
		"odd types":     {400, `{"error":{"message":{"a":1},"request_id":7,"suggested_fix":null}}`, `list: the API answered 400 Bad Request: {"a":1} (request_id 7)`},
		"no JSON":       {404, "<html>\x00", `list: the API answered 404 Not Found: <html>\u0000`},
		"nothing":       {409, "", "list: the API answered 409 Conflict"},
		"not an object": {409, "[]", "list: the API answered 409 Conflict: []"},
	} {
		t.Run(name, func(t *testing.T) {
			withClient(t, ClientOptions{}, reply(c.status, c.body), func(t *testing.T, client *Client) {
				_, err := client.List(t.Context(), ListRequest{})
				var api *APIError
				require.ErrorAs(t, err, &api)
				require.Equal(t, c.status, api.Status)
				require.Equal(t, "POST", api.Method)
				require.Equal(t, c.want, err.Error())
			})
		})
	}
}

func TestARefusalSaysOnlyWhatTheHookLeavesOfIt(t *testing.T) {
	const planted = "jane@example.com"
	for name, c := range map[string]struct {
		status      int
		body        string
		left, wants string
	}{
		"changed":    {422, `{"error":{"message":"no ` + planted + `","request_id":"r-` + planted + `","suggested_fix":"` + planted + `"}}`, `{"error":{"message":"no [x]","request_id":"r"}}`, "list: the API answered 422 Unprocessable Entity: no [x] (request_id r)"},
		"no JSON":    {400, "<p>" + planted, "<p>", "list: the API answered 400 Bad Request: <p>"},
		"nothing":    {409, planted, "", "list: the API answered 409 Conflict"},
		"given up":   {503, `{"message":"` + planted + `"}`, `{"message":"down"}`, "list: the API answered 503 Service Unavailable: down"},
		"a redirect": {302, `{"error":{"request_id":"` + planted + `"}}`, ``, "list: the API answered 302 Found: redirected to nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			var given []byte
			var retried []string
			o := ClientOptions{
				GiveUpAfter: time.Minute,
				Refusal:     func(body []byte) []byte { given = bytes.Clone(body); return []byte(c.left) },
				OnRetry:     func(_ Op, err error, _ time.Duration) { retried = append(retried, err.Error()) },
			}
			withClient(t, o, reply(c.status, c.body), func(t *testing.T, client *Client) {
				_, err := client.List(t.Context(), ListRequest{})
				require.ErrorContains(t, err, c.wants)
				require.NotContains(t, fmt.Sprintf("%v %+v %q", err, err, retried), planted)
				require.Equal(t, c.body, string(given))
			})
		})
	}
}

func TestTheLimitThatARefusalTellsIsReadWhateverTheHookLeaves(t *testing.T) {
	h := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		reply(429, `{"error":{"message":"Limit: 77 requests per 1 minute"}}`)(w, nil)
	}
	o := ClientOptions{GiveUpAfter: time.Minute, Refusal: func([]byte) []byte { return nil }}
	withClient(t, o, h, func(t *testing.T, c *Client) {
		_, err := c.List(t.Context(), ListRequest{})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "77")
		require.Equal(t, 77, c.governor.model.blind.told)
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var elsewhere atomic.Int64
	h := func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "api.test" {
			elsewhere.Add(1)
		}
		http.Redirect(w, r, "https://evil.test/?"+testKey, http.StatusTemporaryRedirect)
	}
	withClient(t, ClientOptions{}, h, func(t *testing.T, c *Client) {
		_, err := c.Detail(t.Context(), "log_1")
		var api *APIError
		require.ErrorAs(t, err, &api)
		require.Equal(t, "detail: the API answered 307 Temporary Redirect: redirected to https://evil.test", err.Error())
		require.Contains(t, api.Hint(), "source.base_url")
		require.Zero(t, elsewhere.Load())
	})
}

func TestBodiesAreBounded(t *testing.T) {
	large := strings.Repeat("a", 3<<20)
	for name, h := range map[string]http.HandlerFunc{
		"plain": reply(200, large),
		"gzip": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped(large))
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, limit := range []int64{1000, 2 << 20} {
				withClient(t, ClientOptions{MaxDetailBody: limit}, h, func(t *testing.T, c *Client) {
					_, err := c.Detail(t.Context(), "log_1")
					var tooLarge *TooLargeError
					require.ErrorAs(t, err, &tooLarge)
					require.Equal(t, limit, tooLarge.Limit)
				})
			}
		})
	}
}

func TestLargeBodiesArriveWhole(t *testing.T) {
	for _, size := range []int{0, 1, scratchSize - 12, scratchSize, scratchSize + 1, 200_000, 300_000, 5 << 20} {
		want := `{"id":"x","d":"` + strings.Repeat("y", size) + `"}`
		for _, gz := range []bool{false, true} {
			h := func(w http.ResponseWriter, _ *http.Request) {
				if gz {
					w.Header().Set("Content-Encoding", "gzip")
					_, _ = w.Write(zipped(want))
					return
				}
				_, _ = io.WriteString(w, want)
			}
			withClient(t, ClientOptions{}, h, func(t *testing.T, c *Client) {
				for range 2 {
					body, err := c.Detail(t.Context(), "x")
					require.NoError(t, err)
					require.True(t, string(body) == want, size)
				}
			})
		}
	}
}

func TestUnreachableSaysWhy(t *testing.T) {
	refusing := httptest.NewServer(http.NotFoundHandler())
	refusing.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0) // it would complain of the broken handshake
	untrusted.StartTLS()
	defer untrusted.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for url, hint := range map[string]string{
		refusing.URL:  "nothing accepts connections",
		untrusted.URL: "certificate",
		strings.Replace(plain.URL, "http", "https", 1): "does not speak TLS",
	} {
		transport := NewTransport(1, nil)
		transport.Proxy = nil
		c := newTestClient(t, ClientOptions{BaseURL: url, Transport: transport, BackoffBase: time.Microsecond, BackoffCap: time.Microsecond, GiveUpAfter: 2 * time.Millisecond})
		_, err := c.List(t.Context(), ListRequest{})
		var unreachable *UnreachableError
		require.ErrorAs(t, err, &unreachable)
		require.Contains(t, hintOf(err), hint)
		require.NotContains(t, err.Error(), testKey)
		var gaveUp *GaveUpError
		require.Equal(t, url == refusing.URL, errors.As(err, &gaveUp), "only what may pass is retried")
		transport.CloseIdleConnections()
	}
}

func TestClientSpeaksHTTP2(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"id":"log_1","proto":%d}`, r.ProtoMajor)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	transport := NewTransport(4, server.Client().Transport.(*http.Transport).TLSClientConfig.Clone())
	transport.Proxy = nil
	defer transport.CloseIdleConnections()
	c := newTestClient(t, ClientOptions{BaseURL: server.URL, Transport: transport})
	body, err := c.Detail(t.Context(), "log_1")
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"log_1","proto":2}`, string(body))
}

func TestConnectionsAreReused(t *testing.T) {
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(zipped(`{"id":"log_1"}`))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	transport := NewTransport(4, nil)
	defer transport.CloseIdleConnections()
	c := newTestClient(t, ClientOptions{BaseURL: server.URL, Transport: transport})
	for range 20 {
		_, err := c.Detail(t.Context(), "log_1")
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, connections.Load())
}

func TestNewClientRefusesWhatCanNotWork(t *testing.T) {
	for want, o := range map[string]ClientOptions{
		"scheme":         {APIKey: testKey, BaseURL: "ftp://x"},
		"no host":        {APIKey: testKey, BaseURL: "https://"},
		"only scheme":    {APIKey: testKey, BaseURL: "https://user:pass@x"},
		"not a URL":      {APIKey: testKey, BaseURL: "https://pass word:%zz"},
		"no credentials": {},
		"one of them":    {APIKey: testKey, SessionCookie: "a=b"},
		"position 15":    {APIKey: testKey + "\n"},
	} {
		_, err := NewClient(o)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), testKey)
		require.NotContains(t, err.Error(), "pass ")
	}
}

func TestUsage(t *testing.T) {
	var body []byte
	h := func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, `{"entities":{"tool_calls":{"unit":"count","total_quantity":"142","event_count":142,"new":1}}}`)
	}
	withClient(t, ClientOptions{}, h, func(t *testing.T, c *Client) {
		usage, err := c.Usage(t.Context(), UsageRequest{Range: TimeRange{From: 1, To: 2}, UserIDs: []string{"u"}, SessionIDs: []string{"s", "t"}})
		require.NoError(t, err)
		require.Equal(t, map[string]Usage{"tool_calls": {Unit: "count", TotalQuantity: "142", EventCount: 142}}, usage)
		require.JSONEq(t, `{"from":1,"to":2,"entity_types":["tool_calls"],"filters":{"user_id":["u"],"session_id":["s","t"]}}`, string(body))
	})
}

func TestPrintable(t *testing.T) {
	require.Equal(t, `a\u0007\u009b\xff ü\u202e`, printable("a\a\u009b\xff ü\u202e"))
	long := printable(strings.Repeat("ü", 400))
	require.True(t, strings.HasSuffix(long, "ü…"), long[len(long)-10:])
}
