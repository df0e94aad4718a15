package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"logferry/internal/logsim"
)

var update = flag.Bool("update", false, "write the expected files of the scripts anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"logferry": main})
}

// shortScripts are run with -short: what goes on at the same time in them is most of what goes on at the same time at all.
var shortScripts = []string{"testdata/script/apply.txt", "testdata/script/apply_interrupt.txt", "testdata/script/apply_projects_sinks.txt", "testdata/script/lock.txt"}

func TestScripts(t *testing.T) {
	dir, files := "testdata/script", []string(nil)
	if testing.Short() {
		dir, files = "", shortScripts
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Files:               files,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", env.Getenv("WORK")+"/.cache")
			env.Setenv("TMPDIR", env.Getenv("WORK")+"/.tmp")
			env.Setenv("AWS_ACCESS_KEY_ID", "test")
			env.Setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			env.Values[simKey{}] = &scriptSim{}
			return os.MkdirAll(env.Getenv("WORK")+"/.tmp", 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"logsim":   simulate,
			"answer":   answer,
			"unused":   unused,
			"requests": requests,
			"await":    await,
		},
	})
}

// scriptSim is the simulator of one script, once it has started one.
type scriptSim struct{ *logsim.Server }

type simKey struct{}

// total is how many requests it has had.
func (s *scriptSim) total() int {
	n := 0
	for _, count := range s.Stats().Requests {
		n += count
	}
	return n
}

// simulate starts a simulated API for the rest of the script: logsim [records=N] [from=…] [to=…] [faults=PROFILE]
// [latency=…] [usage=…: its latency] [projects=a,b] [odd=SHARE] [late=SHARE] [late_until=N: list requests]
// [unreadable=SHARE] [uncounted=SHARE: missing in the usage counts] [users=N]. URL is its address and COMPOSIO_API_KEY its key,
// SOME_USER has some of the records.
func simulate(ts *testscript.TestScript, _ bool, args []string) {
	o := logsim.Options{Seed: 3, Rate: logsim.Rate{Limit: -1}, Records: logsim.Records{MedianPayload: 300, MaxPayload: 5000}}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		ts.Check(setOption(&o, name, value))
	}
	sim, err := logsim.New(o)
	ts.Check(err)
	srv := httptest.NewServer(sim)
	ts.Defer(func() {
		sim.Close()
		srv.Close()
	})
	ts.Value(simKey{}).(*scriptSim).Server = sim
	ts.Setenv("URL", srv.URL)
	ts.Setenv("COMPOSIO_API_KEY", logsim.DefaultKey)
	ts.Setenv("SOME_ID", sim.Truth("").Fact(0).ID)
	ts.Setenv("SOME_USER", sim.Truth("").Fact(0).User)
}

func setOption(o *logsim.Options, name, value string) error {
	var err error
	switch name {
	case "records":
		o.Records.Count, err = strconv.Atoi(value)
	case "from":
		o.Records.From, err = time.Parse(time.RFC3339, value)
	case "to":
		o.Records.To, err = time.Parse(time.RFC3339, value)
	case "ago":
		var d time.Duration
		d, err = time.ParseDuration(value)
		o.Records.From, o.Records.To = time.Now().Add(-d), time.Now().Add(-d/2)
	case "faults":
		var p logsim.Profile
		p, err = logsim.NamedProfile(value)
		o.Faults, o.Details = p.Faults, p.Details
	case "latency":
		var d time.Duration
		d, err = time.ParseDuration(value)
		o.Latency.Detail.Base = d
	case "usage":
		o.Latency.Usage.Base, err = time.ParseDuration(value)
	case "unreadable":
		o.Records.Odd.Unreadable, err = strconv.ParseFloat(value, 64)
	case "users":
		o.Records.Users, err = strconv.Atoi(value)
	case "uncounted":
		o.Usage.MissingShare, err = strconv.ParseFloat(value, 64)
	case "late":
		o.Late.Share, err = strconv.ParseFloat(value, 64)
	case "late_until":
		o.Late.AfterRequests, err = strconv.Atoi(value)
	case "odd":
		o.Records.Odd.Share, err = strconv.ParseFloat(value, 64)
	case "projects":
		for _, p := range strings.Split(value, ",") {
			o.Projects = append(o.Projects, logsim.Project{Name: p})
		}
	default:
		return fmt.Errorf("logsim: no option %q", name)
	}
	return err
}

// requests says how many requests the simulator must have had by now: requests 0.
func requests(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := ts.Value(simKey{}).(*scriptSim).total(); (got == want) == neg {
		ts.Fatalf("requests: %d, want %v%d", got, map[bool]string{true: "not "}[neg], want)
	}
}

// await blocks until the simulator has had so many requests: await 50.
func await(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	sim := ts.Value(simKey{}).(*scriptSim)
	for deadline := time.Now().Add(30 * time.Second); sim.total() < want; {
		if time.Now().After(deadline) {
			ts.Fatalf("await: %d requests after 30 s, want %d", sim.total(), want)
		}
		runtime.Gosched()
	}
}

// answer starts a server that says the same to every request: answer STATUS BODY [HEADER:VALUE…]. URL is its address.
func answer(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range args[2:] {
			name, value, _ := strings.Cut(h, ":")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, args[1])
	}))
	ts.Defer(srv.Close)
	ts.Setenv("URL", srv.URL)
}

// unused sets URL to an address of this machine where nobody listens.
func unused(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("URL", "http://"+l.Addr().String())
	ts.Check(l.Close())
}
