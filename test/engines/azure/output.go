package azure

import (
	"regexp"
	"sync"
)

// mostOutput is how much of what the server says is kept: the last of it.
const mostOutput = 16 << 10

var listening = regexp.MustCompile(`listens on http://(\S+)\s`)

// output is what the server says.
type output struct {
	listens chan string // where it listens, once it has said so

	mu   sync.Mutex
	text []byte
	told bool
}

func newOutput() *output { return &output{listens: make(chan string, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	if m := listening.FindSubmatch(o.text); m != nil && !o.told {
		o.told = true
		o.listens <- string(m[1])
	}
	if extra := len(o.text) - mostOutput; extra > 0 {
		o.text = append(o.text[:0], o.text[extra:]...)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}
