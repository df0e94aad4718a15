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
	a    *app
	bars *mpb.Progress

	mu    sync.Mutex
	live  func() apply.Snapshot
	last  apply.Snapshot
	asked time.Time
	lines map[string]*mpb.Bar
	total *mpb.Bar
}

const redraw = 150 * time.Millisecond

func newTerminalView(a *app) *terminalView {
	return &terminalView{a: a, lines: map[string]*mpb.Bar{}}
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

// print leaves a line behind, above the live ones if there are any yet: requests of the plan are repeated too.
func (v *terminalView) print(text string) {
	v.mu.Lock()
	bars := v.bars
	v.mu.Unlock()
	if bars == nil {
		fmt.Fprint(v.a.stderr, text)
		return
	}
	_, _ = bars.Write([]byte(text)) // waits for a redraw, which takes the lock
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
	text := fmt.Sprintf("%s  %s  %s records, %d files, %s\n", v.a.color(v.a.stderr, green, "done"), r.Name(),
		humanize.Comma(r.Records), len(r.Files), time.Duration(r.DurationMS)*time.Millisecond)
	if r.Error != "" {
		text = fmt.Sprintf("%s  %s\n", v.a.color(v.a.stderr, red, "failed"), r.Error)
	}
	v.print(text)
	v.total.Increment()
}

// Close implements applyView.
func (v *terminalView) Close() {
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
func (v *terminalView) Summary(s *apply.Summary, err error) { printSummary(v.a, s, err) }
