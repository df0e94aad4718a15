package engines_test

import (
	"testing"

	"logferry/sinks/bucket"
	"logferry/sinks/sinktest"
)

func TestSinks(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		sinktest.Run(t, sinktest.Target{
			Open:    func(t *testing.T) bucket.Bucket { return s.place(t).open("") },
			Missing: func(t *testing.T) string { s.setenv(t, s.addr); return s.url(s.addr, "no-such-bucket", "") },
		})
	})
}

func TestSinksBelowAPrefix(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		sinktest.Run(t, sinktest.Target{
			Open:  func(t *testing.T) bucket.Bucket { return s.place(t).open("some/prefix") },
			Brief: true,
		})
	})
}
