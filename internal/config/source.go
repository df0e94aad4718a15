package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

const defaultBaseURL = "https://backend.composio.dev"

var (
	pipelineName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	memberName   = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`) // of projects and sinks
)

const (
	pipelineNameForm = "a name of up to 63 small letters, digits and -, not beginning with -"
	memberNameForm   = "a name of up to 63 small letters, digits, _ and -, beginning with a letter or digit"
)

// sourceSection decodes source.
func (d *decoder) sourceSection(o object) Source {
	var s Source
	s.AllowHTTP = read(o.get("allow_http"), false, "true or false", parseBool)
	s.BaseURL = read(o.get("base_url"), defaultBaseURL, "an https URL", func(t scalar) (string, *problem) {
		return parseBaseURL(t, s.AllowHTTP)
	})
	s.Projects = d.projects(o)
	for _, v := range o.get("filters").list("filters") {
		if f, ok := v.filter(); ok {
			s.Filters = append(s.Filters, f)
		}
	}
	s.Details = choice(o.get("details"), DetailsAll, DetailsAll, DetailsFailed, DetailsNone)
	return s
}

func parseBaseURL(s scalar, allowHTTP bool) (string, *problem) {
	text, p := parseText(s)
	if p != nil {
		return "", p
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return "", unexpected("such as " + defaultBaseURL)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", unexpected("such as " + defaultBaseURL)
	case u.User != nil:
		return "", &problem{"the URL holds a user or password", "authenticate with api_key, api_key_file or session_cookie"}
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", &problem{"the URL holds a query or fragment", "expected only a host and perhaps a path"}
	case u.Scheme == "http" && !allowHTTP && !loopback(u.Hostname()):
		return "", &problem{"plain http would send the credential in clear", "write https, or set source.allow_http: true"}
	}
	return strings.TrimRight(text, "/"), nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// projects reads the declared projects, or makes the one nameless project of a source that declares none.
func (d *decoder) projects(o object) []Project {
	declared := o.get("projects")
	items := declared.list("projects, each with a name and a key")
	own, found := d.credential(o)
	if len(items) == 0 {
		if !found && !o.broken && !d.failed(declared.key) {
			own = d.lookedUpKey(o)
		}
		return []Project{{Credential: own}}
	}
	if found {
		declared.failKey(&problem{"a second way to authenticate: the source has a credential of its own", "remove it, or the projects"})
	}
	lines := make(map[string]int)
	var out []Project
	for _, v := range items {
		po := v.object()
		p := Project{Name: uniqueName(po, "project", lines)}
		var has bool
		if p.Credential, has = d.credential(po); !has && !po.broken {
			v.fail(&problem{"a project without a credential", "give it one of api_key, api_key_file, session_cookie"})
		}
		out = append(out, p)
	}
	return out
}

// uniqueName reads the name of an element and refuses the second of its kind. Lines holds those seen so far.
func uniqueName(o object, what string, lines map[string]int) string {
	v := o.get("name")
	text := name(v, memberName, memberNameForm)
	if text == "" {
		return ""
	}
	if line, twice := lines[text]; twice {
		v.fail(&problem{fmt.Sprintf("a second %s of that name, first in line %d", what, line), "names must be unique"})
		return text
	}
	lines[text] = v.node.Line
	return text
}

// lookedUpKey is the credential of a source that names none.
func (d *decoder) lookedUpKey(o object) Credential {
	if d.opts.WithoutSecrets {
		return Credential{Method: APIKey}
	}
	text, _ := d.opts.Env(DefaultKeyVariable)
	text = strings.TrimSpace(text)
	v := value{d: d, key: "source.api_key", at: o.of.at}
	if text == "" {
		v.failKey(&problem{"no way to authenticate", fmt.Sprintf("write api_key: ${%s}, or set that environment variable", DefaultKeyVariable)})
		return Credential{}
	}
	return Credential{Method: APIKey, Secret: v.variable(DefaultKeyVariable, badSecret)}
}
