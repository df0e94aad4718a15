package bucket

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/api/googleapi"
)

func TestAnUploadToGoogleIsRepeatedAsLongAsItGetsOn(t *testing.T) {
	busy := &googleapi.Error{Code: http.StatusServiceUnavailable}
	var p googlePatience
	attempts := func() (n int) {
		for n = 1; p.again(busy); n++ {
			require.LessOrEqual(t, n, googleUploadAttempts)
		}
		return n
	}
	p.renew()
	require.Equal(t, googleUploadAttempts, attempts())
	p.renew()
	require.Equal(t, googleUploadAttempts, attempts(), "more of the body was asked for")
	p.renew()
	for _, err := range []error{&googleapi.Error{Code: http.StatusForbidden}, context.Canceled, errors.New("other")} {
		require.False(t, p.again(err), "%v", err)
	}
}
