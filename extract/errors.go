package extract

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"logferry/internal/window"
)

// Op names a kind of request. Its text stands in errors.
type Op string

// The kinds of request.
const (
	OpList   Op = "list"
	OpDetail Op = "detail"
	OpUsage  Op = "usage"
)

// APIError is an answer of the API that is no success, in the API's own words. Its texts hold no secret, no control
// character, and are cut at some hundred bytes.
type APIError struct {
	Op           Op
	Method, Path string
	Status       int           // HTTP status
	Message      string        // error.message, or message, or the start of a body that is no JSON
	SuggestedFix string        // error.suggested_fix; may be ""
	RequestID    string        // error.request_id; may be ""
	RetryAfter   time.Duration // what the answer asked to wait; 0 where it did not
}

func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: the API answered %d %s", e.Op, e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.SuggestedFix != "" {
		b.WriteString("; suggested fix: " + e.SuggestedFix)
	}
	if e.RequestID != "" {
		b.WriteString(" (request_id " + e.RequestID + ")")
	}
	return b.String()
}

// Hint is what the user can do about it, or "".
func (e *APIError) Hint() string {
	switch {
	case e.Status == http.StatusUnauthorized:
		return "check source.api_key (or session_cookie): the API does not accept it"
	case e.Status == http.StatusForbidden:
		return "the key needs the permission \"Observability: read\" of this project"
	case e.Status == http.StatusNotFound && e.Op != OpDetail:
		return "check source.base_url: the API has no such address there"
	case e.Status == http.StatusTooManyRequests:
		return "raise extract.rate.headroom or lower extract.rate.limit: other traffic of the organisation uses the budget"
	case e.Status/100 == 3:
		return "set source.base_url to the address that the API redirects to; redirects are not followed, so that no key reaches another host"
	}
	return ""
}

// UnreachableError says that no answer came: name resolution, connection, TLS, or a broken stream.
type UnreachableError struct {
	Op   Op
	Host string
	Err  error
	hint string
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s: no answer from %s: %s", e.Op, e.Host, printable(e.Err.Error()))
}

// Unwrap returns the transport's error.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Hint is what the user can do about it, or "".
func (e *UnreachableError) Hint() string { return e.hint }

// TimeoutError says that a request with its body took longer than the client's timeout.
type TimeoutError struct {
	Op    Op
	Limit time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%s: no complete answer within %s", e.Op, e.Limit)
}

// Hint is what the user can do about it.
func (e *TimeoutError) Hint() string {
	return "raise extract.timeout where answers are large or the line is slow"
}

// BodyError says that a successful answer's body is not what was asked for: not JSON, cut off, another record.
type BodyError struct {
	Op  Op
	Err error
}

func (e *BodyError) Error() string {
	return fmt.Sprintf("%s: unreadable answer: %s", e.Op, printable(e.Err.Error()))
}

// Unwrap returns what is wrong with the body.
func (e *BodyError) Unwrap() error { return e.Err }

// Hint is what the user can do about it.
func (e *BodyError) Hint() string {
	return "check source.base_url: a page or a proxy may answer there instead of the API"
}

// TooLargeError says that a body is larger, once decompressed, than the client accepts.
type TooLargeError struct {
	Op    Op
	Limit int64 // bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s: the answer is larger than %d bytes", e.Op, e.Limit)
}

// Hint is what the user can do about it.
func (e *TooLargeError) Hint() string {
	if e.Op == OpList {
		return "a single entry of the list is larger than that: leave it out with a filter (source.filters), and report it"
	}
	return ""
}

// GaveUpError says that a request was retried for as long as the client may, and wraps the last attempt's error.
type GaveUpError struct {
	Op       Op
	Attempts int
	Spent    time.Duration // attempts and pauses between them, without waiting for the rate budget
	Err      error
}

func (e *GaveUpError) Error() string {
	return fmt.Sprintf("gave up after %d attempts in %s: %v", e.Attempts, e.Spent.Round(time.Millisecond), e.Err)
}

// Unwrap returns the last attempt's error.
func (e *GaveUpError) Unwrap() error { return e.Err }

// ChainError says that a window's cursor chain can't be brought to its end: the API keeps rejecting or repeating cursors, or gives
// new ones, without showing anything new.
type ChainError struct {
	Restarts int
	Pages    int   // in a row that showed nothing new and had new cursors; 0 where that is not what happened
	Err      error // the last rejection; nil where a cursor was repeated
}

func (e *ChainError) Error() string {
	switch {
	case e.Pages > 0:
		return fmt.Sprintf("the API comes to no end of this window: %d pages in a row had new cursors and nothing new", e.Pages)
	case e.Err == nil:
		return fmt.Sprintf("the API repeats a cursor of this window; %d restarts brought nothing new", e.Restarts)
	}
	return fmt.Sprintf("the API rejects the cursors of this window; %d restarts brought nothing new: %v", e.Restarts, e.Err)
}

// Unwrap returns the last rejection.
func (e *ChainError) Unwrap() error { return e.Err }

// Hint is what the user can do about it.
func (e *ChainError) Hint() string {
	return "run again; if it stays, add a filter (source.filters) so that fewer records share this window"
}

// WalkError is why a walk ended before its interval was read.
type WalkError struct {
	Window window.Interval // the window, or the walk's interval where no window was involved; none where the walk had none
	Err    error
	Hint   string // what the user can do about it, or ""
}

func (e *WalkError) Error() string {
	text := e.Err.Error()
	if e.Window != (window.Interval{}) {
		text = fmt.Sprintf("reading %s: %s", e.Window, text)
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap returns the cause.
func (e *WalkError) Unwrap() error { return e.Err }

// hintOf returns the hint of the first error in the chain that has one.
func hintOf(err error) string {
	var hinted interface {
		error
		Hint() string
	}
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// maxText bounds, in bytes, what of a foreign text goes into an error.
const maxText = 500

// printable returns a foreign text fit for a terminal and a log line: control characters and invalid UTF-8 escaped, cut
// after maxText bytes.
func printable(s string) string {
	cut := len(s) > maxText
	if cut {
		s = s[:maxText]
		for len(s) > 0 && !utf8.ValidString(s[max(0, len(s)-utf8.UTFMax):]) && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				fmt.Fprintf(&b, `\x%02x`, s[i])
				continue
			}
			b.WriteRune(r)
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			fmt.Fprintf(&b, `\u%04x`, r)
		case r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&b, `\u%04x`, r) // bidirectional overrides and line separators
		default:
			b.WriteRune(r)
		}
	}
	if cut {
		b.WriteString("…")
	}
	return b.String()
}
