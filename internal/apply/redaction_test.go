package apply

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/extract"
	"logferry/internal/record"
	"logferry/transform/redact"
)

func redactorOf(t *testing.T, secrets bool, rules ...redact.Rule) *redact.Redactor {
	t.Helper()
	by, err := redact.New(redact.Options{Rules: rules, Secrets: secrets})
	require.NoError(t, err)
	return by
}

var hashOfUser = redact.Rule{Path: "$.user", Action: redact.Hash, Key: []byte("0123456789abcdef")}

// told keeps what a journal and a receiver were told.
type told struct {
	entries []record.Entry
	settled []record.Record
	bad     []extract.Bad
}

func (n *told) Page(entries []record.Entry, _ extract.Mark) error {
	n.entries = append(n.entries, entries...)
	return nil
}

func (n *told) Mark(...extract.Mark) error { return nil }

func (n *told) Settled(r *record.Record) error {
	n.settled = append(n.settled, *r)
	return nil
}

func (n *told) Records(context.Context, []record.Record) error { return nil }

func (n *told) Bad(_ context.Context, b extract.Bad) error {
	n.bad = append(n.bad, b)
	return nil
}

func TestAWalkGoesOnWithWhatItsJournalWasTold(t *testing.T) {
	var n told
	j, _ := redacted(redactorOf(t, true, redact.Rule{Path: "$.a", Action: redact.Drop}), &n, &n)
	page := []byte(`{"id":"x","timestamp":1,"a":1}{"id":"y","timestamp":2}{"id":"z","timestamp":3,"status":"password=abc"}`)
	cut := bytes.SplitAfter(page, []byte("}"))
	entries := []record.Entry{
		{Key: record.Key{ID: "x"}, Status: "failed", Raw: cut[0]},
		{Key: record.Key{ID: "y"}, Status: "success", Raw: cut[1]},
		{Key: record.Key{ID: "z"}, Status: "password=abc", Raw: cut[2]},
	}
	require.NoError(t, j.Page(entries, extract.Mark{}))
	require.Equal(t, n.entries, entries)
	require.Equal(t, `{"id":"x","timestamp":1}`, string(entries[0].Raw))
	require.Equal(t, "password=[redacted]", entries[2].Status)
	require.Contains(t, string(page), `"a":1`, "the page itself was changed")
	page[len(cut[0])+2] = '!'
	require.Equal(t, `{"id":"y","timestamp":2}`, string(entries[1].Raw), "an entry keeps the page in memory")

	r := record.Record{Entry: entries[0], Outcome: record.Fetched, Detail: []byte(`{"id":"x","a":2}`)}
	require.NoError(t, j.Settled(&r))
	require.Equal(t, `{"id":"x"}`, string(r.Detail))
	require.Equal(t, n.settled[0], r)
}

func TestWhatIsNoRecordIsRedactedOrWithheld(t *testing.T) {
	report := func(by *redact.Redactor, attempts int, raw string) extract.Bad {
		var n told
		_, to := redacted(by, &n, &n)
		require.NoError(t, to.Bad(context.Background(), extract.Bad{Bad: record.Bad{Raw: []byte(raw), Reason: "odd"}, Attempts: attempts}))
		return n.bad[0]
	}
	rules, secrets := redactorOf(t, false, hashOfUser), redactorOf(t, true)
	require.Regexp(t, `^\{"user":"[0-9a-f]{64}"\}$`, string(report(rules, 0, `{"user":"ann"}`).Raw))
	require.Equal(t, `{"user":"ann"}`, string(report(rules, 3, `{"user":"ann"}`).Raw), "an entry went through redaction before")
	withheld := report(rules, 0, `["ann"]`)
	require.Equal(t, `"[withheld: 7 bytes]"`, string(withheld.Raw))
	require.Contains(t, withheld.Reason, "odd; what was received is withheld")
	require.Equal(t, `"password=[redacted]"`, string(report(secrets, 0, `"password=abc"`).Raw))
	require.Equal(t, "odd", report(secrets, 0, `"password=abc"`).Reason)
}

func TestNoRedactionIsNoDetour(t *testing.T) {
	n := &told{}
	j, to := redacted(nil, n, n)
	require.Equal(t, extract.Journal(n), j)
	require.Equal(t, extract.Receiver(n), to)
}

type answering func(*http.Request) (*http.Response, error)

func (f answering) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestARefusalTellsNothingThatIsRedacted(t *testing.T) {
	rules, secrets := refusalsBy(redactorOf(t, false, hashOfUser)), refusalsBy(redactorOf(t, true))
	tell := func(by func([]byte) []byte, body string) string { return string(by([]byte(body))) }
	const said = `{"error":{"message":"no user ann, token=abc1","request_id":"req_1"}}`
	require.Equal(t, `{"error":{"message":"`+withheld+`","request_id":"req_1"}}`, tell(rules, said))
	require.Equal(t, `{"error":{"message":"no user ann, token=[redacted]","request_id":"req_1"}}`, tell(secrets, said))
	require.Equal(t, "down: token=[redacted]", tell(secrets, "down: token=abc1"))
	require.Equal(t, `{"error":{"message":"`+withheld+`"}}`, tell(rules, "down: ann"))
	require.Equal(t, `{"error":{"message":"`+withheld+`"}}`, tell(rules, `{"error":{"request_id":"of ann"}}`))
}

func TestABrokenAnswerIsNotQuoted(t *testing.T) {
	broken := &net.OpError{Op: "read", Err: errors.New(`malformed HTTP response "ann \"x\""`)}
	rt := &quietTransport{answering(func(*http.Request) (*http.Response, error) { return nil, broken })}
	_, err := rt.RoundTrip(&http.Request{})
	require.EqualError(t, err, "read: malformed HTTP response (withheld)")
	require.ErrorIs(t, err, broken)
	var op *net.OpError
	require.ErrorAs(t, err, &op)

	body := &quietBody{io.NopCloser(io.MultiReader(strings.NewReader("{}"), failing{broken}))}
	got, err := io.ReadAll(body)
	require.Equal(t, "{}", string(got))
	require.EqualError(t, err, "read: malformed HTTP response (withheld)")
	_, err = (&quietBody{io.NopCloser(strings.NewReader(""))}).Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
