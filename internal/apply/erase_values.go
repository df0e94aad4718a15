package apply

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"logferry/internal/config"
	"logferry/transform/redact"
)

// persons are the user ids whose records are erased: those that were given, and what transform.redact makes of them. They are shown to
// nobody: no error, log line or object has them, and what holds a pointer to them can be printed.
type persons struct{ ids map[string]bool }

// EraseOptionsError says what is wrong with what was asked for.
type EraseOptionsError struct{ Problem, Advice string }

func (e *EraseOptionsError) Error() string { return e.Problem }

// Hint is what the user can do about it.
func (e *EraseOptionsError) Hint() string { return e.Advice }

// longestReason is in bytes: it is kept in a manifest of each partition.
const longestReason = 1000

// Check says what is wrong with the options: an *EraseOptionsError.
func (o *EraseOptions) Check() error {
	ids := slices.DeleteFunc(slices.Clone(o.UserIDs), func(id string) bool { return strings.TrimSpace(id) == "" })
	switch {
	case len(o.UserIDs) == 0:
		return &EraseOptionsError{"no user id was given", "give it with --user-id, or by --user-id-file"}
	case len(ids) < len(o.UserIDs):
		return &EraseOptionsError{"a user id is empty", "records without a user id belong to nobody, and can't be erased as somebody's"}
	case strings.TrimSpace(o.Reason) == "":
		return &EraseOptionsError{"no reason was given", "say with --reason why, such as the number of the request: it is kept, and whom it is about is not"}
	case len(o.Reason) > longestReason:
		return &EraseOptionsError{fmt.Sprintf("the reason has %d bytes, more than %d", len(o.Reason), longestReason), "it is kept in each partition: refer to where more is written"}
	}
	return o.reasonOf(ids)
}

// reasonOf says that the reason names one of the ids.
func (o *EraseOptions) reasonOf(ids []string) error {
	reason := strings.ToLower(o.Reason)
	for _, id := range ids {
		if strings.Contains(reason, strings.ToLower(id)) {
			return &EraseOptionsError{"the reason has a user id in it", "the reason is kept for ever: say why, and not whom it is about"}
		}
	}
	return nil
}

// newPersons are the values of user_id that are looked for.
func newPersons(p *config.Pipeline, ids []string) (*persons, error) {
	by, err := newRedactor(p)
	if err != nil {
		return nil, err
	}
	out := &persons{ids: map[string]bool{}}
	for _, id := range ids {
		out.ids[id] = true
		if hash, ok := hashed(by, id); ok {
			out.ids[hash] = true
		}
	}
	return out, nil
}

// hashed is what a rule makes of a user id that hashes it. ok is false where none does: what is masked or dropped is nobody's any more.
func hashed(by *redact.Redactor, id string) (hash string, ok bool) {
	text, err := json.Marshal(map[string]any{"metadata": map[string]string{"user_id": id}})
	if err != nil {
		return "", false
	}
	hash, found := userOf(by.Record(text))
	return hash, found && hash != id && !strings.Contains(hash, redact.Masked)
}

// userOf is the user id of a record as it was received. ok says that it has one.
func userOf(text []byte) (id string, ok bool) {
	var r struct {
		Metadata struct {
			UserID jsontext.Value `json:"user_id"`
		} `json:"metadata"`
	}
	lenient := jsontext.AllowDuplicateNames(true)
	if err := json.Unmarshal(text, &r, lenient, jsontext.AllowInvalidUTF8(true)); err != nil {
		return "", false
	}
	err := json.Unmarshal(r.Metadata.UserID, &id)
	return id, err == nil && r.Metadata.UserID != nil
}

// isObject says that what was received is a JSON object, whatever is in it.
func isObject(text []byte) bool {
	var members map[string]jsontext.Value
	err := json.Unmarshal(text, &members, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return err == nil && members != nil
}

// received says whether what was received, and has no row, is one of theirs. Of an object its user id is what counts; of what is none,
// whether an id stands in it as a word of its own.
func (p *persons) received(text []byte) bool {
	if id, ok := userOf(text); ok {
		return p.ids[id]
	}
	if isObject(text) {
		return false
	}
	for id := range p.ids {
		quoted, err := json.Marshal(id)
		if standsIn(text, []byte(id)) || err == nil && bytes.Contains(text, quoted) {
			return true
		}
	}
	return false
}

// standsIn says whether an id is somewhere in a text and no part of a longer word, name, number or time there.
func standsIn(text, id []byte) bool {
	for from := 0; ; {
		at := bytes.Index(text[from:], id)
		if at < 0 {
			return false
		}
		from += at
		if begins(text[:from]) && ends(text[from+len(id):]) {
			return true
		}
		from++
	}
}

// begins says that no word goes on after the text.
func begins(before []byte) bool {
	last, size := utf8.DecodeLastRune(before)
	rest := before[:len(before)-size]
	if escaped := len(rest) > 0 && rest[len(rest)-1] == '\\' && strings.ContainsRune("bfnrt", last); escaped {
		return true
	}
	next, _ := utf8.DecodeLastRune(rest)
	return !joined(last, next)
}

// ends says that no word goes on where the text begins.
func ends(after []byte) bool {
	first, size := utf8.DecodeRune(after)
	next, _ := utf8.DecodeRune(after[size:])
	return !joined(first, next)
}

// joined says that a rune beside an id makes it a part of something longer, if need be together with the one after it.
func joined(beside, next rune) bool {
	switch {
	case inWord(beside) || beside == '_':
		return true
	case strings.ContainsRune("-.+@", beside):
		return inWord(next)
	case beside == ':':
		return unicode.IsDigit(next)
	}
	return false
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
