package engines_test

import (
	"testing"

	"logferry/sinks/bucket"
	"logferry/sinks/sinktest"
)

func TestSinksInS3(t *testing.T) {
	sinktest.Run(t, sinktest.Target{
		Open:    func(t *testing.T) bucket.Bucket { return newPlace(t, "").open("") },
		Missing: func(t *testing.T) string { newPlace(t, ""); return server.URL("no-such-bucket", "") },
	})
}

func TestSinksBelowAPrefixInS3(t *testing.T) {
	sinktest.Run(t, sinktest.Target{
		Open: func(t *testing.T) bucket.Bucket { return newPlace(t, "").open("some/prefix") },
	})
}
