package apply

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"

	"logferry/transform/redact"
)

// withheld stands in the place of words of the API in an error.
const withheld = "its words are withheld, as transform.redact can't be applied to them"

var plainID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// refusalsBy makes of a refusal's body what an error may tell of it. Where there are rules nothing is left but the id of the request: the
// values that they name may stand anywhere in the API's words.
func refusalsBy(by *redact.Redactor) func(body []byte) []byte {
	return func(body []byte) []byte {
		if !by.HasRules() {
			return []byte(by.Text(string(body)))
		}
		var had, out struct {
			Error struct {
				Message   string `json:"message"`
				RequestID string `json:"request_id,omitempty"`
			} `json:"error"`
		}
		out.Error.Message = withheld
		if json.Unmarshal(body, &had) == nil && plainID.MatchString(had.Error.RequestID) {
			out.Error.RequestID = by.Text(had.Error.RequestID)
		}
		text, err := json.Marshal(&out)
		if err != nil {
			return nil
		}
		return text
	}
}

// quietTransport tells nothing of a broken answer. Successful answers are redacted as records, refusals by refusalsBy.
type quietTransport struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t *quietTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, quiet(err)
	}
	resp.Body = &quietBody{resp.Body}
	return resp, nil
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
