package logsim

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// The paths of the API.
const (
	ListPath         = "/api/v3.1/logs/tool_execution"
	DetailPath       = ListPath + "/" // and the id
	UsagePath        = "/api/v3.1/project/usage/"
	UsageSummaryPath = UsagePath + "summary"
	ToolCallsPath    = UsagePath + "tool_calls"
)

// largestRequest is the longest request body that is read, bytes.
const largestRequest = 1 << 20

// Server is the simulated API: an http.Handler, safe for concurrent use.
type Server struct {
	opts       Options
	projects   []*project
	byKey      map[string]*project
	byCookie   map[string]*project
	limiters   map[string]*limiter
	cursorKey  stream
	faults     *faults
	stats      stats
	zippers    sync.Pool // of *gzip.Writer
	requestIDs atomic.Uint64
	closed     chan struct{}
	closeOnce  sync.Once
}

// New builds a server. It keeps eight bytes a record, and a few MB.
func New(opts Options) (*Server, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	if _, err := gzip.NewWriterLevel(io.Discard, opts.GzipLevel); err != nil {
		return nil, err
	}
	s := &Server{
		opts: opts, byKey: map[string]*project{}, byCookie: map[string]*project{}, limiters: map[string]*limiter{},
		cursorKey: newStream(opts.Seed, saltID+1000), faults: newFaults(opts.Seed, opts.Faults), closed: make(chan struct{}),
	}
	s.zippers.New = func() any {
		z, _ := gzip.NewWriterLevel(io.Discard, opts.GzipLevel) // the level was tried above
		return z
	}
	for i, declared := range opts.Projects {
		p := newProject(i, declared, opts.Seed)
		if s.limiters[declared.Organisation] == nil {
			s.limiters[declared.Organisation] = newLimiter(opts.Rate, opts.Now())
		}
		p.organisation = s.limiters[declared.Organisation]
		s.projects = append(s.projects, p)
		s.byKey[declared.Key] = p
		if declared.Cookie != "" {
			s.byCookie[declared.Cookie] = p
		}
	}
	return s, nil
}

// Close ends the requests that a Hang holds, now and later, so that the HTTP server around it can shut down. It may be
// called more than once.
func (s *Server) Close() { s.closeOnce.Do(func() { close(s.closed) }) }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := exchanges.Get().(*exchange)
	x.s, x.w, x.r, x.now = s, w, r, s.opts.Now()
	defer x.release()
	x.class = classify(r.Method, r.URL.Path)
	s.stats.begin(x.class)
	defer s.stats.end(x.class)

	if !x.admit() {
		return
	}
	if err := x.readBody(); err != nil {
		x.sendError(http.StatusBadRequest, "request body can't be read: "+err.Error(), "")
		return
	}
	var err error
	switch x.class {
	case List:
		err = x.list()
	case Detail:
		x.detail(r.URL.Path[len(DetailPath):])
	case UsageCall:
		err = x.usage(r.URL.Path[len(UsagePath):])
	default:
		x.sendError(http.StatusNotFound, "Route not found: "+r.Method+" "+r.URL.Path, "Check the method and the path.")
	}
	var mistake *badRequest
	if errors.As(err, &mistake) {
		x.sendError(http.StatusBadRequest, mistake.message, mistake.fix)
	}
}

func classify(method, path string) Class {
	switch {
	case method == http.MethodPost && path == ListPath:
		return List
	case method == http.MethodGet && strings.HasPrefix(path, DetailPath) && len(path) > len(DetailPath):
		return Detail
	case method == http.MethodPost && strings.HasPrefix(path, UsagePath):
		return UsageCall
	default:
		return Other
	}
}

// admit authenticates a request and takes it from the organisation's budget; it answers those that may not go on.
func (x *exchange) admit() bool {
	p, problem := x.s.authenticate(x.r.Header)
	if p == nil {
		x.s.limiters[x.s.opts.Projects[0].Organisation].look(x.now).writeHeaders(x.w.Header())
		x.sendError(http.StatusUnauthorized, problem, "Check the API key of the project.")
		return false
	}
	x.project = p
	state := p.organisation.take(x.now)
	state.writeHeaders(x.w.Header())
	switch {
	case state.refused:
		x.sendRateLimited(state)
		return false
	case p.denied:
		x.sendError(http.StatusForbidden, "The API key lacks the permission Observability: read", "Give the key the permission.")
		return false
	}
	return true
}

func (x *exchange) readBody() error {
	if x.r.Body == nil || x.class == Detail {
		return nil
	}
	body := io.LimitReader(x.r.Body, largestRequest+1)
	for {
		if len(x.in) == cap(x.in) {
			x.in = append(x.in, 0)[:len(x.in)]
		}
		n, err := body.Read(x.in[len(x.in):cap(x.in)])
		x.in = x.in[:len(x.in)+n]
		switch {
		case err == io.EOF:
			if len(x.in) > largestRequest {
				return errors.New("it is too large")
			}
			return nil
		case err != nil:
			return err
		}
	}
}
