package apply

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsLeftIsThePlansWordAtFirst(t *testing.T) {
	s := Snapshot{Expected: 1000, Planned: 20 * time.Minute, Elapsed: time.Hour}
	require.Equal(t, 20*time.Minute, s.Left(), "nothing has come yet, whatever that took")
	s.Records = 20
	require.Equal(t, 19*time.Minute+36*time.Second, s.Left())
	s.Records = 500
	require.Equal(t, time.Hour, s.Left(), "later the pace tells")
	s.Records, s.Planned = 0, 0
	require.Zero(t, s.Left())
}
