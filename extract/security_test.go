package extract

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// withServer runs f with a client of a real server, over TLS.
func withServer(t *testing.T, h http.HandlerFunc, http2 bool, change func(*tls.Config), f func(c *Client)) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = http2
	server.TLS = &tls.Config{} //nolint:gosec // the cases below ask for old versions
	if change != nil {
		change(server.TLS)
	}
	server.StartTLS()
	defer server.Close()
	transport := NewTransport(1, server.Client().Transport.(*http.Transport).TLSClientConfig.Clone())
	transport.Proxy = nil
	defer transport.CloseIdleConnections()
	f(newTestClient(t, ClientOptions{
		BaseURL: server.URL, Transport: transport, BackoffBase: time.Microsecond, BackoffCap: time.Microsecond, GiveUpAfter: 20 * time.Millisecond,
	}))
}

func TestHeadersAreBoundedInBytesAndNumber(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		for name, fill := range map[string]func(http.Header){
			"one of a mebibyte": func(h http.Header) { h.Set("X-Long", strings.Repeat("a", 1<<20)) },
			"20,000 of them": func(h http.Header) {
				for n := range 20_000 {
					h.Set(fmt.Sprintf("X-Many-%d", n), "v")
				}
			},
		} {
			t.Run(fmt.Sprint(name, ", HTTP/2: ", http2), func(t *testing.T) {
				h := func(w http.ResponseWriter, _ *http.Request) {
					fill(w.Header())
					_, _ = io.WriteString(w, `{"id":"log_1"}`)
				}
				withServer(t, h, http2, nil, func(c *Client) {
					_, err := c.Detail(t.Context(), "log_1")
					var unreachable *UnreachableError
					require.ErrorAs(t, err, &unreachable)
					require.Less(t, len(err.Error()), 2*maxText)
				})
			})
		}
	}
}

func TestOldVersionsOfTLSAreRefused(t *testing.T) {
	old := func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }
	withServer(t, func(http.ResponseWriter, *http.Request) { t.Error("the request arrived") }, false, old, func(c *Client) {
		_, err := c.List(t.Context(), ListRequest{})
		var unreachable *UnreachableError
		require.ErrorAs(t, err, &unreachable)
		require.Contains(t, hintOf(err), "TLS 1.2")
	})
}
