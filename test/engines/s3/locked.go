package s3

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// MakeLockable makes a bucket, whose name begins with Locked, whose objects have versions, each of which is kept as its writer asks.
func (s *Server) MakeLockable(ctx context.Context, bucket string) error {
	_, err := s.client().CreateBucket(ctx, &awss3.CreateBucketInput{Bucket: &bucket, ObjectLockEnabledForBucket: aws.Bool(true)})
	return err
}

// Lock is what keeps a version of an object.
type Lock struct {
	Mode  string // COMPLIANCE, GOVERNANCE or none
	Until time.Time
	Hold  bool
}

// LockOf is what keeps a version. It is asked for by requests of its own: this server does not tell it with an older version.
func (s *Server) LockOf(ctx context.Context, bucket string, v Version) (l Lock, err error) {
	c := s.client()
	kept, err := c.GetObjectRetention(ctx, &awss3.GetObjectRetentionInput{Bucket: &bucket, Key: &v.Key, VersionId: &v.ID})
	switch {
	case err == nil:
		l.Mode, l.Until = string(kept.Retention.Mode), *kept.Retention.RetainUntilDate
	case !isNone(err):
		return Lock{}, err
	}
	held, err := c.GetObjectLegalHold(ctx, &awss3.GetObjectLegalHoldInput{Bucket: &bucket, Key: &v.Key, VersionId: &v.ID})
	switch {
	case err == nil:
		l.Hold = held.LegalHold.Status == types.ObjectLockLegalHoldStatusOn
	case !isNone(err):
		return Lock{}, err
	}
	return l, nil
}

func isNone(err error) bool {
	var answer smithy.APIError
	return errors.As(err, &answer) && answer.ErrorCode() == "NoSuchObjectLockConfiguration"
}
