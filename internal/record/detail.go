package record

import (
	"fmt"

	"logferry/internal/record/span"
)

// IDError says that a detail is not the one that was asked for.
type IDError struct {
	Want, Got string // Got is "" where the detail has no id that is a string
}

func (e *IDError) Error() string {
	if e.Got == "" {
		return fmt.Sprintf("the detail asked for as %q has no id", e.Want)
	}
	return fmt.Sprintf("the detail asked for as %q has the id %q", e.Want, e.Got)
}

// CheckDetail returns nil when body is one JSON object with the given id and nothing but space around it, a *SyntaxError
// when it is no JSON object (a retry may help), and an *IDError when it belongs to another record. An object without a
// readable id passes if it has a field that only a record has.
func CheckDetail(body []byte, id string) error {
	top := span.Trim(body)
	if len(top) == 0 || top[0] != '{' {
		return refused(body, errNoObject)
	}
	var got []byte
	isRecord := false
	members := span.CheckMembers(top, 1)
	for members.Next() {
		switch string(members.Key()) {
		case "id":
			got = members.Take()
			continue
		case "timestamp", "metadata", "metrics", "data":
			isRecord = true
		}
		members.Take()
	}
	if n, ok := members.End(); !ok || n != len(top) {
		return refused(body, errNoObject)
	}
	if name, ok := text(got); ok && name != id || !ok && !isRecord {
		return &IDError{Want: id, Got: name}
	}
	return nil
}
