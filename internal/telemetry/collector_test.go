package telemetry

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// collector receives what is sent by OTLP, over either protocol.
type collector struct {
	collectortrace.UnimplementedTraceServiceServer

	mu      sync.Mutex
	spans   []*tracepb.Span
	metrics map[string]*metricspb.Metric // the latest of each name
	service string
}

func newCollector() *collector { return &collector{metrics: map[string]*metricspb.Metric{}} }

// overHTTP listens on a free port and returns its URL.
func (c *collector) overHTTP(t *testing.T) string {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(_ http.ResponseWriter, r *http.Request) {
		var request collectortrace.ExportTraceServiceRequest
		decode(t, r, &request)
		_, _ = c.Export(r.Context(), &request)
	})
	mux.HandleFunc("POST /v1/metrics", func(_ http.ResponseWriter, r *http.Request) {
		var request collectormetrics.ExportMetricsServiceRequest
		decode(t, r, &request)
		c.take(&request)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func decode(t *testing.T, r *http.Request, to proto.Message) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, to)
	}
	if err != nil {
		t.Error(err)
	}
}

// overGRPC listens on a free port and returns its URL.
func (c *collector) overGRPC(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	collectortrace.RegisterTraceServiceServer(server, c)
	collectormetrics.RegisterMetricsServiceServer(server, metricsOf{c: c})
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	return "http://" + listener.Addr().String()
}

// Export implements the collector's service for traces.
func (c *collector) Export(_ context.Context, request *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range request.ResourceSpans {
		for _, kv := range of.Resource.Attributes {
			if kv.Key == "service.name" {
				c.service = kv.Value.GetStringValue()
			}
		}
		for _, scoped := range of.ScopeSpans {
			c.spans = append(c.spans, scoped.Spans...)
		}
	}
	return &collectortrace.ExportTraceServiceResponse{}, nil
}

func (c *collector) take(request *collectormetrics.ExportMetricsServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range request.ResourceMetrics {
		for _, scoped := range of.ScopeMetrics {
			for _, m := range scoped.Metrics {
				c.metrics[m.Name] = m
			}
		}
	}
}

// metricsOf is the collector's service for metrics.
type metricsOf struct {
	collectormetrics.UnimplementedMetricsServiceServer
	c *collector
}

// Export implements it.
func (m metricsOf) Export(_ context.Context, request *collectormetrics.ExportMetricsServiceRequest) (*collectormetrics.ExportMetricsServiceResponse, error) {
	m.c.take(request)
	return &collectormetrics.ExportMetricsServiceResponse{}, nil
}

// sum is the total of a counter, or the count of a histogram, over the points that have an attribute of that value ("" for all).
func (c *collector) sum(name, key, value string) (total int64) {
	m := c.metrics[name]
	for _, p := range m.GetSum().GetDataPoints() {
		if attributeOf(p.Attributes, key) == value {
			total += p.GetAsInt()
		}
	}
	for _, p := range m.GetHistogram().GetDataPoints() {
		if attributeOf(p.Attributes, key) == value {
			total += int64(p.GetCount())
		}
	}
	return total
}
