package sinks

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/sinks/bucket"
)

func TestPartitionPrefixes(t *testing.T) {
	for _, test := range []struct{ project, partition, want string }{
		{"", "dt=2026-04-17", "tool_execution/dt=2026-04-17"},
		{"", "dt=2026-04-17/hour=13", "tool_execution/dt=2026-04-17/hour=13"},
		{"", "month=2026-04", "tool_execution/month=2026-04"},
		{"prod", "dt=2026-04-17", "tool_execution/project=prod/dt=2026-04-17"},
		{"a/b=c d", "dt=2026-04-17", "tool_execution/project=a%2Fb%3Dc d/dt=2026-04-17"},
		{"..", "dt=2026-04-17", "tool_execution/project=../dt=2026-04-17"},
		{"100%:*?\"'#{[]^\\", "m", "tool_execution/project=100%25%3A%2A%3F%22%27%23%7B%5B%5D%5E%5C/m"},
		{"Zürich\n\x7f\u0085", "m", "tool_execution/project=Zürich%0A%7F%C2%85/m"},
		{"a\xffb\uFFFD", "m", "tool_execution/project=a%FFb\uFFFD/m"},
	} {
		require.Equal(t, test.want, PartitionPrefix(test.project, test.partition))
		require.NoError(t, bucket.ValidKey(test.want))
	}
}

func TestEveryProjectHasItsOwnValidPrefixThatDecodesToIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		project := string(rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		prefix := PartitionPrefix(project, "dt=2026-04-17")
		require.Equal(t, 2, strings.Count(prefix, "/"))
		if len(prefix) <= 1024 {
			require.NoError(t, bucket.ValidKey(prefix))
		}
		value := strings.TrimSuffix(strings.TrimPrefix(prefix, "tool_execution/project="), "/dt=2026-04-17")
		decoded, err := url.PathUnescape(value)
		require.NoError(t, err)
		require.Equal(t, project, decoded)
	})
}

func TestHintsSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		url    string
		op     string
		reason bucket.Reason
		want   string
	}{
		{"s3://b", "list", bucket.NotFound, "Create the bucket"},
		{"s3://b", "upload", bucket.Denied, "writing of objects in the bucket, or use others. They come from AWS_ACCESS_KEY_ID"},
		{"gs://b", "delete", bucket.Denied, "removing of objects"},
		{"azblob://b", "list", bucket.Other, "AZURE_STORAGE_ACCOUNT"},
		{"file:///x", "upload", bucket.Denied, "Allow this user writing"},
		{"file:///x", "upload", bucket.Other, "disk has room"},
		{"ftp://x", "open", bucket.Other, "Use a URL that starts with"},
	} {
		require.Contains(t, hint(test.url, test.op, test.reason), test.want)
	}
}
