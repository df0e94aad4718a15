package s3

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
)

// Away is where the server is found from a place whose requests pass by something. The caller calls end.
func (s *Server) Away(pass func(*http.Request)) (addr string, end func()) {
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: s.addr})
		r.Out.Host = r.In.Host // which is signed
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pass(r)
		proxy.ServeHTTP(w, r)
	}))
	return strings.TrimPrefix(front.URL, "http://"), front.Close
}
