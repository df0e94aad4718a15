// Package gcs runs a server that speaks Google Cloud Storage's protocol inside of a test process.
package gcs

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

// Server keeps its buckets in memory. It asks nobody for credentials.
type Server struct {
	fake  *fakestorage.Server
	front *httptest.Server
	addr  string
}

// Start starts a server. The caller closes it.
func Start() (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := listener.Addr().String()
	fake, err := fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true, Scheme: "http", PublicHost: addr})
	if err != nil {
		return nil, err
	}
	front := &httptest.Server{Listener: listener, Config: &http.Server{Handler: reached(fake.HTTPHandler(), addr)}}
	front.Start()
	return &Server{fake: fake, front: front, addr: addr}, nil
}

// reached lets objects be read under whatever name the server is reached by. Where something is written the name stays: the
// server tells it the client as the place to send the next part to.
func reached(next http.Handler, addr string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			r.Host = addr
		}
		next.ServeHTTP(w, r)
	})
}

// Close ends the server.
func (s *Server) Close() { s.front.Close() }

// Addr is where it listens.
func (s *Server) Addr() string { return s.addr }

// Env are the environment variables that send the vendor's client to the server, or to what stands before it at addr.
func Env(addr string) map[string]string {
	return map[string]string{"STORAGE_EMULATOR_HOST": addr}
}

// Make makes a bucket.
func (s *Server) Make(bucket string) error {
	s.fake.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: bucket})
	return nil
}

// URL is the URL of a prefix in a bucket, as a sink takes it.
func URL(bucket, prefix string) string {
	return (&url.URL{Scheme: "gs", Host: bucket, Path: "/" + strings.TrimPrefix(prefix, "/")}).String()
}
