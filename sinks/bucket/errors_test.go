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
	}
	for _, test := range tests {
		err := fail("upload", "k", fmt.Errorf("wrapped: %w", test.err))
		var failure *Error
		require.ErrorAs(t, err, &failure)
		require.Equal(t, test.want, failure.Reason, "%v", test.err)
		require.Equal(t, test.want == NotFound, errors.Is(err, fs.ErrNotExist))
		require.Equal(t, test.want == Denied, errors.Is(err, fs.ErrPermission))
		require.ErrorIs(t, err, test.err)
		require.Equal(t, err, fail("list", "other", err), "wrapped once")
	}
}
