package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// document is the effective configuration in the vocabulary of pipeline.yaml.
type document struct {
	Version   int               `json:"version"`
	Name      string            `json:"name"`
	Source    sourceDocument    `json:"source"`
	Range     rangeDocument     `json:"range"`
	Extract   extractDocument   `json:"extract"`
	Transform transformDocument `json:"transform"`
	Sinks     []sinkDocument    `json:"sinks"`
	State     stateDocument     `json:"state"`
	Reconcile string            `json:"reconcile"`
}

type sourceDocument struct {
	BaseURL   string `json:"base_url"`
	AllowHTTP bool   `json:"allow_http"`
	credentialDocument
	Projects []projectDocument `json:"projects,omitempty"`
	Filters  []filterDocument  `json:"filters"`
	Details  string            `json:"details"`
}

type credentialDocument struct {
	APIKey        string `json:"api_key,omitempty"`
	APIKeyFile    string `json:"api_key_file,omitempty"`
	SessionCookie string `json:"session_cookie,omitempty"`
}

type projectDocument struct {
	Name string `json:"name"`
	credentialDocument
}

type filterDocument struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

type rangeDocument struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Settle    string `json:"settle"`
	Lookback  string `json:"lookback"`
	Partition string `json:"partition"`
}

type extractDocument struct {
	Windows         any          `json:"windows"`
	DetailsInFlight any          `json:"details_in_flight"`
	Rate            rateDocument `json:"rate"`
	Timeout         string       `json:"timeout"`
	GiveUpAfter     string       `json:"give_up_after"`
	OnBadRecord     string       `json:"on_bad_record"`
	MaxMemory       string       `json:"max_memory"`
	Spool           string       `json:"spool,omitempty"`
}

type rateDocument struct {
	Limit    any     `json:"limit"`
	Headroom float64 `json:"headroom"`
}

type transformDocument struct {
	Columns       []columnDocument    `json:"columns"`
	Redact        []redactionDocument `json:"redact"`
	RedactSecrets bool                `json:"redact_secrets"`
	Raw           bool                `json:"raw"`
}

type columnDocument struct {
	Name string `json:"name"`
	Path string `json:"path"`
	Type string `json:"type"`
}

type redactionDocument struct {
	Path   string `json:"path"`
	Action string `json:"action"`
	credentialOfHash
	// KeyID tells keys apart, where they themselves are not to be shown.
	KeyID string `json:"key_id,omitempty"`
}

type credentialOfHash struct {
	Key     string `json:"key,omitempty"`
	KeyFile string `json:"key_file,omitempty"`
}

type sinkDocument struct {
	Name        string             `json:"name"`
	URL         string             `json:"url"`
	Format      string             `json:"format"`
	Compression string             `json:"compression"`
	MaxFileSize string             `json:"max_file_size"`
	Retention   *retentionDocument `json:"retention,omitempty"`
}

type stateDocument struct {
	URL            string             `json:"url,omitempty"`
	LockTimeout    string             `json:"lock_timeout"`
	SigningKey     string             `json:"signing_key,omitempty"`
	SigningKeyFile string             `json:"signing_key_file,omitempty"`
	Retention      *retentionDocument `json:"retention,omitempty"`
}

// shownURL leaves out the query of a sink's URL that the environment is part of: it may hold a key.
func (p *Pipeline) shownURL(sink int, text string) string {
	if p.Origin(fmt.Sprintf("sinks[%d].url", sink)).Kind != FromEnvironment {
		return text
	}
	before, _, _ := strings.Cut(text, "?")
	return before
}

// Describe returns the effective configuration, defaults included, as indented JSON in the vocabulary of pipeline.yaml and
// in the order of its reference. It is a valid pipeline.yaml for the same pipeline: secrets stand as the ${NAME} or the
// file that they came from. A secret made by NewSecret stands as "***".
func (p *Pipeline) Describe() jsontext.Value {
	return encode(p.document(true), jsontext.WithIndent("  "))
}

// MarshalJSON is Describe in one line.
func (p *Pipeline) MarshalJSON() ([]byte, error) {
	return encode(p.document(true)), nil
}

// Hash identifies the effective configuration: SHA-256, in small hexadecimal, of "logferry config 1\n" and of Describe in one line without
// the members api_key, api_key_file, session_cookie, key, key_file, signing_key and signing_key_file; of a redaction's key its identity is in it.
// Comments, order, spelling and where values come from
// don't change it, nor do credentials. A release that adds a key to the vocabulary changes the hash of every file.
func (p *Pipeline) Hash() string {
	sum := sha256.Sum256(append([]byte("logferry config 1\n"), encode(p.document(false))...))
	return hex.EncodeToString(sum[:])
}

func encode(doc document, opts ...json.Options) jsontext.Value {
	b, err := json.Marshal(doc, opts...)
	if err != nil {
		panic("config: a pipeline that was validated can't be written: " + err.Error())
	}
	return b
}

func (p *Pipeline) document(credentials bool) document {
	doc := document{
		Version: p.Version, Name: p.Name,
		Source: p.Source.document(credentials),
		Range: rangeDocument{
			From: p.Range.From.String(), To: p.Range.To.String(), Settle: FormatDuration(p.Range.Settle),
			Lookback: FormatDuration(p.Range.Lookback), Partition: p.Range.Partition.String(),
		},
		Extract:   p.Extract.document(),
		Transform: p.Transform.document(credentials),
		State:     p.State.document(credentials),
		Reconcile: string(p.Reconcile),
	}
	doc.State.Retention = p.stateRetentionDocument()
	for k, s := range p.Sinks {
		doc.Sinks = append(doc.Sinks, sinkDocument{s.Name, literal(p.shownURL(k, s.URL)), string(s.Format), string(s.Compression), FormatSize(s.MaxFileSize), s.Retention.document()})
	}
	return doc
}

func (s *Source) document(credentials bool) sourceDocument {
	doc := sourceDocument{BaseURL: literal(s.BaseURL), AllowHTTP: s.AllowHTTP, Details: string(s.Details)}
	for _, f := range s.Filters {
		doc.Filters = append(doc.Filters, filterDocument{f.Field, f.Operator, literal(f.Value)})
	}
	for _, p := range s.Projects {
		var c credentialDocument
		if credentials {
			c = p.Credential.document()
		}
		if s.NamesProjects() {
			doc.Projects = append(doc.Projects, projectDocument{p.Name, c})
		} else {
			doc.credentialDocument = c
		}
	}
	return doc
}

func (c Credential) document() credentialDocument {
	switch {
	case c.Method == SessionCookie:
		return credentialDocument{SessionCookie: c.Secret.reference()}
	case c.File != "":
		return credentialDocument{APIKeyFile: literal(c.File)}
	}
	return credentialDocument{APIKey: c.Secret.reference()}
}

func (e *Extract) document() extractDocument {
	return extractDocument{
		Windows: e.Windows.plain(), DetailsInFlight: e.DetailsInFlight.plain(),
		Rate:    rateDocument{e.Rate.Limit.plain(), e.Rate.Headroom},
		Timeout: FormatDuration(e.Timeout), GiveUpAfter: FormatDuration(e.GiveUpAfter),
		OnBadRecord: string(e.OnBadRecord), MaxMemory: FormatSize(e.MaxMemory), Spool: literal(e.Spool),
	}
}

func (t *Transform) document(credentials bool) transformDocument {
	doc := transformDocument{RedactSecrets: t.RedactSecrets, Raw: t.Raw}
	for _, c := range t.Columns {
		doc.Columns = append(doc.Columns, columnDocument{c.Name, literal(c.Path), string(c.Type)})
	}
	for _, r := range t.Redact {
		red := redactionDocument{Path: literal(r.Path), Action: string(r.Action)}
		switch {
		case r.Action != RedactHash:
		case !credentials:
			red.KeyID = r.keyID()
		case r.File != "":
			red.KeyFile = literal(r.File)
		default:
			red.Key = r.Key.reference()
		}
		doc.Redact = append(doc.Redact, red)
	}
	return doc
}

// plain is the number, or the word auto.
func (c Count) plain() any {
	if c == Auto {
		return "auto"
	}
	return int(c)
}

// String is the number, or auto.
func (c Count) String() string { return fmt.Sprint(c.plain()) }

// reference is how pipeline.yaml names the secret.
func (s Secret) reference() string {
	if s.ref == "" {
		return hidden
	}
	return s.ref
}
