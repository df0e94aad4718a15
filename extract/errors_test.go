package extract

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAWalkErrorNamesItsWindowOnlyWhereThereIsOne(t *testing.T) {
	cause := errors.New("cause")
	require.Equal(t, "reading "+day.String()+": cause; hint", (&WalkError{Window: day, Err: cause, Hint: "hint"}).Error())
	require.Equal(t, "cause", (&WalkError{Err: cause}).Error())
}
