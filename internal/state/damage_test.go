package state

import (
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

// damaged returns a bucket with 20 commits, whose head names one checkpoint.
func damaged(t *testing.T) (b bucket.Bucket, head, checkpoint string) {
	t.Helper()
	b = openBucket(t, "mem://")
	commitEach(t, testStore(b), testChanges(20)...)
	return b, testPrefix + commitKey(20), keysOf(t, b, testPrefix+checkpointsFolder)[0]
}

func TestATruncatedObjectIsNeverTakenForAWholeOne(t *testing.T) {
	b, head, checkpoint := damaged(t)
	for key, kind := range map[string]Kind{head: Malformed, checkpoint: Altered} {
		whole := get(t, b, key)
		for n := range len(whole) {
			if n%13 != 0 && n > 40 && n < len(whole)-40 {
				continue
			}
			put(t, b, key, whole[:n])
			_, err := testStore(b).Load(t.Context())
			requireUnusable(t, err, kind, key)
		}
		put(t, b, key, whole)
	}
	_, err := testStore(b).Load(t.Context())
	require.NoError(t, err)
}

func TestAChangedHeadIsReportedByWhatIsWrongWithIt(t *testing.T) {
	tests := []struct {
		name, from, to string
		kind           Kind
		says           string
	}{
		{"newer format", `"format":1`, `"format":9`, Newer, "newer logferry"},
		{"newer format with new members", `"format":1`, `"format":9,"signature":{}`, Newer, "newer logferry"},
		{"format that never was", `"format":1`, `"format":0`, Malformed, "never was"},
		{"a member of a later format", `"changes"`, `"signer":"00","changes"`, Malformed, "format 1"},
		{"unknown member", `"format":1`, `"format":1,"signature":""`, Malformed, "signature"},
		{"member twice", `"format":1`, `"format":1,"format":1`, Malformed, "format 1"},
		{"wrong type", `"serial":20,`, `"serial":"20",`, Malformed, "serial"},
		{"case of a member", `"serial":20,`, `"Serial":20,`, Malformed, "Serial"},
		{"other pipeline", `"pipeline":"nightly"`, `"pipeline":"weekly"`, OtherPipeline, "weekly"},
		{"other serial", `"serial":20,"previous"`, `"serial":19,"previous"`, BrokenChain, "commit 19"},
		{"no lineage", `"lineage":"`, `"lineage":"","id":"`, Malformed, ""},
		{"no predecessor", `"previous":"`, `"previous":"x`, BrokenChain, "commit 20"},
		{"checkpoint of other commits", `"through":16`, `"through":15`, Malformed, "1 to 15"},
		{"checkpoint missing from the list", `"checkpoints":[{`, `"checkpoints":[],"program":"","x":[{`, Malformed, ""},
		{"change of another commit", `"changes":[{"serial":20`, `"changes":[{"serial":3`, Malformed, "commit 3"},
		{"change of nothing", `"changes":[{"serial":20,`, `"changes":[{"serial":20},{"serial":20,`, Malformed, "is none"},
		{"earlier change of another commit", `"recent":[{"serial":17`, `"recent":[{"serial":16`, Malformed, "commit 16"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, head, _ := damaged(t)
			text := get(t, b, head)
			require.Contains(t, text, test.from)
			put(t, b, head, strings.Replace(text, test.from, test.to, 1))
			_, err := testStore(b).Load(t.Context())
			requireUnusable(t, err, test.kind, head)
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestALineageOfAnotherStateIsReported(t *testing.T) {
	b, head, checkpoint := damaged(t)
	st, err := testStore(b).Load(t.Context())
	require.NoError(t, err)
	other := strings.Replace(get(t, b, head), st.Lineage, "another-lineage", 1)
	put(t, b, head, other)
	_, err = testStore(b).Load(t.Context())
	requireUnusable(t, err, OtherLineage, checkpoint)
}

func TestAMissingCheckpointIsReported(t *testing.T) {
	b, _, checkpoint := damaged(t)
	require.NoError(t, b.Delete(t.Context(), checkpoint))
	_, err := testStore(b).Load(t.Context())
	requireUnusable(t, err, Missing, checkpoint)
	require.ErrorContains(t, err, "commit 20")
}

func TestACheckpointMustHoldWhatItsNameSays(t *testing.T) {
	tests := []struct {
		name, from, to string
		kind           Kind
	}{
		{"newer format", `"format":1`, `"format":7`, Newer},
		{"other pipeline", `"pipeline":"nightly"`, `"pipeline":"x"`, OtherPipeline},
		{"other commits", `"through":16`, `"through":32`, Malformed},
		{"a change of later", `{"serial":16`, `{"serial":17`, Malformed},
		{"a shape with other values", `"true"`, `"false"`, Malformed},
		{"cut short", "\n", "", Malformed},
	}
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	decoder, err := zstd.NewReader(nil)
	require.NoError(t, err)
	defer decoder.Close()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, head, checkpoint := damaged(t)
			content := get(t, b, checkpoint)
			text, err := decoder.DecodeAll([]byte(content), nil)
			require.NoError(t, err)
			require.Contains(t, string(text), test.from)
			changed := encoder.EncodeAll([]byte(strings.Replace(string(text), test.from, test.to, 1)), nil)
			put(t, b, checkpoint, string(changed))
			put(t, b, head, strings.Replace(get(t, b, head), hexSum([]byte(content)), hexSum(changed), 1))
			_, err = testStore(b).Load(t.Context())
			requireUnusable(t, err, test.kind, checkpoint)
		})
	}
}

func TestACheckpointThatIsNotCompressedIsReported(t *testing.T) {
	b, head, checkpoint := damaged(t)
	put(t, b, head, strings.Replace(get(t, b, head), hexSum([]byte(get(t, b, checkpoint))), hexSum([]byte("{}\n")), 1))
	put(t, b, checkpoint, "{}\n")
	_, err := testStore(b).Load(t.Context())
	requireUnusable(t, err, Malformed, checkpoint)
}

func TestHistoryNamesTheCommitAtWhichItBreaks(t *testing.T) {
	const length = 150 // more than two batches
	key := func(serial int64) string { return testPrefix + commitKey(serial) }
	swap := func(t *testing.T, b bucket.Bucket, x, y int64) {
		cx, cy := get(t, b, key(x)), get(t, b, key(y))
		put(t, b, key(x), cy)
		put(t, b, key(y), cx)
	}
	tests := map[string]struct {
		harm   func(t *testing.T, b bucket.Bucket)
		serial int64
		kind   Kind
	}{
		"missing":  {func(t *testing.T, b bucket.Bucket) { require.NoError(t, b.Delete(t.Context(), key(40))) }, 40, BrokenChain},
		"swapped":  {func(t *testing.T, b bucket.Bucket) { swap(t, b, 70, 30) }, 70, BrokenChain},
		"the head": {func(t *testing.T, b bucket.Bucket) { swap(t, b, length, 30) }, length, BrokenChain},
		"changed": {func(t *testing.T, b bucket.Bucket) {
			put(t, b, key(1), strings.Replace(get(t, b, key(1)), "alice", "eve", 1))
		}, 1, BrokenChain},
		"cut short": {func(t *testing.T, b bucket.Bucket) { put(t, b, key(99), "{") }, 99, Malformed},
		"newer": {func(t *testing.T, b bucket.Bucket) {
			put(t, b, key(2), strings.Replace(get(t, b, key(2)), `"format":1`, `"format":9`, 1))
		}, 2, Newer},
		"other lineage": {func(t *testing.T, b bucket.Bucket) {
			put(t, b, key(2), strings.Replace(get(t, b, key(2)), `"lineage":"`, `"lineage":"x`, 1))
		}, 2, OtherLineage},
		"other pipeline": {func(t *testing.T, b bucket.Bucket) {
			put(t, b, key(2), strings.Replace(get(t, b, key(2)), `"pipeline":"nightly"`, `"pipeline":"x"`, 1))
		}, 2, OtherPipeline},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := openBucket(t, "mem://")
			commitEach(t, testStore(b), testChanges(length)...)
			test.harm(t, b)
			next := int64(length)
			var broken error
			for c, err := range testStore(b).History(t.Context()) {
				if err != nil {
					broken = err
					break
				}
				require.Equal(t, next, c.Serial)
				next--
			}
			require.Equal(t, test.serial, next, "all commits after the break are good")
			requireUnusable(t, broken, test.kind, key(test.serial))
			if test.kind == BrokenChain {
				require.ErrorContains(t, broken, fmt.Sprintf("commit %d", test.serial))
			}
		})
	}
}

func TestHistoryOfNothingIsEmptyAndMayBeLeftEarly(t *testing.T) {
	b := openBucket(t, "mem://")
	for range testStore(b).History(t.Context()) {
		t.Fatal("there is no commit")
	}
	commitEach(t, testStore(b), testChanges(3)...)
	for c, err := range testStore(b).History(t.Context()) {
		require.NoError(t, err)
		if c.Serial == 2 {
			break
		}
	}
}

func TestAFailingBucketIsNoDamage(t *testing.T) {
	b, _, _ := damaged(t)
	for fail := 1; ; fail++ {
		count := 0
		tapped := &tap{Bucket: b, before: func(string, string) error {
			if count++; count == fail {
				return errInjected
			}
			return nil
		}}
		_, err := testStore(tapped).Load(t.Context())
		if count < fail {
			require.NoError(t, err)
			require.Greater(t, fail, 2)
			return
		}
		require.ErrorIs(t, err, errInjected)
		var unusable *UnusableError
		require.NotErrorAs(t, err, &unusable)
	}
}
