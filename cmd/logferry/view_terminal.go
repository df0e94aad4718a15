package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"logferry/internal/apply"
)

// terminalView keeps a live line for each partition in work and one for the whole, and leaves a line behind for each
// that is done.
type terminalView struct {
	*waits
	*ticker
	failed failures
	bars   *mpb.Progress

	mu    sync.Mutex
	live  func() apply.Snapshot
	last  apply.Snapshot
	asked time.Time
	lines map[string]*mpb.Bar
	total *mpb.Bar
}

const redraw = 150 * time.Millisecond

// newTerminalView makes a view that log lines go through, too.
func newTerminalView(a *app) *terminalView {
	v := &terminalView{waits: &waits{a: a}, ticker: newTicker(lineInterval), lines: map[string]*mpb.Bar{}}
	v.failed.tell = func(text string) {
		v.print(fmt.Sprintf("%s  %s\n", a.color(a.stderr, red, "failed"), printable(text)))
	}
	a.logs = v
	return v
}

// Started implements apply.Events.
func (v *terminalView) Started(s apply.Started, live func() apply.Snapshot) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.live = live
	v.bars = mpb.New(mpb.WithOutput(v.a.stderr), mpb.WithRefreshRate(redraw))
	v.total = v.bars.New(int64(s.Partitions), mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarWidth(24), mpb.BarPriority(1<<20),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return totalText(v.snapshot()) })))
	v.start(v.failed.goesOn)
}

// snapshot asks once a redraw, however many lines there are.
func (v *terminalView) snapshot() apply.Snapshot {
	v.mu.Lock()
	defer v.mu.Unlock()
	if now := time.Now(); now.Sub(v.asked) >= redraw {
		v.last, v.asked = v.live(), now
	}
	return v.last
}

func totalText(s apply.Snapshot) string {
	return fmt.Sprintf(" %d/%d partitions  %s records  %s requests  rate %s  left %s", s.Done, s.Declared,
		humanize.Comma(s.Records), humanize.Comma(s.Requests), rateText(s), leftText(s))
}

func stepText(s apply.Snapshot, name string) string {
	for _, r := range s.Running {
		if r.Name == name {
			return fmt.Sprintf("%s  %s  %s of %s records listed  %s requests", name, r.Phase,
				humanize.Comma(r.Records), humanize.Comma(r.Listed), humanize.Comma(r.Requests))
		}
	}
	return name
}

// StepStarted implements apply.Events.
func (v *terminalView) StepStarted(name string) {
	bar := v.bars.New(1, mpb.NopStyle(),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return stepText(v.snapshot(), name) })))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lines[name] = bar
}

// Retrying implements apply.Events.
func (v *terminalView) Retrying(err error, pause time.Duration) {
	text := fmt.Sprintf("%s  in %s: %s\n", v.a.color(v.a.stderr, yellow, "retry"), pause.Round(100*time.Millisecond), printable(err.Error()))
	v.print(text)
}

// print leaves a line behind.
func (v *terminalView) print(text string) { _, _ = v.Write([]byte(text)) }

// Write leaves whole lines behind, above the live ones if there are any: requests of the plan are repeated too.
func (v *terminalView) Write(b []byte) (int, error) {
	v.mu.Lock()
	bars := v.bars
	v.mu.Unlock()
	if bars == nil {
		return v.waits.Write(b)
	}
	if n, err := bars.Write(b); err == nil { // waits for a redraw, which takes the lock
		return n, nil
	}
	return v.a.stderr.Write(b) // nothing is live any more
}

// StepDone implements apply.Events.
func (v *terminalView) StepDone(r apply.StepResult) {
	v.mu.Lock()
	bar := v.lines[r.Name()]
	delete(v.lines, r.Name())
	v.mu.Unlock()
	bar.Abort(true)
	if r.Abandoned {
		return
	}
	if r.Error != "" {
		v.failed.add(r)
	} else {
		v.failed.goesOn()
		v.print(fmt.Sprintf("%s  %s  %s, %s, %s\n", v.a.color(v.a.stderr, green, "done"), r.Name(),
			counted(r.Records, "record"), counted(int64(len(r.Files)), "file"), time.Duration(r.DurationMS)*time.Millisecond))
	}
	v.total.Increment()
}

// Close implements applyView.
func (v *terminalView) Close() {
	v.stop()
	if v.bars == nil {
		return
	}
	for _, bar := range v.lines {
		bar.Abort(true)
	}
	v.total.Abort(true)
	v.bars.Wait()
}

// Summary implements applyView.
func (v *terminalView) Summary(s *apply.Summary, err error) error {
	left := v.failed.end(err)
	printSummary(v.a, s, err, v.failed.names)
	return left
}
