package config

import (
	"net/url"
	"time"
)

// Retention says by what the objects that are written are kept. The zero value is none.
type Retention struct {
	Mode      RetentionMode // "" where there is none
	Period    time.Duration // from the moment of writing; 0 is no time
	LegalHold bool
}

// None says that nothing is asked for.
func (r Retention) None() bool { return r == Retention{} }

// RetentionMode says who may shorten a retention.
type RetentionMode string

// The modes of a retention. Who has a right of its own may shorten one of the first, nobody one of the second.
const (
	Governance RetentionMode = "governance"
	Compliance RetentionMode = "compliance"
)

const noRetention RetentionMode = "none"

const longestRetention = 36500 * day // the stores take a hundred years

// retention decodes one for what is written to a bucket URL, "" where that is not known. said says that something stands there.
func (v value) retention(place string) (r Retention, said bool) {
	if v.absent() || v.null() {
		return Retention{}, false
	}
	o := v.object()
	mode, period := o.get("mode"), o.get("period")
	r.Mode = choice(mode, Governance, Governance, Compliance, noRetention)
	r.Period = readDuration(period, 0, time.Hour, longestRetention)
	r.LegalHold = read(o.get("legal_hold"), false, "true or false", parseBool)
	switch {
	case v.d.failed(v.key):
		return Retention{}, true
	case r.Mode == noRetention && (r.Period > 0 || r.LegalHold):
		mode.fail(&problem{"the mode none beside something that keeps objects", "remove period and legal_hold, or write governance or compliance"})
	case r.Mode == noRetention:
		return Retention{}, true
	case r.Period == 0 && !r.LegalHold:
		v.failKey(&problem{"the retention names no time", "add a period, such as 365d, or legal_hold: true"})
	case !keepsObjects(place):
		v.failKey(&problem{"a folder of this machine, or memory, cannot keep objects", "a retention needs s3://, gs:// or azblob://"})
	}
	return r, true
}

// keepsObjects says whether a kind of bucket has means to keep objects.
func keepsObjects(place string) bool {
	u, err := url.Parse(place)
	return err != nil || place == "" || u.Scheme != "file" && u.Scheme != "mem"
}

// stateRetention decodes that of the state. Beside the data of the first sink the state is kept as that is, unless it says otherwise.
func (o object) stateRetention(p *Pipeline) Retention {
	place, beside := p.State.URL, Retention{}
	if place == "" && len(p.Sinks) > 0 {
		place, beside = p.Sinks[0].URL, p.Sinks[0].Retention
	}
	if r, said := o.get("retention").retention(place); said {
		return r
	}
	return beside
}

type retentionDocument struct {
	Mode      string `json:"mode"`
	Period    string `json:"period,omitempty"`
	LegalHold bool   `json:"legal_hold,omitempty"`
}

// document is nil for none.
func (r Retention) document() *retentionDocument {
	if r.None() {
		return nil
	}
	doc := &retentionDocument{Mode: string(r.Mode), LegalHold: r.LegalHold}
	if r.Period > 0 {
		doc.Period = FormatDuration(r.Period)
	}
	return doc
}

// stateRetentionDocument says none where the state is not kept and the data beside it is.
func (p *Pipeline) stateRetentionDocument() *retentionDocument {
	if p.State.Retention.None() && p.State.URL == "" && len(p.Sinks) > 0 && !p.Sinks[0].Retention.None() {
		return &retentionDocument{Mode: string(noRetention)}
	}
	return p.State.Retention.document()
}
