package extract

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

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
