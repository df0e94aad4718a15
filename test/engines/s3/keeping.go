package s3

import (
	"context"
	"strings"
	"sync"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// Keeping begins the names of buckets without versions that neither remove an object nor replace one: a retention policy of Google Cloud
// Storage, and an immutability policy of Azure, make such buckets.
const Keeping = "keeping-"

// keeping is a backend that has such buckets.
type keeping struct {
	backend.Backend
	mu sync.Mutex
}

func (k *keeping) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	end, err := k.writes(ctx, in.Bucket, in.Key, in.IfNoneMatch)
	if err != nil {
		return s3response.PutObjectOutput{}, err
	}
	defer end()
	return k.Backend.PutObject(ctx, in)
}

func (k *keeping) CompleteMultipartUpload(ctx context.Context, in *awss3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	end, err := k.writes(ctx, in.Bucket, in.Key, in.IfNoneMatch)
	if err != nil {
		return s3response.CompleteMultipartUploadResult{}, "", err
	}
	defer end()
	return k.Backend.CompleteMultipartUpload(ctx, in)
}

// writes refuses to replace an object. A condition says so by itself. Nobody else writes until end.
func (k *keeping) writes(ctx context.Context, bucket, key, condition *string) (end func(), err error) {
	if condition != nil || !strings.HasPrefix(*bucket, Keeping) {
		return func() {}, nil
	}
	k.mu.Lock()
	if _, err := k.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: bucket, Key: key}); err == nil {
		k.mu.Unlock()
		return nil, s3err.GetAPIError(s3err.ErrObjectLocked)
	}
	return k.mu.Unlock, nil
}

func (k *keeping) DeleteObject(ctx context.Context, in *awss3.DeleteObjectInput) (*awss3.DeleteObjectOutput, error) {
	if strings.HasPrefix(*in.Bucket, Keeping) {
		return nil, s3err.GetAPIError(s3err.ErrObjectLocked)
	}
	return k.Backend.DeleteObject(ctx, in)
}
