package redact

import "bytes"

// prefix is a known beginning of keys and tokens.
type prefix struct {
	text  string
	of    uint8 // the bytes that follow
	least int   // how many of them
	digit bool  // one of them is a digit
}

// prefixes by their last but one byte. Those whose bytes are letters and digits alone may follow anything but these; the others may
// not follow dashes either, so that no byte is looked at again and again.
var prefixes = func() (t [256][]prefix) {
	for _, p := range []prefix{
		{"ghp_", alnum, 30, false},
		{"gho_", alnum, 30, false},
		{"ghu_", alnum, 30, false},
		{"ghs_", alnum, 30, false},
		{"ghr_", alnum, 30, false},
		{"github_pat_", alnum | dash, 22, true},
		{"glpat-", alnum | dash, 16, false},
		{"gldt-", alnum | dash, 16, false},
		{"npm_", alnum, 30, false},
		{"hf_", alnum, 30, false},
		{"pypi-", alnum | dash, 40, false},
		{"sk-", alnum | dash, 20, true},
		{"sk_live_", alnum, 16, false},
		{"sk_test_", alnum, 16, false},
		{"rk_live_", alnum, 16, false},
		{"rk_test_", alnum, 16, false},
		{"whsec_", alnum, 16, false},
		{"ak_", alnum | dash, 16, true},
		{"oak_", alnum | dash, 16, true},
		{"uak_", alnum | dash, 16, true},
		{"xoxa-", alnum | dash, 10, true},
		{"xoxb-", alnum | dash, 10, true},
		{"xoxe-", alnum | dash, 10, true},
		{"xoxp-", alnum | dash, 10, true},
		{"xoxr-", alnum | dash, 10, true},
		{"xoxs-", alnum | dash, 10, true},
		{"xapp-", alnum | dash, 10, true},
		{"GOCSPX-", alnum | dash, 20, false},
		{"shpat_", alnum, 30, false},
		{"shpss_", alnum, 30, false},
		{"lin_api_", alnum, 30, false},
		{"secret_", alnum, 40, true},
		{"ntn_", alnum, 40, true},
		{"dop_v1_", alnum, 40, false},
		{"ya29.", alnum | dash | dot, 20, false},
		{"SG.", alnum | dash | dot, 40, true},
	} {
		at := p.text[len(p.text)-2]
		t[at] = append(t[at], p)
	}
	return t
}()

// beforeLast are the bytes that a prefix has before its last one, with a bit for each of these.
var beforeLast = func() (t [256]uint8) {
	for c, list := range prefixes {
		for _, p := range list {
			t[c] |= lastBit(p.text[len(p.text)-1])
		}
	}
	return t
}()

func lastBit(c byte) uint8 {
	switch c {
	case '_':
		return 1
	case '-':
		return 2
	}
	return 4 // a dot
}

// prefixed finds a key by its beginning, whose last byte is at i.
func prefixed(b []byte, i int) (cut, bool) {
	if i == 0 {
		return cut{}, false
	}
	for _, p := range prefixes[b[i-1]] {
		if p.text[len(p.text)-1] != b[i] || !bytes.HasSuffix(b[:i+1], []byte(p.text)) {
			continue
		}
		from := i + 1 - len(p.text)
		if !starts(b, from, p.of) {
			continue
		}
		end, digit := run(b, i+1, p.of)
		if end-i-1 >= p.least && (digit || !p.digit) {
			return cut{from, end}, true
		}
	}
	return cut{}, false
}
