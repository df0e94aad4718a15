package logsim

import (
	"math"
	"strconv"
)

// sizes is the distribution of payload sizes: log-normal with a heavy tail up to a maximum.
type sizes struct {
	quantiles [1024]float64 // bytes
	maximum   int
	large     float64 // share of those near the maximum
}

const (
	sizeSigma = 1.3   // of the logarithm
	tailShare = 0.002 // of the payloads is spread evenly, by order of magnitude, between 16 medians and the maximum
)

func newSizes(median, maximum int, large float64) *sizes {
	s := &sizes{maximum: maximum, large: large}
	for i := range s.quantiles {
		z := math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/float64(len(s.quantiles))-1)
		s.quantiles[i] = min(max(float64(median)*math.Exp(sizeSigma*z), float64(median)/40), float64(maximum))
	}
	return s
}

func (s *sizes) of(h uint64) int {
	if other := mix(h + 5); s.large > 0 && unit(other) < s.large {
		data := float64(s.maximum) * (0.2 + 0.8*unit(mix(other)))
		return int(data / 3 * 4) // a quarter is the request's, which is bounded
	}
	if median := s.quantiles[len(s.quantiles)/2]; unit(h) < tailShare && float64(s.maximum) > 16*median {
		low := math.Log(16 * median)
		return int(math.Exp(low + unit(mix(h))*(math.Log(float64(s.maximum))-low)))
	}
	return int(s.quantiles[h&1023])
}

// appendData writes the full request and response of a call.
func (p *project) appendData(dst []byte, a *attributes) []byte {
	if p.opts.NoPayload {
		return append(dst, "{}"...)
	}
	h := p.payload.at(a.number)
	size := p.sizes.of(h)
	dst = append(dst, `{"request":{"payload":`...)
	dst = p.appendArguments(dst, a, mix(h+1), min(size/4, 64<<10))
	dst = append(dst, `},"response":{"body":{"successful":`...)
	if a.failed {
		dst = append(dst, `false,"data":null,"error":"`...)
		dst = p.text.append(dst, mix(h+2), min(size/4, 400))
		dst = append(a.appendOddText(dst), `"}}`...)
	} else {
		dst = p.appendResult(append(dst, `true,"data":`...), a, mix(h+3), size-size/4)
		dst = append(dst, `,"error":null}}`...)
	}
	if a.h>>48&0xf == 0 {
		dst = append(dst, `,"retries":[{"after_ms":250,"status":503}],"cached":false`...)
	}
	return append(dst, '}')
}

func (p *project) appendArguments(dst []byte, a *attributes, h uint64, size int) []byte {
	switch words.tools[a.tool].kind {
	case payloadMail:
		dst = p.appendUser(append(dst, `{"to":"contact+`...), a.user)
		dst = p.text.append(append(dst, `@example.org","subject":"`...), h, 40)
		dst = p.text.append(append(dst, `","body":"`...), mix(h), size)
		return append(a.appendOddText(dst), `","cc":[],"is_html":false}`...)
	case payloadHTTP:
		dst = appendBase32(append(dst, `{"url":"https://api.example.com/v1/items","method":"POST","headers":{"Authorization":"Bearer sim_`...), h, 12)
		dst = appendBase32(append(dst, `","Cookie":"sid=`...), mix(h), 12)
		dst = p.text.append(append(dst, `","content-type":"application/json"},"body":"`...), h, size)
		return append(a.appendOddText(dst), `"}`...)
	case payloadMulti:
		dst = append(dst, `{"tools":[`...)
		dst = append(append(append(dst, `{"tool_slug":"`...), words.tools[below(h, 40)].slug...), `","arguments":{"query":"`...)
		dst = p.text.append(dst, mix(h), size)
		return append(dst, `"}}],"sync_response_to_workbench":false}`...)
	}
	dst = strconv.AppendUint(append(dst, `{"limit":`...), h&0x7f, 10)
	dst = p.text.append(append(dst, `,"query":"`...), h, size)
	return append(a.appendOddText(dst), `","include":["id","name"]}`...)
}

// appendResult writes what a successful call returned, of about the given size.
func (p *project) appendResult(dst []byte, a *attributes, h uint64, size int) []byte {
	if h%4 == 0 || size < 200 {
		dst = p.text.append(append(dst, `{"result":"`...), h, size)
		return append(a.appendOddText(dst), `"}`...)
	}
	item := max(120, size/32)
	dst = append(dst, `{"items":[`...)
	end := len(dst) + size
	for n := uint64(0); len(dst) < end; n++ {
		if n > 0 {
			dst = append(dst, ',')
		}
		h = mix(h + n)
		dst = appendBase32(append(dst, `{"id":"`...), h, 10)
		dst = p.text.append(append(dst, `","title":"`...), h, 24)
		dst = strconv.AppendUint(append(dst, `","score":0.`...), h&0xffff+1, 10)
		dst = p.text.append(append(dst, `,"text":"`...), mix(h), item-70)
		dst = append(dst, `","tags":["a","b"],"archived":false}`...)
	}
	return append(dst, `],"next_page":null}`...)
}
