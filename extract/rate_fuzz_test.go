package extract

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzRateHeaders plays a model through any answers with any headers: whatever they say, waits are bounded, a request goes out
// again at last, and what is known to be left to others stays free.
func FuzzRateHeaders(f *testing.F) {
	steady := []byte("\x00\x10\x00\x10\x00\x10\x01\x20\x00\x10\x02\x30\x00\x10\x00\x10")
	for _, h := range [][5]string{
		{"2000", "1999", "60s", "", ""},
		{"100", "0", "1s", "7", "Thu, 16 Apr 2026 10:00:00 GMT"},
		{"0", "-1", "-60s", "-5", "yesterday"},
		{"NaN", "1e3", "Inf", "NaN", "Sun, 06 Nov 1994 08:49:37 GMT"},
		{"9223372036854775807", "9223372036854775807", "2562047h", "1e400", ""},
		{"-9223372036854775808", "0x10", "0", "0x1p-1074", "Fri, 31 Dec 9999 23:59:59 GMT"},
		{"1", "1", "3600", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"},
		{" 5 ", "5,4", "1h", " 120 ", ""},
		{"2147483647", "2147483647", "500ms", "", ""},
		{"100000000000000000000", "", "3600000", "Thursday, 16-Apr-26 10:00:00 GMT", ""},
	} {
		f.Add(h[0], h[1], h[2], h[3], h[4], "Limit: 2000 requests per 1 minute", 0.2, 0, steady)
	}
	atTheFloor := []byte("\x00\x02\x04\x07")
	for remaining := byte(20); remaining > 12; remaining-- {
		atTheFloor = append(append(atTheFloor, "\x13\x13\x13\x13\x13\x13\x13\x00\x02\x04\x01"...), remaining)
	}
	f.Add("100", "21", "60s", "", "", "", 0.2, 0, atTheFloor)
	f.Add("100", "90", "2s", "1", "", "limit:999999999 requests per 9999.9 hour", 0.99, 5, []byte("\x05\x05\x14\x23\x32\x41\x50\x63\x72\x81\x90\xa7\xb6\xc5\xd4\xe3\xf2\x03\x04\x07\x07\x06"))
	f.Add("7", "3", "", "", "", "Limit: 0 requests per ... second", -1.0, -3, []byte("\x01\x11\x21\x31\x41\x51\x61\x71\x81\x91\xa1\xb1\xc1\xd1\xe1\xf1\x02\x12\x22\x32"))
	f.Fuzz(func(t *testing.T, limit, remaining, window, after, date, message string, headroom float64, own int, program []byte) {
		if len(program) > 300 {
			return
		}
		p := player{t: t, now: time.Unix(1_776_420_000, 0), left: program, model: newModel(GovernorOptions{Headroom: headroom, Limit: own % 10_000})}
		p.headers = http.Header{}
		for name, v := range map[string]string{headerLimit: limit, headerRemaining: remaining, headerWindow: window, headerRetryAfter: after, "Date": date} {
			if v != "" {
				p.headers[name] = []string{v}
			}
		}
		checkReading(t, p.headers, p.now)
		if n, length, ok := toldLimit(message); ok {
			require.Positive(t, n)
			require.True(t, minWindow <= length && length <= maxWindow)
			p.told, p.toldWindow = n, length
		}
		for len(p.left) > 0 {
			p.step()
		}
		p.goesOn()
	})
}

// checkReading says what every reading has to be.
func checkReading(t *testing.T, h http.Header, now time.Time) {
	r := readBudget(h, now)
	require.True(t, 0 <= r.limit && r.limit <= maxCount)
	require.True(t, -1 <= r.remaining && r.remaining <= maxCount)
	require.True(t, r.window == 0 || minWindow <= r.window && r.window <= maxWindow)
	require.True(t, 0 <= r.retryAfter && r.retryAfter <= maxRetryAfter)
	require.True(t, r.hasRetryAfter || r.retryAfter == 0)
}

// player plays a model as its bytes say.
type player struct {
	t          *testing.T
	now        time.Time
	left       []byte
	model      model
	headers    http.Header
	flying     []Ticket
	told       int
	toldWindow time.Duration
}

func (p *player) take() byte {
	if len(p.left) == 0 {
		return 0
	}
	b := p.left[0]
	p.left = p.left[1:]
	return b
}

func (p *player) step() {
	op := p.take()
	arg := int(op >> 4)
	switch op % 8 {
	case 0, 1:
		for range arg + 1 {
			if !p.send() {
				break
			}
		}
	case 2:
		p.now = p.now.Add(time.Duration(arg+1) * 100 * time.Millisecond)
	case 3:
		p.now = p.now.Add([]time.Duration{time.Nanosecond, time.Second, time.Minute, time.Hour, 1000 * time.Hour}[arg%5])
	case 4: // answers in any order
		for range arg + 1 {
			p.answer(200, int(p.take()))
		}
	case 5:
		p.answer([]int{429, 500, 0, 404, 429, 200, 503, 403}[arg%8], int(p.take()))
	case 6:
		if ticket, ok := p.land(arg); ok {
			p.model.Abandon(ticket)
		}
	case 7:
		if p.told > 0 {
			p.model.Told(p.told, p.toldWindow, p.now)
		} else if ticket, ok := p.land(arg); ok {
			p.model.Unsend(ticket)
		}
	}
	p.check()
}

// send sends a request if the model lets it, and says whether it did.
func (p *player) send() bool {
	op := []Op{OpList, OpDetail, OpUsage}[len(p.flying)%3]
	if wait := p.next(op); wait > 0 {
		return false
	}
	p.flying = append(p.flying, p.model.Send(p.now, op))
	return true
}

// next asks for a wait, and says what every wait has to be.
func (p *player) next(op Op) time.Duration {
	wait := p.model.Next(p.now, op)
	switch {
	case wait == untilAnswer:
		require.NotEmpty(p.t, p.flying, "waits for an answer, and none is to come")
	case p.model.pausedTill.After(p.now):
		require.LessOrEqual(p.t, wait, maxRetryAfter)
	default:
		require.LessOrEqual(p.t, wait, 2*maxWindow)
	}
	return wait
}

// land takes one of the requests in flight.
func (p *player) land(which int) (Ticket, bool) {
	if len(p.flying) == 0 {
		return Ticket{}, false
	}
	which %= len(p.flying)
	ticket := p.flying[which]
	p.flying = append(p.flying[:which], p.flying[which+1:]...)
	return ticket, true
}

// answer answers a request with the fuzzed headers, with others, or with those and a remaining of its own.
func (p *player) answer(status, how int) {
	ticket, ok := p.land(how >> 4)
	if !ok {
		return
	}
	h := p.headers.Clone()
	switch how % 8 {
	case 0:
		h = nil
	case 1, 2, 3:
		h[headerRemaining] = []string{strconv.Itoa(int(p.take()))}
	case 4:
		h[headerLimit] = []string{strconv.Itoa(int(p.take()) * 8)}
		h[headerRemaining] = []string{strconv.Itoa(int(p.take()) * 8)}
	case 5:
		h[headerWindow] = []string{strconv.Itoa(int(p.take()))}
	}
	r := reading{remaining: -1}
	if status != 0 {
		checkReading(p.t, h, p.now)
		r = readBudget(h, p.now)
	}
	p.model.Observe(p.now, ticket, r, status)
}

// check says what has to hold at every moment.
func (p *player) check() {
	m := &p.model
	require.Equal(p.t, len(p.flying), m.inFlight)
	require.True(p.t, 0 <= m.leftOver && m.leftOver <= m.inFlight, "%d of %d in flight are of before", m.leftOver, m.inFlight)
	require.LessOrEqual(p.t, m.cur.probes, maxProbes, "requests beyond the floor")
	for i := range m.flights {
		require.GreaterOrEqual(p.t, m.flights[i].inAir, 0)
		require.True(p.t, 1 <= m.flights[i].allowed() && m.flights[i].allowed() <= MaxDetails)
	}
	require.GreaterOrEqual(p.t, m.share(), 1)
	require.True(p.t, 0 <= m.floor() && m.floor() <= max(m.limit, 0))
	require.False(p.t, m.rate(p.now) <= 0, "no request ever")
	require.True(p.t, minWindow <= m.window() && m.window() <= maxWindow)
}

// goesOn says that once everything is answered a request is sent within the longest pause and a few windows.
func (p *player) goesOn() {
	for len(p.flying) > 0 {
		ticket, _ := p.land(0)
		p.model.Abandon(ticket)
	}
	give := p.now.Add(maxRetryAfter + 4*maxWindow)
	for range 100_000 {
		wait := p.next(OpDetail)
		if wait == 0 {
			return
		}
		p.now = p.now.Add(wait)
		require.False(p.t, p.now.After(give), "no request for %s", maxRetryAfter+4*maxWindow)
	}
	p.t.Fatal("asked a hundred thousand times, and no request was sent")
}
