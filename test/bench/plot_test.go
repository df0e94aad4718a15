package bench

import (
	"bytes"
	"fmt"
	"time"

	"logferry/internal/logsim"
)

// The picture's measures, in its own units.
const (
	plotWidth, plotHeight = 960.0, 420.0
	plotLeft, plotTop     = 60.0, 50.0
	plotRight, plotBottom = 20.0, 50.0
)

// draw draws requests a second over time: allowed, own and others', with the windows' edges.
func (r *rateRun) draw(windows []logsim.Window) []byte {
	var out bytes.Buffer
	total := rateWindows * r.length
	most := ratePerSec * 1.25
	x := func(d time.Duration) float64 {
		return plotLeft + float64(d)/float64(total)*(plotWidth-plotLeft-plotRight)
	}
	y := func(rate float64) float64 { return plotHeight - plotBottom - rate/most*(plotHeight-plotTop-plotBottom) }
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif" font-size="12">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&out, `<rect width="%g" height="%g" fill="white"/>`+"\n", plotWidth, plotHeight)
	text := func(x, y float64, anchor, s string) {
		fmt.Fprintf(&out, `<text x="%.0f" y="%.0f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, s)
	}
	text(plotLeft, 20, "start", fmt.Sprintf("Requests a second while the organisation's own traffic jumps to half of the limit: %d a second, windows of %s s, headroom %g %%", ratePerSec, seconds(r.length), 100*r.headroom))
	for _, w := range windows {
		if at := w.Start.Sub(r.began); at >= 0 && at <= total {
			fmt.Fprintf(&out, `<line x1="%.1f" y1="%g" x2="%.1f" y2="%g" stroke="#ddd"/>`+"\n", x(at), plotTop, x(at), plotHeight-plotBottom)
		}
	}
	for rate := 0.0; rate <= most; rate += 50 {
		text(plotLeft-8, y(rate)+4, "end", fmt.Sprint(rate))
		fmt.Fprintf(&out, `<line x1="%g" y1="%.1f" x2="%g" y2="%.1f" stroke="#eee"/>`+"\n", plotLeft, y(rate), plotWidth-plotRight, y(rate))
	}
	for at := time.Duration(0); at <= total; at += 4 * r.length {
		text(x(at), plotHeight-plotBottom+18, "middle", seconds(at)+" s")
	}
	line := func(n int, colour, width, name string, legend float64, value func(k int) (time.Duration, float64)) {
		fmt.Fprintf(&out, `<polyline fill="none" stroke="%s" stroke-width="%s" points="`, colour, width)
		for k := range n {
			at, rate := value(k)
			fmt.Fprintf(&out, "%.1f,%.1f ", x(min(at, total)), y(min(rate, most)))
		}
		out.WriteString(`"/>` + "\n")
		fmt.Fprintf(&out, `<line x1="%g" y1="%g" x2="%g" y2="%g" stroke="%s" stroke-width="3"/>`+"\n", legend, plotHeight-12, legend+24, plotHeight-12, colour)
		text(legend+30, plotHeight-8, "start", name)
	}
	background := r.rate(r.length).Background
	const step = 500 * time.Millisecond
	n := int(total / step)
	own := r.perSecond(step)
	line(2, "#888", "1.5", "the organisation's limit", plotLeft, func(k int) (time.Duration, float64) { return time.Duration(k) * total, ratePerSec })
	line(n, "#2a9d4a", "1.5", "free beside headroom and the others", plotLeft+200, func(k int) (time.Duration, float64) {
		at := time.Duration(k) * step
		return at, ratePerSec*(1-r.headroom) - background(at)
	})
	line(n, "#1f5fbf", "2", "logferry", plotLeft+480, func(k int) (time.Duration, float64) { return time.Duration(k) * step, own[k] })
	line(n, "#d1495b", "2", "the organisation's own", plotLeft+600, func(k int) (time.Duration, float64) {
		at := time.Duration(k) * step
		return at, background(at)
	})
	out.WriteString("</svg>\n")
	return out.Bytes()
}
