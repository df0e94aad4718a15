package config

import (
	"fmt"
	"os"
	"time"

	"go.yaml.in/yaml/v4"
)

// Options say where values come from that are not in the file. The zero Options mean the process's own environment,
// clock and files.
type Options struct {
	Env      func(name string) (string, bool)
	Now      time.Time // what the range is checked against
	ReadFile func(path string) ([]byte, error)
	// WithoutSecrets leaves credentials and keys empty: their variables may be unset, and their files are not read.
	WithoutSecrets bool
}

func (o Options) withDefaults() Options {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.ReadFile == nil {
		o.ReadFile = os.ReadFile
	}
	return o
}

// Load reads the pipeline file at path. The error is Diagnostics where the file could be read; otherwise it wraps what
// reading it returned.
func Load(path string, opts Options) (*Pipeline, error) {
	opts = opts.withDefaults()
	src, err := opts.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the pipeline file (`logferry init` writes one, --file names another): %w", err)
	}
	return Parse(path, src, opts)
}

// Parse decodes and validates src. File is its name: it stands in every message, and relative names of files in src
// are taken from its folder. An error is Diagnostics, with every mistake and warning in the order of the file; the
// warnings of a sound file are Pipeline.Warnings.
func Parse(file string, src []byte, opts Options) (*Pipeline, error) {
	d := &decoder{file: file, opts: opts.withDefaults(), origins: make(map[string]Origin)}
	root, ok := d.document(src)
	if !ok {
		return nil, d.diags
	}
	p := d.pipeline(root)
	d.diags.sort()
	if d.diags.HasErrors() {
		return nil, d.diags
	}
	p.warnings, p.origins = d.diags, d.origins
	return p, nil
}

// pipeline decodes the whole file. What is wrong is reported and left at its default.
func (d *decoder) pipeline(root *yaml.Node) *Pipeline {
	o := value{d: d, at: position{root.Line, root.Column}, node: root}.object()
	p := &Pipeline{Version: 1}
	if v := o.get("version"); v.required("1") {
		p.Version = read(v, 1, "1, the only version there is", func(s scalar) (int, *problem) {
			if s.text != "1" || !s.is("!!int") {
				return 0, unexpected("")
			}
			return 1, nil
		})
	}
	p.Name = name(o.get("name"), pipelineName, pipelineNameForm)
	p.Source = d.sourceSection(o.get("source").object())
	span := o.get("range").object()
	p.Range = d.rangeSection(span)
	d.checkRange(span, p.Range)
	p.Extract = d.extractSection(o.get("extract").object())
	p.Transform = d.transformSection(o.get("transform").object())
	p.Sinks = d.sinkSection(o.get("sinks"))
	state := o.get("state").object()
	p.State = d.stateSection(state)
	p.State.Retention = state.stateRetention(p)
	p.Reconcile = choice(o.get("reconcile"), ReconcileWarn, ReconcileOff, ReconcileWarn, ReconcileFail)
	return p
}
