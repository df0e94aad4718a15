package secrets

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	records  = 80
	pageSize = 25
	padding  = 110 << 10 // bytes of a detail: together more than may wait in memory
)

var begin = time.Date(2026, 9, 10, 0, 0, 0, 0, time.UTC)

// api is a Logs API whose records, refusals and broken answers hold planted values.
type api struct {
	plants

	mu       sync.Mutex
	tries    map[string]int
	details  int
	onDetail func(n int) // called with the number of each request for a detail
	traces   [][]byte    // what was sent as OTLP
}

func newAPI(rules, secrets bool) *api {
	return &api{plants: plants{rules: rules, secrets: secrets, made: map[string]bool{}}, tries: map[string]int{}}
}

// try counts the requests for something.
func (a *api) try(what string) int {
	a.tries[what]++
	return a.tries[what]
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-RateLimit", "1000000")
	w.Header().Set("X-RateLimit-Remaining", "999999")
	w.Header().Set("X-RateLimit-Window-Size", "60s")
	switch id, detail := strings.CutPrefix(r.URL.Path, "/api/v3.1/logs/tool_execution/"); {
	case strings.HasPrefix(r.URL.Path, "/v1/"):
		a.traces = append(a.traces, body)
	case r.URL.Path == "/api/v3.1/logs/tool_execution":
		a.list(w, body)
	case detail:
		a.details++
		if a.onDetail != nil {
			a.onDetail(a.details)
		}
		a.detail(w, id)
	default:
		a.refuse(w, http.StatusInternalServerError)
	}
}

// refuse answers with an error whose words hold planted values.
func (a *api) refuse(w http.ResponseWriter, status int) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"message":"no such user %s, %s, Limit: 900000 requests per 1 minute","status":%d,"request_id":"req_1","suggested_fix":"use %s"},"password":%q}`,
		a.ruled("Refusal", 0), a.token("Refusal", 1), status, a.token("Fix", 2), a.secret("Refusal", 3))
}

// garble sends what is no HTTP: the transport quotes the word that should be a status.
func (a *api) garble(w http.ResponseWriter) {
	conn, out, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = fmt.Fprintf(out, "HTTP/1.1 %s,%s\r\n\r\n", a.ruled("Garbled", 0), a.token("Garbled", 1))
	_ = out.Flush()
	_ = conn.Close()
}

// garbleTrailer breaks an answer behind its head.
func (a *api) garbleTrailer(w http.ResponseWriter) {
	conn, out, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = fmt.Fprintf(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\n{}\r\n0\r\n%s %s\r\n\r\n", a.ruled("Trailer", 0), a.token("Trailer", 1))
	_ = out.Flush()
	_ = conn.Close()
}

func (a *api) list(w http.ResponseWriter, body []byte) {
	var query struct {
		Cursor *string `json:"cursor"`
		Range  struct {
			From, To int64
		} `json:"time_range"`
	}
	_ = json.Unmarshal(body, &query)
	switch a.try("list") {
	case 2:
		a.refuse(w, http.StatusBadGateway)
		return
	case 3:
		a.garble(w)
		return
	case 4:
		w.Header().Set("Retry-After", "0")
		a.refuse(w, http.StatusTooManyRequests)
		return
	case 5:
		_, _ = io.WriteString(w, `{"logs":[`+a.entry(0)) // cut off
		return
	}
	at := 0
	if query.Cursor != nil {
		at, _ = strconv.Atoi(*query.Cursor)
	}
	var elements []string
	next := "null"
	for i := at; i < records; i++ {
		if ms := when(i).UnixMilli(); ms < query.Range.From || ms > query.Range.To {
			continue
		}
		if len(elements) == pageSize {
			next = strconv.Quote(strconv.Itoa(i))
			break
		}
		elements = append(elements, a.entry(i))
	}
	if at == 0 {
		elements = append(elements, a.noRecords()...)
	}
	fmt.Fprintf(w, `{"logs":[%s],"next_cursor":%s}`, strings.Join(elements, ","), next)
}

func when(i int) time.Time { return begin.Add(time.Duration(i) * 10 * time.Minute) }

func head(i int) string {
	status := "success"
	if i%4 == 0 {
		status = "failed"
	}
	return fmt.Sprintf(`"id":"log_%03d","timestamp":%q,"type":"tool.execution","status":%q,"level":"info"`, i, when(i).Format(time.RFC3339), status)
}

// entry is an element of the list. Its note is not in the detail, and its user is another one there.
func (a *api) entry(i int) string {
	return fmt.Sprintf(`{%s,"message":"sent with %s","metadata":{"user_id":%q,"note":%q,"tool_slug":"T"},"metrics":{"duration_ms":%d},"odd":{"private":%q,"x-api-key":%q}}`,
		head(i), a.token("Message", i), a.ruled("User", i%7), a.ruled("Note", i), i, a.ruled("Private", i), a.secret("Key", i))
}

// noRecords are elements that can't become records.
func (a *api) noRecords() []string {
	return []string{
		fmt.Sprintf(`{"timestamp":%q,"metadata":{"user_id":%q},"message":%q}`, when(1).Format(time.RFC3339), a.ruled("Nameless", 0), a.token("Nameless", 1)),
		fmt.Sprintf(`{"id":"log_timeless","timestamp":%q,"metadata":{"note":"%s"},"token":%q}`, a.token("Timeless", 0), escaped(a.ruled("Timeless", 1)), a.secret("Timeless", 2)),
		fmt.Sprintf(`"a text of %s and %s"`, a.ruled("Text", 0), a.token("Text", 1)),
		fmt.Sprintf(`[{"user_id":%q},{"password":%q}]`, a.ruled("Array", 0), a.secret("Array", 1)),
		fmt.Sprintf("{\"metadata\":{\"user_id\":\"\xff%s\"},\"secret\":\"\xfe%s\"}", a.ruled("NoUTF", 0), a.secret("NoUTF", 1)),
	}
}

func (a *api) detail(w http.ResponseWriter, id string) {
	i, _ := strconv.Atoi(strings.TrimPrefix(id, "log_"))
	first := a.try(id) == 1
	switch {
	case i%10 == 1 && first:
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, "down: %s %s", a.ruled("Down", i), a.token("Down", i))
	case i%10 == 2:
		a.refuse(w, http.StatusNotFound)
	case i%10 == 3:
		a.refuse(w, http.StatusForbidden)
	case i == 14:
		a.refuse(w, http.StatusInternalServerError)
	case i == 24:
		a.garble(w)
	case i == 34:
		a.garbleTrailer(w)
	case i%10 == 5 && first:
		_, _ = io.WriteString(w, a.whole(i)[:400])
	case i%10 == 6 && first:
		a.garble(w)
	case i%10 == 7 && first:
		a.garbleTrailer(w)
	default:
		_, _ = io.WriteString(w, a.whole(i))
	}
}

// whole is a record with its detail.
func (a *api) whole(i int) string {
	body, password := a.ruled("Body", i), a.secret("Password", i)
	switch i % 8 {
	case 1: // written otherwise
		body, password = escaped(body), escaped(password)
	case 2: // no UTF-8, so that exact bytes are kept in base64
		body, password = "\xff"+body, "\xfe"+password
	case 3: // no Unicode
		body, password = `\ud800`+body, `\udc00`+password
	}
	request := fmt.Sprintf(`{"payload":{"body":"%s","to":"x","body":"%s","p\u0061ssword":"%s","auth":{"headers":[{"name":"Authorization","value":%q}]}}}`, body, body, password, a.secret("Header", i))
	if i%8 == 4 || i%8 == 1 { // JSON in a string
		text, _ := json.Marshal(request)
		request = string(text)
	}
	return fmt.Sprintf(`{%s,"message":"sent with %s","metadata":{"user_id":%q,"tool_slug":"T"},"metrics":{"duration_ms":%d},"odd":{"private":%q},"context":{"request_id":"req_%d"},`+
		`"data":{"request":%s,"response":{"body":{"items":[{"email":%q,"n":%d},{"email":%q}],"log":"GET https://u:%s@h/?access_token=%s"}},"list":[1,%q],"padding":"%s"}}`,
		head(i), a.token("Message", i), a.ruled("Other", i%5), i, a.ruled("Private", i), i, request, a.ruled("Email", i), i, a.ruled("Email", i+500), a.secret("URL", i), a.secret("Query", i), a.ruled("Last", i),
		strings.Repeat("Lorem ipsum ", padding/12))
}
