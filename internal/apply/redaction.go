package apply

import (
	"bytes"
	"context"
	"fmt"

	"logferry/extract"
	"logferry/internal/config"
	"logferry/internal/record"
	"logferry/internal/record/span"
	"logferry/transform/redact"
)

// newRedactor makes what takes out of records what a pipeline redacts; nil where that is nothing.
func newRedactor(p *config.Pipeline) (*redact.Redactor, error) {
	o := redact.Options{Secrets: p.Transform.RedactSecrets}
	for _, r := range p.Transform.Redact {
		o.Rules = append(o.Rules, redact.Rule{Path: r.Path, Action: redact.Action(r.Action), Key: []byte(r.Key.Reveal())})
	}
	return redact.New(o)
}

// redacted puts redaction before a walk's journal and before its receiver. Each text goes through it once, as a hash of a hash would
// be another: an entry when its page is journalled, which comes before anything else is done with it, a detail when it is settled, and
// what is no record when it is reported. What an earlier run had, and what was quarantined, went through it then.
func redacted(by *redact.Redactor, j extract.Journal, to extract.Receiver) (extract.Journal, extract.Receiver) {
	if by == nil {
		return j, to
	}
	return &redactedJournal{Journal: j, by: by}, &redactedReceiver{Receiver: to, by: by}
}

// redactedJournal changes the entries and records in place that it is given: the walk goes on with what they are then.
type redactedJournal struct {
	extract.Journal
	by *redact.Redactor
}

// Page implements extract.Journal.
func (j *redactedJournal) Page(entries []record.Entry, mark extract.Mark) error {
	changed := make([]bool, len(entries))
	some := false
	for i := range entries {
		changed[i] = redactEntry(j.by, &entries[i])
		some = some || changed[i]
	}
	for i := range entries {
		if some && !changed[i] { // otherwise it would keep the page in memory, beside what has taken its place
			entries[i].Raw = bytes.Clone(entries[i].Raw)
		}
	}
	return j.Journal.Page(entries, mark)
}

// Settled implements extract.Journal.
func (j *redactedJournal) Settled(r *record.Record) error {
	if r.Outcome == record.Fetched {
		r.Detail = j.by.Record(r.Detail)
	}
	return j.Journal.Settled(r)
}

// redactEntry says whether it has changed anything.
func redactEntry(by *redact.Redactor, e *record.Entry) bool {
	raw := by.Record(e.Raw)
	if len(raw) == len(e.Raw) && (len(raw) == 0 || &raw[0] == &e.Raw[0]) {
		return false
	}
	e.Raw = raw
	page, err := record.ParsePage(bytes.Join([][]byte{[]byte(`{"logs":[`), raw, []byte(`]}`)}, nil))
	if err == nil && len(page.Entries) == 1 {
		e.Status = page.Entries[0].Status // which may be any text
	}
	return true
}

// redactedReceiver redacts what is reported as no record.
type redactedReceiver struct {
	extract.Receiver
	by *redact.Redactor
}

// Bad implements extract.Receiver. A record whose detail can't be had comes with its entry, which went through redaction.
func (r *redactedReceiver) Bad(ctx context.Context, b extract.Bad) error {
	if b.Attempts == 0 {
		if text := span.Trim(b.Raw); r.by.HasRules() && (len(text) == 0 || text[0] != '{') {
			b.Reason += "; what was received is withheld: it is no JSON object, so that transform.redact can't be applied to it"
			b.Raw = fmt.Appendf(nil, `"[withheld: %d bytes]"`, len(b.Raw))
		} else {
			b.Raw = r.by.Record(b.Raw)
		}
	}
	return r.Receiver.Bad(ctx, b)
}
