package apply_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestRandomRecordsEqualOracle exports records of random JSON: any field may be of any type, twice, spaced or escaped.
func TestRandomRecordsEqualOracle(t *testing.T) {
	first, last := seeds(6, 1)
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			g := &generator{rand.New(rand.NewPCG(seed, 0xa11))}
			var h handmade
			for i := range 250 {
				h = append(h, g.source(i))
			}
			l := layout{raw: seed%2 == 0}
			for i := range int(seed % 3 * 3) {
				steps := []any{pick(g, "data", "metadata", "metrics", "new", "x y")}
				for range g.IntN(3) {
					steps = append(steps, pick[any](g, "a", "b", 0, 1, "request", "tool"))
				}
				k := pick(g, kindText, kindJSON, kindInt, kindFloat, kindBool, kindTime)
				l.declared = append(l.declared, declaredColumn{"c" + strconv.Itoa(i), k, steps})
			}
			exportHandmade(t, h, l)
		})
	}
}

func (g *generator) source(i int) source {
	micros := day.Add(time.Duration(g.IntN(86_400_000)) * time.Millisecond).UnixMicro()
	id := fmt.Sprintf("log_%04d", i)
	head := []string{g.member("id", strconv.Quote(id)), g.member("timestamp", strconv.Quote(time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.000Z")))}
	listed := g.members("type", "status", "level", "message", "metadata", "metrics", "parent", "new", "x y", "user_id")
	more := g.members("timings", "context", "source", "data", "data", "context", "request", "new2", "")
	s := source{id: id, micros: micros, outcome: "fetched"}
	s.entry = []byte(g.object(append(head[:2:2], listed...)))
	s.detail = []byte(g.object(append(append(head[:2:2], listed...), more...)))
	return s
}

// members are some of the fields, in any order, and now and then one of them twice.
func (g *generator) members(names ...string) (out []string) {
	g.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
	for _, name := range names {
		for n := pick(g, 0, 1, 1, 1, 1, 1, 1, 2); n > 0; n-- {
			value := g.field(name)
			if value == "null" && shared[name] {
				value = `"not null"` // TestExtraHoldsAFieldOnce has them
			}
			out = append(out, g.member(name, value))
		}
	}
	return out
}

// shared are the fields without a column that both the list and the detail have.
var shared = map[string]bool{"new": true, "x y": true, "user_id": true}

func (g *generator) member(name, value string) string {
	key, _ := json.Marshal(name)
	text := string(key)
	if name != "" && name[0] < 'z' && name[0] != '"' && g.often(0.1) {
		text = fmt.Sprintf(`"\u%04x%s`, name[0], text[2:])
	}
	return g.space() + text + g.space() + ":" + g.space() + value + g.space()
}

func (g *generator) object(members []string) string { return "{" + strings.Join(members, ",") + "}" }

func (g *generator) space() string {
	return pick(g, "", "", "", "", "", "", "", "", "", "", "", " ", "  ", "\n", "\t", "\r\n")
}

// shapes are what the documented fields hold.
var shapes = map[string][]string{
	"metadata": {"tool", "toolkit", "tool_slug", "toolkit_slug", "user_id", "connected_account_id", "auth_config_id", "sandbox_id", "session_id", "trace_id", "request_id", "instant_charge", "a", "b"},
	"tool":     {"slug", "name"}, "toolkit": {"slug"}, "metrics": {"duration_ms", "a"}, "parent": {"log_id", "tool_slug", "a"},
	"timings": {"start_time", "end_time", "a"}, "context": {"session_id", "trace_id", "request_id", "b"}, "source": {"host", "framework", "language", "version"},
	"data": {"request", "response", "a", "b"},
}

// field is a value of the shape that the name has in the contract, or any other.
func (g *generator) field(name string) string {
	switch shape := shapes[name]; {
	case shape != nil && g.often(0.85):
		return g.object(g.members(append([]string(nil), shape...)...))
	case (name == "start_time" || name == "end_time") && g.often(0.6):
		return strconv.Itoa(1776380321441 + g.IntN(1e9))
	case name == "instant_charge" && g.often(0.7):
		return fmt.Sprintf(`"%d.%0*d"`, g.IntN(1e9), 1+g.IntN(11), g.IntN(1e9))
	case name == "duration_ms" && g.often(0.5):
		return fmt.Sprintf("%de%d", g.Int64(), -g.IntN(20))
	}
	return g.value(3)
}

var texts = []string{
	`""`, `"plain"`, `"\u00e9\n\t\"\\\/"`, `"\u0000"`, `"🙂 \ud83d\ude42"`, `"\ud800"`, `"\udc00\ud800"`, `"\ud83d\u0041"`, "\"\xff\"", "\"a\xc3(\xe2\x82\"", "\"\u2028\u2029\x7f\"", `"2026-04-17T10:11:12.345Z"`,
	`"\\ud800"`, `"\\\ud800"`, `"null"`, `"1.5"`, `"true"`, `"{\"a\":1}"`, "\"\xf0\x9f\x99\"", `"\u005c\u0022"`, `"<>&'"`, `"\ufffd"`, `"\uFFFF\uD83D\uDE42"`,
}

var numbers = []string{
	"0", "-0", "1", "-1", "12.5", "1e3", "1E-3", "0.1", "123456789012345678901234567890", "9007199254740993", "9223372036854775807", "9223372036854775808", "1e400", "-1e-400", "1.10", "1776380321441", "1776380321441.5", "0.0e-5", "3.0",
}

// value is any JSON value.
func (g *generator) value(depth int) string {
	switch n := g.IntN(10); {
	case n < 4:
		return pick(g, texts...)
	case n < 6:
		return pick(g, numbers...)
	case n == 6:
		return pick(g, "true", "false")
	case n == 7 || depth == 0:
		return "null"
	case n == 8:
		var elements []string
		for range g.IntN(4) {
			elements = append(elements, g.space()+g.value(depth-1)+g.space())
		}
		return "[" + strings.Join(elements, ",") + g.space() + "]"
	}
	var members []string
	for range g.IntN(4) {
		members = append(members, g.member(pick(g, "a", "b", "c", "é", "", `q"\`), g.value(depth-1)))
	}
	return "{" + g.space() + strings.Join(members, ",") + "}"
}
