package bucket

import (
	"errors"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"google.golang.org/api/googleapi"
)

// retained says whether a store refused a request because it keeps the object as it is. All of them say so by a status that they
// use for other refusals too.
func retained(err error) bool {
	var google *googleapi.Error
	if errors.As(err, &google) {
		for _, e := range google.Errors {
			if googleKeeps[e.Reason] {
				return true
			}
		}
		return false
	}
	var azure *azcore.ResponseError
	if errors.As(err, &azure) {
		return strings.HasPrefix(azure.ErrorCode, "BlobImmutable")
	}
	var aws interface {
		ErrorCode() string
		ErrorMessage() string
	}
	return errors.As(err, &aws) && s3Keeps(aws.ErrorCode(), aws.ErrorMessage())
}

// googleKeeps are Google's reasons for it.
var googleKeeps = map[string]bool{"retentionPolicyNotMet": true, "objectUnderActiveHold": true}

// s3Keeps reads the answer of S3, or of one of its copies. None of them has a code for it that nothing else has.
func s3Keeps(code, message string) bool {
	switch code {
	case "ObjectLocked":
		return true
	case "AccessDenied", "InvalidRequest":
	default:
		return false
	}
	message = strings.ToLower(message)
	for _, words := range []string{"protected by object lock", "forbidden by object lock", "worm protected", "legal hold", "under retention"} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return false
}
