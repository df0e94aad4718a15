package s3

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend/posix"
)

func (s *Server) client() *awss3.Client {
	return awss3.New(awss3.Options{
		BaseEndpoint: aws.String("http://" + s.addr), Region: region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(keyID, secret, ""),
	})
}

// Retention is how long, and how strictly, an object lock keeps versions.
type Retention struct {
	Days int32
	Mode types.ObjectLockRetentionMode
}

// MakeLocked makes a bucket whose objects have versions, which cannot be removed for a time.
func (s *Server) MakeLocked(ctx context.Context, bucket string, r Retention) error {
	c := s.client()
	_, err := c.CreateBucket(ctx, &awss3.CreateBucketInput{Bucket: &bucket, ObjectLockEnabledForBucket: aws.Bool(true)})
	if err != nil {
		return err
	}
	_, err = c.PutObjectLockConfiguration(ctx, &awss3.PutObjectLockConfigurationInput{
		Bucket: &bucket, ObjectLockConfiguration: &types.ObjectLockConfiguration{
			ObjectLockEnabled: types.ObjectLockEnabledEnabled,
			Rule:              &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Days: &r.Days, Mode: r.Mode}},
		},
	})
	return err
}

// Version is a version of an object.
type Version struct {
	Key, ID string
	Latest  bool
}

// Versions are the versions of all objects in a bucket.
func (s *Server) Versions(ctx context.Context, bucket string) (versions []Version, err error) {
	pages := awss3.NewListObjectVersionsPaginator(s.client(), &awss3.ListObjectVersionsInput{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, v := range page.Versions {
			versions = append(versions, Version{Key: *v.Key, ID: *v.VersionId, Latest: *v.IsLatest})
		}
	}
	return versions, nil
}

// Remove removes a version of an object.
func (s *Server) Remove(ctx context.Context, bucket string, v Version) error {
	_, err := s.client().DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: &bucket, Key: &v.Key, VersionId: &v.ID})
	return err
}

// Begin begins an upload in parts, and leaves it.
func (s *Server) Begin(ctx context.Context, bucket, key string) error {
	_, err := s.client().CreateMultipartUpload(ctx, &awss3.CreateMultipartUploadInput{Bucket: &bucket, Key: &key})
	return err
}

// Age lets all uploads in parts that are in a bucket have begun so long ago.
func (s *Server) Age(bucket string, age time.Duration) error {
	then := time.Now().Add(-age)
	return filepath.WalkDir(filepath.Join(s.dir, bucket, posix.MetaTmpMultipartDir), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return os.Chtimes(name, then, then)
	})
}

// Unfinished are the keys of uploads in parts that were neither completed nor aborted.
func (s *Server) Unfinished(ctx context.Context, bucket string) (keys []string, err error) {
	pages := awss3.NewListMultipartUploadsPaginator(s.client(), &awss3.ListMultipartUploadsInput{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, u := range page.Uploads {
			keys = append(keys, *u.Key)
		}
	}
	return keys, nil
}
