package s3

import (
	"context"
	"strings"
	"sync"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3response"
)

// Locked begins the names of buckets made by MakeLocked.
const Locked = "locked-"

// marked is a backend that, in such buckets, takes the mark that a removal leaves for no object. Amazon documents that
// If-None-Match looks at the current version, and that an object does not exist whose current version is a mark. This server takes
// it for an object.
type marked struct {
	backend.Backend
	mu sync.Mutex
}

func (m *marked) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	condition, end := m.condition(ctx, in.Bucket, in.Key, in.IfNoneMatch)
	defer end()
	in.IfNoneMatch = condition
	return m.Backend.PutObject(ctx, in)
}

func (m *marked) CompleteMultipartUpload(ctx context.Context, in *awss3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	condition, end := m.condition(ctx, in.Bucket, in.Key, in.IfNoneMatch)
	defer end()
	out := *in
	out.IfNoneMatch = condition
	return m.Backend.CompleteMultipartUpload(ctx, &out)
}

// condition is what is left of one. Nobody else writes on a condition until end.
func (m *marked) condition(ctx context.Context, bucket, key, asked *string) (left *string, end func()) {
	if asked == nil || !strings.HasPrefix(*bucket, Locked) {
		return asked, func() {}
	}
	m.mu.Lock()
	if _, err := m.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: bucket, Key: key}); err != nil {
		return nil, m.mu.Unlock
	}
	return asked, m.mu.Unlock
}
