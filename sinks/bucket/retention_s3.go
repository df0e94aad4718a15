package bucket

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	tmtypes "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
)

// s3Keeper keeps versions of objects by S3's object lock.
type s3Keeper struct {
	client *s3.Client
	name   string
}

func newS3Keeper(b *blob.Bucket, name string) keeper {
	k := &s3Keeper{name: name}
	if !b.As(&k.client) {
		return nil
	}
	return k
}

func (k *s3Keeper) ask(as func(any) bool, r Retention) error {
	var in *transfermanager.UploadObjectInput
	if !as(&in) {
		return errNoMeans
	}
	if !r.Until.IsZero() {
		until := r.Until.UTC()
		in.ObjectLockMode, in.ObjectLockRetainUntilDate = tmtypes.ObjectLockModeGovernance, &until
		if r.Mode == Compliance {
			in.ObjectLockMode = tmtypes.ObjectLockModeCompliance
		}
	}
	if r.LegalHold {
		in.ObjectLockLegalHoldStatus = tmtypes.ObjectLockLegalHoldStatusOn
	}
	// S3 refuses a lock without a checksum, which the URL may have turned off.
	if in.ChecksumAlgorithm == "" {
		in.ChecksumAlgorithm = tmtypes.ChecksumAlgorithmCrc32
	}
	return nil
}

// hold is that of the newest version. Removing it without naming the version is allowed, and puts a mark on top of it.
func (k *s3Keeper) hold(_ context.Context, a *blob.Attributes) Hold {
	h := Hold{Hides: true}
	var head s3.HeadObjectOutput
	if !a.As(&head) {
		return h
	}
	h.LegalHold = head.ObjectLockLegalHoldStatus == types.ObjectLockLegalHoldStatusOn
	if head.ObjectLockRetainUntilDate != nil {
		h.Until = head.ObjectLockRetainUntilDate.UTC()
	}
	return h
}

func (k *s3Keeper) able(ctx context.Context) error {
	_, err := k.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &k.name})
	var api interface{ ErrorCode() string }
	if errors.As(err, &api) && api.ErrorCode() == "ObjectLockConfigurationNotFoundError" {
		return &RetentionError{
			Why:  "object lock is off in it",
			What: "turn object lock on for the bucket (versions come with it), or write to one that has it",
		}
	}
	return nil
}

var errNoMeans = errors.New("the store's client takes no retention")
