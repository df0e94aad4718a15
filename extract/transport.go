package extract

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// How many bytes of one HTTP/2 answer are taken in before anybody reads them. Less would make large answers slow where the
// server is far away: a round trip brings no more than that.
const (
	leastUnread = 64 << 10
	mostUnread  = 1 << 20
)

// BoundUnread bounds the bytes of answers that wait in a transport, which no request has gone through yet, while their readers
// wait for memory: to memory bytes over as many requests as conns, as far as that leaves 64 KiB to each. The bound is one of
// streams and not of connections: on a full connection the answers that nobody reads would hold up those that are read.
func BoundUnread(t *http.Transport, conns int, memory int64) {
	t.HTTP2.MaxReceiveBufferPerStream = int(min(max(memory/int64(max(conns, 1)), leastUnread), mostUnread))
}

// NewTransport returns a transport for the clients of one organisation. conns is how many requests will be in flight at
// once: as many idle connections are kept, since reopening TLS connections costs a multiple of the requests themselves.
// tlsConfig may be nil for the system's certificates. The caller closes idle connections at the end (CloseIdleConnections).
//
// Clients use a transport directly and never follow a redirect: credentials go to the configured host only, and a moved
// API is something that the user should write into source.base_url. HTTPS_PROXY and NO_PROXY are honoured.
func NewTransport(conns int, tlsConfig *tls.Config) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           0, // no bound over all hosts: there is one host
		MaxIdleConnsPerHost:    max(conns, 2),
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		DisableCompression:     true,     // clients ask for gzip and decompress themselves
		MaxResponseHeaderBytes: 64 << 10, // bytes
		ReadBufferSize:         16 << 10, // one TLS record
		// A connection that died silently would hold its streams until their timeout: ask after 15 s of silence.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
	}
}
