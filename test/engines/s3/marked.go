package s3

import (
	"context"
	"strings"
	"sync"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3response"
)

// Buckets whose names begin with these, made by MakeLocked, differ in what If-None-Match makes of the mark that a removal leaves.
const (
	Locked = "locked-" // no object: what Amazon documents
	Marked = "marked-" // an object, so that a key that was removed can't be created again: what this server does
)

// marked is a backend that has the former. Amazon documents that If-None-Match looks at the current version, and that an object
// does not exist whose current version is a mark.
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
