package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// DefaultKeyVariable is looked up where the source names no credential at all.
const DefaultKeyVariable = "COMPOSIO_API_KEY"

// maxSecret bounds a credential, in bytes: what is longer is the wrong file.
const maxSecret = 8 << 10

var wholeReference = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}$`)

// secret reads a secret of one line: the value is one ${NAME} and nothing else. No message shows what stands there.
func (v value) secret() Secret { return v.secretLike(badSecret) }

// secretLike is secret for one that bad finds no fault with.
func (v value) secretLike(bad func(string) *problem) Secret {
	if v.node.Kind != yaml.ScalarNode || v.null() {
		v.fail(mismatch("${NAME}, a reference to an environment variable", v.kind()))
		return Secret{}
	}
	m := wholeReference.FindStringSubmatch(v.d.marks.undo(v.node.Value))
	if m == nil || len(m[2]) > len(":-") {
		p := &problem{"a secret may not be written in clear", "write ${NAME} and set that environment variable"}
		if name := v.key[strings.LastIndexByte(v.key, '.')+1:]; name == string(APIKey) || name == "signing_key" {
			p.hint += ", or name a file with " + name + "_file"
		}
		v.fail(p)
		return Secret{}
	}
	return v.variable(m[1], bad)
}

// kind says what stands there without showing it.
func (v value) kind() string {
	if v.node.Kind == yaml.ScalarNode && !v.null() {
		return "a value"
	}
	return v.found()
}

func (v value) variable(name string, bad func(string) *problem) Secret {
	o := v.d.origins[v.key]
	o.Kind, o.Variables = FromEnvironment, []string{name}
	v.d.origins[v.key] = o
	if v.d.opts.WithoutSecrets {
		return Secret{}
	}
	text, set := v.d.opts.Env(name)
	text = strings.TrimSpace(text)
	switch {
	case !set:
		v.fail(&problem{fmt.Sprintf("environment variable %s is not set", name), "set it"})
	case text == "":
		v.fail(&problem{fmt.Sprintf("environment variable %s is empty", name), "set it"})
	default:
		if p := bad(text); p != nil {
			v.fail(&problem{fmt.Sprintf("environment variable %s %s", name, p.summary), p.hint})
			return Secret{}
		}
		return Secret{value: &text, ref: "${" + name + "}"}
	}
	return Secret{}
}

func badSecret(text string) *problem {
	switch {
	case len(text) > maxSecret:
		return &problem{"holds more than a key", fmt.Sprintf("expected at most %s", FormatSize(maxSecret))}
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unfit):
		return &problem{"holds more than a key", "expected one line of text"}
	}
	return nil
}

// secretFile reads a secret of one line from the file that the value names, relative to the folder of the configuration.
func (v value) secretFile() (Secret, string) { return v.secretFileLike(badSecret) }

// secretFileLike is secretFile for a secret that bad finds no fault with.
func (v value) secretFileLike(bad func(string) *problem) (Secret, string) {
	file := read(v, "", "the name of a file", parseText)
	if file == "" || v.d.opts.WithoutSecrets {
		return Secret{}, file
	}
	path := file
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(v.d.file), path)
	}
	content, err := v.d.opts.ReadFile(path)
	text := strings.TrimSpace(string(content))
	p := bad(text)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p = &problem{"there is no such file", "it is looked for relative to the folder of the pipeline file"}
	case errors.Is(err, fs.ErrPermission):
		p = &problem{"the file may not be read by this user", ""}
	case err != nil:
		p = &problem{"the file can't be read", "it must be a plain file"}
	case text == "":
		p = &problem{"the file is empty", "it must hold the key"}
	case p != nil:
		p.summary = "the file " + p.summary
	}
	if p != nil {
		v.fail(p)
		return Secret{}, file
	}
	return Secret{value: &text}, file
}

// credential reads the one way in that the mapping names. Found says whether it names any.
func (d *decoder) credential(o object) (c Credential, found bool) {
	key, file, cookie := o.get("api_key"), o.get("api_key_file"), o.get("session_cookie")
	var first value
	for _, v := range []value{key, file, cookie} {
		if v.absent() {
			continue
		}
		if found {
			v.failKey(&problem{"a second way to authenticate, besides " + first.key, "remove one of the two"})
			continue
		}
		first, found = v, true
	}
	switch {
	case !key.absent():
		c = Credential{Method: APIKey, Secret: key.secret()}
	case !file.absent():
		c = Credential{Method: APIKey}
		c.Secret, c.File = file.secretFile()
	case !cookie.absent():
		c = Credential{Method: SessionCookie, Secret: cookie.secret()}
	}
	return c, found
}
