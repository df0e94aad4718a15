package apply

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/extract"
	"logferry/internal/record"
	"logferry/internal/state"
)

func erasedOf(ids ...string) *erased {
	x := newErased()
	x.set.Add(make([]byte, state.SaltSize), ids)
	return x
}

func recordsOf(ids ...string) (out []record.Record) {
	for _, id := range ids {
		out = append(out, record.Record{Entry: record.Entry{Key: record.Key{ID: id}}})
	}
	return out
}

// gathering keeps what a receiver was given.
type gathering struct{ ids []string }

func (g *gathering) Records(_ context.Context, recs []record.Record) error {
	for _, r := range recs {
		g.ids = append(g.ids, r.ID)
	}
	return nil
}

func (g *gathering) Bad(_ context.Context, b extract.Bad) error {
	g.ids = append(g.ids, "bad "+b.ID)
	return nil
}

// TestAJournalOfAnotherMachineBringsNothingBack: what it has, and what it would have fetched.
func TestAJournalOfAnotherMachineBringsNothingBack(t *testing.T) {
	x := erasedOf("a", "b", lineID("", []byte(`{"odd":1}`)))
	got := &gathering{}
	to := x.receiver(got)
	require.NoError(t, to.Records(t.Context(), recordsOf("a", "c", "b", "d")))
	require.NoError(t, to.Records(t.Context(), recordsOf("a")))
	require.NoError(t, to.Bad(t.Context(), extract.Bad{Bad: record.Bad{ID: "b"}}))
	require.NoError(t, to.Bad(t.Context(), extract.Bad{Bad: record.Bad{Raw: []byte(`{"odd": 1}`)}}))
	require.NoError(t, to.Bad(t.Context(), extract.Bad{Bad: record.Bad{ID: "e"}}))
	require.Equal(t, []string{"c", "d", "bad e"}, got.ids)

	pending := func(yield func(record.Entry, error) bool) {
		for _, r := range recordsOf("c", "a", "d") {
			if !yield(r.Entry, nil) {
				return
			}
		}
	}
	resumed := x.resume(&extract.Resume{Pending: pending, Known: func(id string) bool { return id == "c" }})
	var left []string
	for e, err := range resumed.Pending {
		require.NoError(t, err)
		left = append(left, e.ID)
	}
	require.Equal(t, []string{"c", "d"}, left)
	require.True(t, resumed.Known("a"))
	require.True(t, resumed.Known("c"))
	require.False(t, resumed.Known("d"))
	require.True(t, x.resume(nil).Known("b"))
	require.Nil(t, x.resume(nil).Pending)
}

func TestErasedRecordsAreCountedWhereTheAPICountsThem(t *testing.T) {
	x := erasedOf("a", "b", "c")
	counts := func(all bool) [2]int64 {
		least, most := x.counts(all)
		return [2]int64{least, most}
	}
	x.saw("a")
	x.saw("a")
	x.saw("d")
	require.Equal(t, [2]int64{1, 1}, counts(true), "all of it was listed")
	require.Equal(t, [2]int64{1, 3}, counts(false), "the others may lie in what was not")
	x.resumed()
	require.Equal(t, [2]int64{1, 3}, counts(true), "an earlier run has read some of the pages")
}

func TestNothingErasedIsNoDetour(t *testing.T) {
	var none *erased
	got := &gathering{}
	require.Equal(t, extract.Receiver(got), none.receiver(got))
	require.Nil(t, none.resume(nil))
	require.False(t, none.saw("a"))
	least, most := none.counts(false)
	require.Zero(t, least+most)
	none.resumed()
}

func TestWhatWasReceivedIsTheirsByItsUserOrByTheTextThatIsNoRecord(t *testing.T) {
	who := &persons{ids: map[string]bool{`u"1`: true}}
	for text, want := range map[string]bool{
		`{"metadata":{"user_id":"u\"1"}}`:               true,
		`{"metadata":{"user_id":"u\u00221"}}`:           true,
		`{"metadata":{"user_id":"x","user_id":"u\"1"}}`: true,
		`{"metadata":{"user_id":"u\"1","user_id":"x"}}`: false,
		`{"metadata":{"user_id":"x"},"note":"u\"1"}`:    false,
		`{"metadata":{},"note":"u\"1"}`:                 false,
		`{"Metadata":{"user_id":"u\"1"}}`:               false,
		`{"metadata":"u\"1"}`:                           false,
		`{"metadata":{"user_id":"u\"1"}`:                true,
		`["u\"1"]`:                                      true,
		"\xff u\"1":                                     true,
		`{"metadata":{}}`:                               false,
		``:                                              false,
		"{\"metadata\":{\"user_id\":\"u\\\"1\"},\"bad\":\"\xff\"}": true,
	} {
		require.Equal(t, want, who.received([]byte(text)), text)
	}
}

func TestAnIDIsFoundInATextAsAWordOfItsOwn(t *testing.T) {
	who := &persons{ids: map[string]bool{"42": true, "bob": true}}
	for text, want := range map[string]bool{
		`["42"]`:                        true,
		`{"user_id":42`:                 true,
		`{"user_id":"42`:                true,
		`user 42.`:                      true,
		`user_id=bob&x`:                 true,
		`{"note":"for\nbob`:             true,
		`bob`:                           true,
		`["2026-04-16T10:42:07Z"]`:      false,
		`["2026-04-42"]`:                false,
		`["log_42"]`:                    false,
		`[3.42, 42.5, 142, 421]`:        false,
		`["bob@example.org","bobby"]`:   false,
		`["bob-1","1-bob","a.bob"]`:     false,
		`["6c2f-42-4e0a"] bob`:          true,
		`{"at":"2026-04-16T10:42:07Z"}`: false,
	} {
		require.Equal(t, want, who.received([]byte(text)), text)
	}
}

// TestALineOfARecordWithARowGoesWithTheRowOnly: the user id of one that was received otherwise than as a string is in no column.
func TestALineOfARecordWithARowGoesWithTheRowOnly(t *testing.T) {
	line := func(id, entry string, exported bool) *quarantined {
		return &quarantined{Quarantined: state.Quarantined{LogID: id, Exported: exported}, Entry: []byte(entry)}
	}
	for name, c := range map[string]struct {
		line *quarantined
		want bool
	}{
		"its row goes":                {line("a", `{"id":"a","metadata":{"user_id":"x"}}`, true), true},
		"its row stays, a number":     {line("b", `{"id":"b","metadata":{"user_id":42}}`, true), false},
		"its row stays, no user":      {line("b", `{"id":"b_42","at":"10:42"}`, true), false},
		"its row stays, theirs":       {line("b", `{"id":"b","metadata":{"user_id":"42"}}`, true), false},
		"no row, theirs":              {line("", `{"metadata":{"user_id":"42"}}`, false), true},
		"no row, somebody's, no user": {line("", `{"metadata":{},"id":"42","note":"42"}`, false), false},
	} {
		s := &step{erasing: &erasing{persons: &persons{ids: map[string]bool{"42": true}}}}
		s.erasing.begin()
		s.erasing.ids["a"] = true
		require.Equal(t, c.want, s.erasesLine(c.line), name)
	}
}
