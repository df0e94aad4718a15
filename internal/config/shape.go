package config

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Shape is the effective values, as compact JSON, of the keys that decide what rows and files look like: where one of them
// changes, partitions that were written before no longer are what is declared. Keys are written as in a Diagnostic; those
// of sinks are sinks.NAME.format and sinks.NAME.compression, and say what files look like and not what rows do.
func (p *Pipeline) Shape() map[string]string {
	doc := p.document(false)
	out := map[string]string{
		"source.filters":           text(emptyList(doc.Source.Filters)),
		"source.details":           text(doc.Source.Details),
		"source.projects":          strconv.FormatBool(p.Source.NamesProjects()),
		"transform.columns":        text(emptyList(doc.Transform.Columns)),
		"transform.redact":         text(emptyList(doc.Transform.Redact)),
		"transform.redact_secrets": text(doc.Transform.RedactSecrets),
		"transform.raw":            text(doc.Transform.Raw),
	}
	for _, s := range doc.Sinks {
		out["sinks."+s.Name+".format"] = text(s.Format)
		out["sinks."+s.Name+".compression"] = text(s.Compression)
	}
	return out
}

func text(v any) string {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic("config: a value that was validated can't be written: " + err.Error())
	}
	compact := jsontext.Value(b)
	if err := compact.Compact(); err != nil {
		panic("config: a value that was validated is no JSON: " + err.Error())
	}
	return strings.TrimSpace(string(compact))
}

// emptyList makes no difference between no list and an empty one.
func emptyList[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
