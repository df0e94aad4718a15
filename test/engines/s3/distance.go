package s3

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// Away is the server as it is seen from a place that each request takes so long to come from. The caller calls end.
func (s *Server) Away(d time.Duration) (away *Server, end func()) {
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: s.addr})
		r.Out.Host = r.In.Host // which is signed
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(d)
		proxy.ServeHTTP(w, r)
	}))
	return &Server{dir: s.dir, addr: strings.TrimPrefix(front.URL, "http://")}, front.Close
}
