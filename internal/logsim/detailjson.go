package logsim

import "strconv"

// appendDetail writes a record's detail.
func (p *project) appendDetail(dst []byte, n int) []byte {
	a := p.attributesOf(n)
	dst = p.appendHead(dst, &a, "")
	dst = a.appendTimings(dst)
	dst = a.appendContext(dst)
	dst = a.appendSource(dst)
	return append(p.appendData(append(dst, `,"data":`...), &a), '}')
}

func (a *attributes) appendTimings(dst []byte) []byte {
	if a.h>>52&0xf == 0 {
		return dst
	}
	dst, done := a.appendKey(dst, "timings", fieldTimings)
	if done {
		return dst
	}
	start := a.micros / 1000
	if a.odd&OddWrongType != 0 && a.choose(20, 3) == 0 {
		dst = strconv.AppendInt(append(dst, `{"start_time":"`...), start, 10)
		return append(dst, `","end_time":1e300}`...)
	}
	dst = strconv.AppendInt(append(dst, `{"start_time":`...), start, 10)
	dst = strconv.AppendInt(append(dst, `,"end_time":`...), start+a.durationMS(), 10)
	return append(dst, '}')
}

func (a *attributes) appendContext(dst []byte) []byte {
	dst, done := a.appendKey(dst, "context", fieldContext)
	if done {
		return dst
	}
	dst = append(appendRequest(append(dst, `{"request_id":"`...), a.request), '"')
	if a.h>>56&7 != 0 {
		dst = append(appendSession(append(dst, `,"session_id":"`...), a.session), '"')
	}
	if a.h>>59&3 != 0 {
		dst = append(appendHex(append(dst, `,"trace_id":"`...), a.request), '"')
	}
	return append(dst, '}')
}

func (a *attributes) appendSource(dst []byte) []byte {
	dst, done := a.appendKey(dst, "source", fieldSource)
	if done {
		return dst
	}
	variants := [...]string{
		`{"host":"mcp"}`, `{"host":"sdk","framework":"crewai","language":"python"}`, `{"host":"api"}`,
		`{"host":"sdk","framework":"langchain","language":"typescript"}`, `{"host":"sdk","language":"python"}`, `{}`,
	}
	if a.odd&OddWrongType != 0 && a.choose(21, 3) == 0 {
		return append(dst, `"sdk"`...)
	}
	return append(dst, variants[a.choose(22, len(variants))]...)
}

// appendHex writes 32 hexadecimal digits.
func appendHex(dst []byte, h uint64) []byte {
	const digits = "0123456789abcdef"
	for _, x := range [2]uint64{mix(h), mix(h + 1)} {
		for shift := 60; shift >= 0; shift -= 4 {
			dst = append(dst, digits[x>>shift&15])
		}
	}
	return dst
}
