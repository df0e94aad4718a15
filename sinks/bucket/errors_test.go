package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/googleapi"
)

type awsError struct{ status int }

func (awsError) Error() string         { return "api error" }
func (e awsError) HTTPStatusCode() int { return e.status }

type awsAnswer struct {
	awsError
	code, message string
}

func (e awsAnswer) ErrorCode() string    { return e.code }
func (e awsAnswer) ErrorMessage() string { return e.message }

func TestFailuresAreTypedByWhatCanBeDoneAboutThem(t *testing.T) {
	tests := []struct {
		err  error
		want Reason
	}{
		{context.Canceled, Canceled},
		{context.DeadlineExceeded, Canceled},
		{os.ErrNotExist, NotFound},
		{os.ErrPermission, Denied},
		{awsError{http.StatusForbidden}, Denied},
		{awsError{http.StatusUnauthorized}, Denied},
		{awsError{http.StatusNotFound}, NotFound},
		{awsError{http.StatusServiceUnavailable}, Other},
		{&googleapi.Error{Code: http.StatusForbidden}, Denied},
		{&googleapi.Error{Code: http.StatusNotFound}, NotFound},
		{&azcore.ResponseError{StatusCode: http.StatusForbidden}, Denied},
		{&azcore.ResponseError{StatusCode: http.StatusNotFound}, NotFound},
		{errors.New("disk full"), Other},
		{awsAnswer{awsError{http.StatusForbidden}, "AccessDenied", "Access Denied because object protected by object lock."}, Retained},
		{awsAnswer{awsError{http.StatusBadRequest}, "InvalidRequest", "Object is WORM protected and cannot be overwritten"}, Retained},
		{awsAnswer{awsError{http.StatusForbidden}, "AccessDenied", "forbidden by object lock"}, Retained},
		{awsAnswer{awsError{http.StatusForbidden}, "AccessDenied", "Access Denied"}, Denied},
		{awsAnswer{awsError{http.StatusBadRequest}, "InvalidRequest", "Bucket is missing Object Lock Configuration"}, Other},
		{&googleapi.Error{Code: http.StatusForbidden, Errors: []googleapi.ErrorItem{{Reason: "retentionPolicyNotMet"}}}, Retained},
		{&googleapi.Error{Code: http.StatusForbidden, Errors: []googleapi.ErrorItem{{Reason: "objectUnderActiveHold"}}}, Retained},
		{&googleapi.Error{Code: http.StatusForbidden, Errors: []googleapi.ErrorItem{{Reason: "forbidden"}}}, Denied},
		{&azcore.ResponseError{StatusCode: http.StatusConflict, ErrorCode: "BlobImmutableDueToPolicy"}, Retained},
		{&azcore.ResponseError{StatusCode: http.StatusConflict, ErrorCode: "LeaseIdMissing"}, Other},
	}
	for _, test := range tests {
		err := fail("upload", "k", fmt.Errorf("wrapped: %w", test.err))
		var failure *Error
		require.ErrorAs(t, err, &failure)
		require.Equal(t, test.want, failure.Reason, "%v", test.err)
		require.Equal(t, test.want == NotFound, errors.Is(err, fs.ErrNotExist))
		require.Equal(t, test.want == Denied, errors.Is(err, fs.ErrPermission))
		require.Equal(t, test.want == Retained, errors.Is(err, ErrRetained))
		require.ErrorIs(t, err, test.err)
		require.Equal(t, err, fail("list", "other", err), "wrapped once")
	}
}
