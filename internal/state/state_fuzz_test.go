package state

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// addGolden makes seeds of the golden objects of every format.
func addGolden(f *testing.F, add func(content []byte)) {
	names, err := filepath.Glob("testdata/v*/*.json*")
	require.NoError(f, err)
	require.NotEmpty(f, names)
	for _, name := range names {
		content, err := os.ReadFile(name)
		require.NoError(f, err)
		add(content)
	}
	for _, text := range []string{
		"", "\n", "{}\n", "null\n", `{"format":1}` + "\n", `{"format":3}` + "\n", `{"format":-1,"pipeline":"nightly"}` + "\n", `{"format":1e0}` + "\n", "[]\n", `{"format":1,"format":2}` + "\n",
		`{"format":1,"signature":"x"}` + "\n", `{"format":1,"pipeline":"nightly","lineage":"l","serial":1,"id":"x","at":"2026-04-18T01:02:03Z","changes":[{"serial":1}]}` + "\n",
		"{\"format\":1,\"pipeline\":\"\xff\"}\n", `{"format":1,"at":"0000-01-01T00:00:00+23:59","serial":9223372036854775807}` + "\n", `{"format":1,"from":"9999-12-31T23:59:59.999999999-23:59"}` + "\n",
		`{"format":1,"id":"x","renewed":"2026-04-18T01:02:03.4000Z","renewals":-1}` + "\n", `{"format":2,"root":"","columns":{}}` + "\n", `{"format":1,"changes":[{"serial":1,"set":null,"removed":null}]}` + "\n",
	} {
		add([]byte(text))
	}
}

// FuzzDecodeObjects reads any bytes as every kind of object: they are refused in words, or what they say is said again, and by the
// same bytes from then on.
func FuzzDecodeObjects(f *testing.F) {
	addGolden(f, func(content []byte) { f.Add(content) })
	f.Fuzz(func(t *testing.T, content []byte) {
		decodes[Commit](t, content)
		decodes[checkpoint](t, content)
		decodes[Manifest](t, content)
		decodes[LockInfo](t, content)
		decodes[sign](t, content)
		decodes[released](t, content)
		if c, err := decodeCheckpoint("a/key", content); err != nil {
			requireRefused(t, err)
		} else {
			_, _, err = c.pack()
			require.NoError(t, err)
		}
	})
}

func requireRefused(t *testing.T, err error) {
	var broken *UnusableError
	require.ErrorAs(t, err, &broken)
	require.Equal(t, "a/key", broken.Key)
	require.NotEmpty(t, broken.Hint())
	require.NotContains(t, broken.Error(), "state.", "no names of Go")
}

func decodes[T any](t *testing.T, content []byte) {
	value, err := decode[T]("a/key", content)
	if err != nil {
		requireRefused(t, err)
		return
	}
	var texts []string
	for range 3 {
		text, err := encodeAny(value)
		require.NoError(t, err)
		back, err := decode[T]("a/key", text)
		require.NoError(t, err, "%q", text)
		require.Empty(t, cmp.Diff(value, back, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Commit{})))
		texts, value = append(texts, string(text)), back
	}
	requireSaid(t, content, []byte(texts[0]))
	require.Equal(t, texts[1], texts[2]) // an empty list or map, which nobody writes, is gone the first time, and with it perhaps a format
}

// requireSaid says that each member of an object that was read is in what is written of it, unless it says nothing.
func requireSaid(t *testing.T, read, written []byte) {
	var want, got any
	require.NoError(t, json.Unmarshal(read, &want))
	require.NoError(t, json.Unmarshal(written, &got))
	requireMembers(t, want, got)
}

func requireMembers(t *testing.T, want, got any) {
	switch want := want.(type) {
	case map[string]any:
		object, _ := got.(map[string]any)
		for name, value := range want {
			switch value {
			case nil, "", 0.0, false, "0001-01-01T00:00:00Z":
				continue
			}
			if text, ok := value.(string); ok && strings.HasPrefix(text, "0001-01-01T00:00:00") {
				continue // another way to write no time
			}
			if object[name] == nil {
				requireNothing(t, name, value)
			} else {
				requireMembers(t, value, object[name])
			}
		}
	case []any:
		list, _ := got.([]any)
		require.Len(t, list, len(want))
		for i := range want {
			requireMembers(t, want[i], list[i])
		}
	}
}

// requireNothing says that a value is an empty list or object, which is left out like nothing.
func requireNothing(t *testing.T, name string, value any) {
	text, err := json.Marshal(value)
	require.NoError(t, err)
	require.Contains(t, []string{"[]", "{}"}, string(text), "the member %q is lost", name)
}

// encodeAny encodes what a store encodes: some by pointer, which have a format of their own, and some by value.
func encodeAny[T any](value *T) ([]byte, error) {
	if _, ok := any(value).(grown); ok {
		return encode(value)
	}
	return encode(*value)
}

// FuzzLoad puts any bytes under the names that a state has: what is refused is named, and what is accepted can be gone on from.
func FuzzLoad(f *testing.F) {
	for _, n := range []int{1, 2, 15} {
		b := openBucket(f, "mem://")
		s := testStore(b)
		st, err := s.Load(f.Context())
		require.NoError(f, err)
		for i, change := range testChanges(n) {
			if i == 1 {
				change.Remove = []EntryKey{{Partition: testChanges(1)[0].Set[0].Partition}}
			}
			require.NoError(f, s.Commit(f.Context(), st, change))
		}
		f.Add([]byte(get(f, b, testPrefix+commitKey(int64(n)))), uint8(n), "00000000-0000-4000-8000-00000000000d")
	}
	addGolden(f, func(content []byte) {
		f.Add(content, uint8(19), "a/../../b")
		f.Add(content, uint8(1), "")
	})
	f.Fuzz(func(t *testing.T, content []byte, serial uint8, name string) {
		b := openBucket(t, "mem://")
		s := testStore(b)
		key := commitKey(max(int64(serial), 1))
		put(t, b, testPrefix+key, string(content))
		put(t, b, testPrefix+pendingKey("acme", testEntry(13, 2).Partition), string(content))
		put(t, b, testPrefix+lockKey(1), string(content))
		put(t, b, testPrefix+signKey(1, strings.Map(plainName, name[:min(len(name), 64)])), string(content))

		if _, err := s.Pending(t.Context()); err != nil {
			var broken *UnusableError
			require.ErrorAs(t, err, &broken)
			require.Equal(t, Newer, broken.Kind)
		}
		locks, err := s.Locks(t.Context())
		require.NoError(t, err)
		require.Len(t, locks, 1, "what can't be read is held")
		require.NotEmpty(t, locks[0].ID)
		require.NotEmpty(t, locks[0].String())

		st, err := s.Load(t.Context())
		if err != nil {
			var broken *UnusableError
			require.ErrorAs(t, err, &broken)
			require.NotEmpty(t, broken.Hint())
			return
		}
		for _, e := range st.All() {
			_ = e.Name()
			_ = e.Interval()
		}
		require.NoError(t, s.Commit(t.Context(), st, testChange(0, st.NextVersion("", testEntry(0, 1).Partition))))
		loaded, err := s.Load(t.Context())
		require.NoError(t, err)
		requireSame(t, st, loaded)
	})
}

func plainName(r rune) rune {
	if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' {
		return r
	}
	return 'x'
}

// FuzzCheckpoint packs any text as a checkpoint, and reads any bytes as a packed one.
func FuzzCheckpoint(f *testing.F) {
	plain, err := os.ReadFile("testdata/v1/checkpoint.json")
	require.NoError(f, err)
	f.Add(plain)
	addGolden(f, func(content []byte) { f.Add(content) })
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	require.NoError(f, err)
	var want checkpoint
	c, err := decode[checkpoint]("a/key", plain)
	require.NoError(f, err)
	want = *c
	s := New(nil, "a/", want.Pipeline, testOptions())
	f.Fuzz(func(t *testing.T, text []byte) {
		content := encoder.EncodeAll(text, nil)
		got, err := s.unpack(content, CheckpointRef{Span: want.Span, Key: "key"}, want.Lineage)
		if err != nil {
			requireRefused(t, err)
			return
		}
		for i := range got.Changes {
			_ = got.Changes[i].Key()
		}
		packed, ref, err := got.pack()
		require.NoError(t, err)
		require.Equal(t, hexSum(packed), ref.SHA256)
		back, err := s.unpack(packed, ref, want.Lineage)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(got, back, cmpopts.EquateEmpty(), cmp.AllowUnexported(checkpoint{})))
	})
}

// FuzzKeys reads any keys as those of a state's objects: those that are ours are told apart, and no other is taken for one.
func FuzzKeys(f *testing.F) {
	id := "00000000-0000-4000-8000-00000000000d"
	f.Add(strings.Join([]string{
		lockKey(1), signKey(1, id), renewalKey(1, id, 7), releasedKey(1, id), commitKey(1), commitKey(maxSerial), signatureKey(12), lockKey(lastNumber), renewalKey(lastNumber, "", 1),
	}, "\n"))
	f.Add("locks/00000001.json.json\nlocks/1.json\nlocks/-1.json\nlocks/00000001-.json\nlocks/00000001-a.b.json\nlocks/00000001-a.00000000.json\nlocks/00000001-a.+0000001.json\nlocks/\nlocks")
	f.Add("commits/999999999998-1.json\ncommits/-1.json\ncommits/999999999998-+1.json\nsignatures/999999999998-1.json.sig\nsignatures/999999999998-1.json\ncommits/-000000000001-1000000000000.json")
	f.Add("locks/00000001-released.json\nlocks/00000001-a.released.json\nlocks/00000001-a-b.00000002.json\nlocks/00000001-\xff.json\nlocks/00000001-a.released.released.json")
	f.Fuzz(func(t *testing.T, text string) {
		keys := strings.Split(text, "\n")
		for _, key := range keys {
			if serial, ok := parseCommitKey(key); ok {
				require.Equal(t, key, commitKey(serial))
			}
			if serial, ok := parseSignatureKey(key); ok {
				require.Equal(t, key, signatureKey(serial))
			}
			_ = kindOf(key)
		}
		var found []string
		last := int64(0)
		for _, o := range sortLockKeys(keys) {
			require.Greater(t, o.number, last)
			last = o.number
			own := o.keys()
			require.NotEmpty(t, own)
			for _, name := range slices.Concat(o.signs, o.marks) {
				require.True(t, name.key == signKey(o.number, name.id) || name.key == renewalKey(o.number, name.id, name.renewal) || name.key == releasedKey(o.number, name.id), name.key)
			}
			found = append(found, own...)
		}
		for _, key := range found {
			require.Contains(t, keys, key)
			require.True(t, bytes.HasPrefix([]byte(key), []byte(locksFolder)))
		}
	})
}
