package logsim

import (
	"strings"
	"sync"
)

// corpus is text that may stand inside a JSON string as it is. Payloads are cut out of it, which costs a copy and no more.
type corpus struct {
	text   []byte
	breaks []int32 // breaks[k] is the first place at or after k*breakStep where the text may be cut
}

const (
	corpusSize = 1 << 19
	breakStep  = 16
)

// prose is the one corpus of all servers: payloads differ by where they are cut out.
var prose = sync.OnceValue(newCorpus)

func newCorpus() *corpus {
	syllables := strings.Fields("re port in voice meet ing a gen da con fir med ship ment or der stat us pro ject quar ter ly up date cus tom er sup port " +
		"que ry re sult sum ma ry draft an swer tick et pri or ity launch plan bud get hi ring note fol low de ploy ser vice out age root cause fix")
	specials := []string{`\n`, `\n\n`, `\"ok\"`, `\t`, `\\`, "é", "ü", "東京", "🙂", "–", `\u20ac`, "https://example.com/a?b=1&c=2", "<b>", "%", "{}", "[1]"}
	s := newStream(0, saltText)
	c := &corpus{text: make([]byte, 0, corpusSize+64)}
	for n := 0; len(c.text) < corpusSize; n++ {
		for len(c.breaks)*breakStep <= len(c.text) {
			c.breaks = append(c.breaks, int32(len(c.text)))
		}
		c.text = c.appendWord(s.at(n), syllables, specials)
	}
	return c
}

func (c *corpus) appendWord(h uint64, syllables, specials []string) []byte {
	dst := c.text
	switch u := h % 100; {
	case u < 4:
		dst = append(dst, specials[h>>8%uint64(len(specials))]...)
	case u < 10:
		dst = appendBase32(dst, h>>8, 8)
	default:
		for k := range 1 + (h>>8)&3 {
			dst = append(dst, syllables[(h>>(12+8*k)&0xff)%uint64(len(syllables))]...)
		}
	}
	return append(dst, ' ')
}

// append adds about size bytes of text, chosen by h, to dst.
func (c *corpus) append(dst []byte, h uint64, size int) []byte {
	for size > 0 {
		last := len(c.breaks) - 1
		first := below(h, last)
		end := min(first+(size+breakStep-1)/breakStep, last)
		piece := c.text[c.breaks[first]:c.breaks[end]]
		dst = append(dst, piece...)
		size -= max(len(piece), 1)
		if size < breakStep/2 {
			break
		}
		h = mix(h + 1)
	}
	return dst
}
