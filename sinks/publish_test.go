package sinks_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks"
)

func TestFilesOfLaterVersionsCarryTheirNumber(t *testing.T) {
	sink := openSink(t, func(o *sinks.Options) { o.Format, o.Compression = sinks.NDJSON, "gzip" })
	for version, want := range map[int]string{
		0: "p/part-00007.ndjson.gz", 1: "p/part-00007.ndjson.gz", 2: "p/part-00007-00002.ndjson.gz", 123456: "p/part-00007-123456.ndjson.gz",
	} {
		require.Equal(t, want, sink.FileKey("p", 7, version))
	}
	require.Equal(t, ".ndjson.gz", sink.Extension())
	require.Equal(t, ".parquet", openSink(t, nil).Extension())
}

func TestASinksBucketHoldsWhatTheSinkWrites(t *testing.T) {
	sink := openSink(t, nil) // mem://
	require.NoError(t, sink.WriteObject(t.Context(), "k", nil, "text/plain"))
	first, err := sink.Bucket().First(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, "k", first.Key)
}
