package apply

import (
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/plan"
)

func TestWhatIsLeftIsOfWhatThePlanCounted(t *testing.T) {
	of := func(records, kept int64) int64 {
		return expected(&plan.Plan{Estimate: plan.Total{Records: records, Kept: kept}})
	}
	require.EqualValues(t, 1_050, of(50, 1_000))
	require.Zero(t, of(-1, 1_000), "not known")
	require.Zero(t, of(50, -1), "not known")

	b := &board{ended: Snapshot{Expected: 500}}
	b.end(nil, StepResult{Action: plan.Create, Records: 300})
	b.end(nil, StepResult{Action: plan.Refresh, Records: 11_500, New: 2})
	b.end(nil, StepResult{Action: plan.Refresh, Records: 7_000, Unchanged: true})
	require.EqualValues(t, 302, b.snapshot().Records, "what a refresh reads again is in no plan's count")
}
