package faults

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// figures are what a campaign came to. Its JSON is one line for docs/GUARANTEES.md.
type figures struct {
	Campaign    string         `json:"campaign"`
	Seed        uint64         `json:"seed"`
	Runs        int            `json:"runs"`      // all of them
	Disturbed   int            `json:"disturbed"` // runs that met a fault
	Absorbed    int            `json:"absorbed"`  // of them, those that ended well
	Failed      int            `json:"failed"`    // and those that said that they had not
	Kills       int            `json:"kills"`
	Faults      map[string]int `json:"faults"`
	Losses      int            `json:"losses"`
	Duplicates  int            `json:"duplicates"`
	Torn        int            `json:"torn"` // files that are not whole, states that can't be loaded
	Orphans     int            `json:"orphans"`
	Leftovers   int64          `json:"leftovers"`        // state objects that no commit names: documented, counted by verify
	GivenUp     int            `json:"details_given_up"` // plays in which details were given up and a second run had them
	Leaks       int            `json:"leaks"`
	Undetected  int            `json:"undetectable"`       // answers altered to other JSON without a checksum: what came of them is in the rows
	Lies        map[string]int `json:"lies,omitempty"`     // by how they ended
	Unhealed    map[string]int `json:"unhealed,omitempty"` // lies that verify or an error names and no run puts right by itself
	Replaced    int            `json:"replaced,omitempty"` // of them, those that apply --replace puts right
	Seconds     float64        `json:"seconds"`
	Nights      int            `json:"nights,omitempty"`
	Rows        int            `json:"rows,omitempty"` // over all sinks
	Requests    int            `json:"requests,omitempty"`
	Changes     int            `json:"changes_of_configuration,omitempty"`
	Interrupted int            `json:"interrupted,omitempty"`
}

// campaign gathers what its runs came to. It may be used concurrently.
type campaign struct {
	start time.Time
	mu    sync.Mutex
	fig   figures
}

func newCampaign(name string, seed uint64) *campaign {
	return &campaign{start: time.Now(), fig: figures{Campaign: name, Seed: seed, Faults: map[string]int{}, Lies: map[string]int{}, Unhealed: map[string]int{}}}
}

func (c *campaign) count(change func(*figures)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.fig)
}

// ended counts a run by how it ended.
func (c *campaign) ended(met bool, err error) {
	c.count(func(f *figures) {
		switch {
		case met && err != nil:
			f.Disturbed, f.Failed = f.Disturbed+1, f.Failed+1
		case met:
			f.Disturbed, f.Absorbed = f.Disturbed+1, f.Absorbed+1
		}
	})
}

// met counts the faults of a run.
func (c *campaign) met(in *injector) {
	c.count(func(f *figures) {
		for k, n := range in.faults() {
			f.Faults[string(k)] += n
		}
	})
}

// print tells the figures as one line of JSON.
func (c *campaign) print(t *testing.T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fig.Seconds = float64(time.Since(c.start).Round(time.Second/10)) / float64(time.Second)
	b, err := json.Marshal(c.fig)
	require.NoError(t, err)
	if testing.Verbose() {
		fmt.Println(string(b))
	}
	if t.Failed() {
		t.Logf("LOGFERRY_FAULTS_SEED=%d repeats it: %s", c.fig.Seed, b)
	}
}

// files looks for temporary files that the runs left, other than lock files, which stay, and folders of killed runs, which later
// ones remove when they are a minute old.
func (c *campaign) files(t *testing.T, dirs []string) {
	killed := c.fig.Kills > 0
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err == nil && killed && strings.HasPrefix(d.Name(), "run-") {
				return fs.SkipDir
			}
			if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), "lock") {
				c.count(func(f *figures) { f.Orphans++ })
				t.Errorf("the runs left %s", name)
			}
			return err
		})
		require.NoError(t, err)
	}
}

// leave removes what a play wrote, or moves it below the folder that LOGFERRY_FAULTS_KEEP names where something is wrong with it.
func (c *campaign) leave(t *testing.T, dir string) {
	if keep := os.Getenv("LOGFERRY_FAULTS_KEEP"); keep != "" && t.Failed() {
		to := filepath.Join(keep, filepath.Base(dir))
		t.Logf("what is wrong lies in %s: %v", to, os.CopyFS(to, os.DirFS(dir)))
	}
	_ = os.RemoveAll(dir)
}

// number reads an environment variable.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err)
	return n
}

// seedOf is the campaigns' seed: LOGFERRY_FAULTS_SEED sets another one.
func seedOf(t *testing.T) uint64 { return number(t, "LOGFERRY_FAULTS_SEED", 1) }

// whole says that every operation is tried, and not a cut of them: LOGFERRY_FAULTS=all.
func whole() bool { return os.Getenv("LOGFERRY_FAULTS") == "all" }

// playing runs things beside one another, as many at once as wait for something most of the time.
type playing struct {
	group sync.WaitGroup
	room  chan struct{}
}

func newPlaying(atOnce int) *playing { return &playing{room: make(chan struct{}, atOnce)} }

func (p *playing) do(f func()) {
	p.group.Go(func() {
		p.room <- struct{}{}
		defer func() { <-p.room }()
		f()
	})
}
