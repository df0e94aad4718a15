package plan

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"logferry/internal/state"
)

func somePlan(t *testing.T) *Plan {
	t.Helper()
	e := held(18, day(19, 3))
	p := pipeline{transform: "raw: true"}.parse(t)
	in := input(t, p, stateOf(t, pipeline{}.parse(t).Shape(), e), map[string]Listing{"lake": {"tool_execution/dt=2026-04-18/part-00001.parquet": 3}})
	pl, err := Build(in)
	require.NoError(t, err)
	pl.AddEstimates(p, in.State, Facts{Limit: 2000})
	return pl
}

func TestASavedPlanComesBackAsItWas(t *testing.T) {
	pl := somePlan(t)
	b, err := pl.Encode()
	require.NoError(t, err)
	back, err := Decode(b)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(pl, back))
}

func TestAPlanFileThatIsNotWholeIsRefused(t *testing.T) {
	b, err := somePlan(t).Encode()
	require.NoError(t, err)
	var unusable *FileError
	for n := range len(b) - 1 {
		_, err := Decode(b[:n])
		require.ErrorAs(t, err, &unusable, "%d bytes", n)
	}
	for old, other := range map[string]string{
		`"format": 2`: `"format": 3`, `"logferry plan"`: `"terraform plan"`, `"steps"`: `"stairs"`, `"plan": {`: `"plan": null, "x": {`,
	} {
		_, err := Decode(bytes.Replace(b, []byte(old), []byte(other), 1))
		require.ErrorAs(t, err, &unusable, other)
		require.NotEmpty(t, unusable.Hint())
	}
}

func TestAPlanIsStaleOnceAnythingHasMoved(t *testing.T) {
	pl := &Plan{Pipeline: "nightly", Config: "c", Lineage: "l", Serial: 3}
	require.NoError(t, pl.Current("nightly", "c", "l", 3))
	var stale *StaleError
	require.ErrorAs(t, pl.Current("weekly", "c", "l", 3), &stale)
	require.ErrorAs(t, pl.Current("nightly", "d", "l", 3), &stale)
	require.ErrorAs(t, pl.Current("nightly", "c", "m", 3), &stale)
	require.ErrorAs(t, pl.Current("nightly", "c", "l", 4), &stale)
	require.EqualError(t, stale, "the saved plan is stale: the state's serial has changed from 3 to 4 since it was made")
}

func FuzzDecode(f *testing.F) {
	b, err := (&Plan{Pipeline: "nightly", Steps: []Step{{Action: Create, Partition: "dt=2026-04-17"}}}).Encode()
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte(`{"type":"logferry plan","format":1,"plan":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		pl, err := Decode(b)
		if err != nil {
			return
		}
		again, err := pl.Encode()
		require.NoError(t, err)
		back, err := Decode(again)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(pl, back, cmpopts.EquateEmpty()))
	})
}

func TestEstimatesComeFromUsageCountsAndNeighbours(t *testing.T) {
	p := pipeline{lookback: "0s"}.parse(t)
	in := input(t, p, stateOf(t, p.Shape(), held(17, now)), stored(held(17, now)))
	pl, err := Build(in)
	require.NoError(t, err)
	runs := pl.Runs(in.State)
	require.Equal(t, []Run{{"", day(18, 0), day(20, 0)}}, runs, "neighbouring steps are one run")

	pl.AddEstimates(p, in.State, Facts{Usage: map[Run]int64{runs[0]: 1000}, Limit: 2000})
	require.Equal(t, Estimate{Records: 500, Requests: 5 + 500 + 1, Bytes: 5000}, pl.Steps[0].Estimate)
	require.Equal(t, Total{Records: 1000, Requests: 1012, Bytes: 10000, Rate: 1600, Limit: 2000, Minutes: 1012.0 / 1600, Share: 0.8}, pl.Estimate)

	pl.AddEstimates(p, in.State, Facts{})
	require.Equal(t, Estimate{Records: 100, Requests: 1 + 100 + 1, Bytes: 1000}, pl.Steps[0].Estimate, "as many as the neighbour has")
	require.True(t, pl.Estimate.Assumed)

	empty := input(t, p, stateOf(t, nil), nil)
	pl, err = Build(empty)
	require.NoError(t, err)
	pl.AddEstimates(p, empty.State, Facts{})
	require.EqualValues(t, -1, pl.Estimate.Requests, "nothing tells")
}

func TestNamesAreSplitAsTheyAreJoined(t *testing.T) {
	for _, k := range []state.EntryKey{{Partition: "dt=2026-04-17"}, {Partition: "dt=2026-04-17/hour=03"}, {Project: "prod", Partition: "month=2026-04"}, {Project: "prod", Partition: "dt=2026-04-17/hour=03"}} {
		project, partition := SplitName(k.String())
		require.Equal(t, k, state.EntryKey{Project: project, Partition: partition})
	}
}

func TestWhatIsReadFromFilesIsEstimatedApart(t *testing.T) {
	whole := pipeline{lookback: "0s"}.parse(t)
	entries := []state.Entry{held(17, now), held(18, now), held(19, now)}
	hourly := pipeline{lookback: "0s", partition: "hour"}.parse(t)
	st := stateOf(t, whole.Shape(), entries...)
	pl, err := Build(input(t, hourly, st, stored(entries...)))
	require.NoError(t, err)
	require.Empty(t, pl.Runs(st), "nothing of it is fetched")
	pl.AddEstimates(hourly, st, Facts{})
	require.Equal(t, Total{Kept: 300, Bytes: pl.Estimate.Bytes, Rate: 1600, Limit: 2000, Assumed: true, Share: 0.8}, pl.Estimate, "the shares of the hours add up")
	require.InDelta(t, 3000, pl.Estimate.Bytes, 72)

	two := pipeline{lookback: "0s", sinks: `[{name: lake, url: "file://./lake"}, {name: more, url: "file://./more"}]`}.parse(t)
	pl, err = Build(input(t, two, st, stored(entries...)))
	require.NoError(t, err)
	pl.AddEstimates(two, st, Facts{})
	require.Equal(t, Estimate{Kept: 100, Bytes: 2000}, pl.Steps[0].Estimate, "written to both sinks")

	twice := held(17, now)
	twice.Files = append(twice.Files, state.FileRef{Sink: "more", Key: twice.Files[0].Key, Size: 1000})
	twice.Bytes = 2000
	st = stateOf(t, two.Shape(), twice)
	pl, err = Build(input(t, whole, st, stored(twice)))
	require.NoError(t, err)
	pl.AddEstimates(whole, st, Facts{})
	require.EqualValues(t, 1000, pl.Steps[0].Estimate.Bytes, "one of two sinks is left")
}

func TestAnExtensionIsCountedWithoutWhatIsThere(t *testing.T) {
	half := held(19, day(19, 12))
	half.To, half.Rows = day(19, 12), 40
	p := pipeline{to: "2026-04-21"}.parse(t)
	st := stateOf(t, p.Shape(), held(17, now), held(18, now), half)
	pl, err := Build(input(t, p, st, stored(held(17, now), held(18, now), half)))
	require.NoError(t, err)
	runs := pl.Runs(st)
	require.Equal(t, []Run{{"", day(19, 12), day(21, 0)}}, runs)
	pl.AddEstimates(p, st, Facts{Usage: map[Run]int64{runs[0]: 360}})
	require.EqualValues(t, 120, pl.Steps[0].Estimate.Records)
	require.EqualValues(t, 40, pl.Steps[0].Estimate.Kept)
	require.EqualValues(t, 240, pl.Steps[1].Estimate.Records)
}

func TestAPlanOfTheFormatBeforeIsRead(t *testing.T) {
	pl, err := Decode([]byte(`{"type":"logferry plan","format":1,"plan":{"pipeline":"nightly","steps":[{"action":"create","partition":"dt=2026-04-17","estimate":{"records":3,"requests":4,"bytes":5}}]}}`))
	require.NoError(t, err)
	require.Equal(t, Estimate{Records: 3, Requests: 4, Bytes: 5}, pl.Steps[0].Estimate)
}
