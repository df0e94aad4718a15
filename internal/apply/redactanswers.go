package apply

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/klauspost/compress/gzip"

	"logferry/transform/redact"
)

// withheld stands in the place of words of the API in an error.
const withheld = "its words are withheld, as transform.redact can't be applied to them"

// redactAnswers sees to it that no error tells what is to be redacted: the words of the API in a refusal, and what a broken answer
// began with. Successful answers are redacted as records.
func (s *Session) redactAnswers() error {
	by, err := newRedactor(s.pipeline)
	if by == nil || err != nil {
		return err
	}
	before := s.opts.WrapTransport
	s.opts.WrapTransport = func(next http.RoundTripper) http.RoundTripper {
		if before != nil {
			next = before(next)
		}
		return &redactedTransport{next: next, by: by}
	}
	return nil
}

type redactedTransport struct {
	next http.RoundTripper
	by   *redact.Redactor
}

// RoundTrip implements http.RoundTripper.
func (t *redactedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, quiet(err)
	}
	if resp.StatusCode/100 == 2 {
		resp.Body = &quietBody{resp.Body}
		return resp, nil
	}
	body := t.refusal(resp.StatusCode, readRefusal(resp))
	_ = resp.Body.Close()
	resp.Header.Del("Content-Encoding")
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// readRefusal reads as much of a refusal as a client looks at. What can't be read is empty.
func readRefusal(resp *http.Response) []byte {
	const limit = 64 << 10 // bytes
	var in io.Reader = resp.Body
	switch resp.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil
		}
		in = z
	default:
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(in, limit))
	if err != nil {
		return nil
	}
	return body
}

var (
	toldLimit = regexp.MustCompile(`(?i)limit: *([0-9]{1,9}) requests per +([0-9.]{1,9}) *(second|minute|hour)`)
	plainID   = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
)

// refusal is a refusal's body without what is to be redacted. Where there are rules nothing is left of it but what a client has to
// know: the values that they name may stand anywhere in its words.
func (t *redactedTransport) refusal(status int, body []byte) []byte {
	if !t.by.HasRules() {
		return []byte(t.by.Text(string(body)))
	}
	var had struct {
		Error struct {
			RequestID string `json:"request_id"`
		} `json:"error"`
	}
	var out struct {
		Error struct {
			Message   string `json:"message"`
			RequestID string `json:"request_id,omitempty"`
		} `json:"error"`
	}
	out.Error.Message = withheld
	if json.Unmarshal(body, &had) == nil && plainID.MatchString(had.Error.RequestID) {
		out.Error.RequestID = t.by.Text(had.Error.RequestID)
	}
	if m := toldLimit.FindSubmatch(body); m != nil && status == http.StatusTooManyRequests {
		out.Error.Message = "Limit: " + string(m[1]) + " requests per " + string(m[2]) + " " + string(m[3])
	}
	text, err := json.Marshal(&out)
	if err != nil {
		return nil
	}
	return text
}

// quietBody is a body whose errors tell nothing of what came before them.
type quietBody struct{ io.ReadCloser }

// Read implements io.Reader.
func (b *quietBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = quiet(err)
	}
	return n, err
}

// quietError is an error of a transport without the bytes that it quotes.
type quietError struct {
	text string
	err  error
}

func (e *quietError) Error() string { return e.text }

// Unwrap returns the error itself.
func (e *quietError) Unwrap() error { return e.err }

// quiet takes out of an error what it quotes: transports quote what they could not read.
func quiet(err error) error {
	text := err.Error()
	first, last := strings.IndexByte(text, '"'), strings.LastIndexByte(text, '"')
	if first < 0 {
		return err
	}
	return &quietError{text[:first] + "(withheld)" + text[last+1:], err}
}
