package s3

import (
	"context"
	"strings"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// Buckets whose names begin with these treat If-None-Match as some of S3's copies do.
const (
	Ignoring = "ignoring-" // as if it were not there: the object is replaced
	Refusing = "refusing-" // as something they don't know: 501
)

// forgetful is a backend that has such buckets.
type forgetful struct{ backend.Backend }

func (f forgetful) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	condition, err := honoured(*in.Bucket, in.IfNoneMatch)
	if err != nil {
		return s3response.PutObjectOutput{}, err
	}
	in.IfNoneMatch = condition
	return f.Backend.PutObject(ctx, in)
}

func (f forgetful) CompleteMultipartUpload(ctx context.Context, in *awss3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	condition, err := honoured(*in.Bucket, in.IfNoneMatch)
	if err != nil {
		return s3response.CompleteMultipartUploadResult{}, "", err
	}
	out := *in
	out.IfNoneMatch = condition
	return f.Backend.CompleteMultipartUpload(ctx, &out)
}

// honoured is what the bucket makes of a condition, nil for none.
func honoured(bucket string, condition *string) (*string, error) {
	switch {
	case condition == nil || strings.HasPrefix(bucket, Ignoring):
		return nil, nil
	case strings.HasPrefix(bucket, Refusing):
		return nil, s3err.GetAPIError(s3err.ErrNotImplemented)
	}
	return condition, nil
}
