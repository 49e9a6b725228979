package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

// wallLabel is how a label of the partition of wall time is shown.
type wallLabel struct {
	look
	means string
	lead  string // of the causes
	// causes is where the Result splits the label's time, words how they read.
	causes func(result.Concurrency) map[string]int64
	words  map[string]string
}

// wallLabels is every label, by name. Like the classes of goroutine time, none
// is told by colour alone.
var wallLabels = map[string]wallLabel{
	"parallel": {
		look: look{fill: "█", ascii: "#", tone: toneRunning}, means: "two or more ran", lead: "two or more ran: ",
		causes: func(c result.Concurrency) map[string]int64 { return c.ParallelKindNs },
		words:  map[string]string{"partial": "on some Ps", "full": "on all Ps", "saturated": "on all Ps with more ready", "wasteful": "on some Ps with more ready"},
	},
	"interleaved": {
		look: look{fill: "▓", ascii: "=", tone: toneRunnable}, means: "one ran while others were in progress", lead: "one ran, others: ",
		causes: func(c result.Concurrency) map[string]int64 { return c.InterleavedCauseNs },
		words:  map[string]string{"capacity": "ready, no P free", "dispatch": "ready, P free", "dependency": "blocked on sync", "latency": "on I/O or timers", "coroutine": "coroutines", "runtime": "in the runtime"},
	},
	"serial": {look: look{fill: "▒", ascii: "-", tone: toneSyscall}, means: "one ran, nothing else was in progress"},
	"stalled": {
		look: look{fill: "▞", ascii: "!", tone: toneSync}, means: "some were ready, none ran", lead: "some were ready, none ran: ",
		causes: func(c result.Concurrency) map[string]int64 { return c.StalledCauseNs },
		words:  map[string]string{"stw": "world stopped", "gc": "GC on the Ps", "syscall-held": "Ps in system calls", "dispatch": "P free"},
	},
	"latency-bound": {
		look: look{fill: "░", ascii: ":", tone: toneIO}, means: "all that were in progress waited", lead: "all waited: ",
		causes: func(c result.Concurrency) map[string]int64 { return c.LatencyCauseNs },
		words:  map[string]string{"io": "for I/O", "timer": "for timers", "sync": "on sync", "syscall": "in system calls", "cgo": "in native code", "runtime": "for the runtime", "coroutine": "in coroutines"},
	},
	"idle":    {look: look{fill: "·", ascii: ".", tone: toneTimer}, means: "nothing was in progress"},
	"unknown": {look: look{fill: "?", ascii: "?", tone: toneUnknown}, means: "in a gap of the trace"},
}

// cells are n cells of the label's fill.
func (l wallLabel) cells(p *page, n int) span {
	fill := l.fill
	if p.ASCII {
		fill = l.ascii
	}
	return span{strings.Repeat(fill, n), l.tone}
}

// wallParts are the labels that have time, and the time of all.
func wallParts(r *result.Result) (parts []result.LabelTime, whole int64) {
	parts = slices.DeleteFunc(r.Concurrency.PartitionNs.Parts(), func(l result.LabelTime) bool { return l.Ns <= 0 })
	for _, l := range parts {
		whole += l.Ns
	}
	return parts, whole
}

// drawWallTime shows what the program did at each instant: all of them, and one
// after the other.
func drawWallTime(p *page, r *result.Result) {
	parts, whole := wallParts(r)
	if len(parts) == 0 {
		return
	}
	p.heading("WALL TIME", units.Duration(whole)+", each instant under one label; goroutines at rest left out")
	indent := factIndent
	if p.Width < 60 {
		indent = 2
	}
	p.strip("  Shares", indent, p.shareBar(parts, p.Width-indent))
	if l := p.phaseStrip(r, p.Width-indent); len(l) > 0 {
		p.strip("  Over time", indent, l)
		from, to := units.Duration(r.Scope.FromNs), units.Duration(r.Scope.ToNs)
		between := spaces(max(p.Width-indent-text(plain, from+to).width(), 1))
		p.emit(slices.Concat(spaces(indent), text(muted, from), between, text(muted, to)))
	}
	t := table{columns: []column{{}, {}, {right: true}, {right: true, drop: 2}, {least: 12, drop: 1}}}
	for _, l := range parts {
		look := wallLabels[l.Label]
		t.rows = append(t.rows, []cell{
			txt(look.tone, look.cells(p, 1).text),
			txt(plain, l.Label),
			txt(strong, units.Percent(l.Ns, whole)),
			txt(plain, units.Duration(l.Ns)),
			textCell{forms: p.causeForms(look, l.Ns, r.Concurrency), tone: plain, start: true},
		})
	}
	t.draw(p, 2)
}

// strip writes a bar under or beside its name.
func (p *page) strip(name string, indent int, bar line) {
	head := text(plain, name+strings.Repeat(" ", max(0, indent-len(name))))
	if indent < factIndent {
		p.emit(head)
		head = spaces(indent)
	}
	p.emit(append(head, bar...))
}

// shareBar is the parts side by side, each with a cell at least.
func (p *page) shareBar(parts []result.LabelTime, width int) line {
	var l line
	for i, n := range apportion(parts, width) {
		l = append(l, wallLabels[parts[i].Label].cells(p, n))
	}
	return l
}

// apportion divides cells among parts by their time. What is there at all gets
// a cell, as long as there is one, at the expense of the largest.
func apportion(parts []result.LabelTime, cells int) []int {
	var whole float64
	for _, l := range parts {
		whole += float64(l.Ns)
	}
	shares := make([]int, len(parts))
	largest, left := 0, cells
	for i, l := range parts {
		shares[i] = max(1, int(float64(l.Ns)/whole*float64(cells)+0.5))
		left -= shares[i]
		if l.Ns > parts[largest].Ns {
			largest = i
		}
	}
	shares[largest] = max(1, shares[largest]+left)
	return shares
}

// phaseStrip is the phases over the scope: in each cell the label that prevails.
func (p *page) phaseStrip(r *result.Result, width int) line {
	length := float64(r.Scope.DurationNs())
	if length <= 0 {
		return nil
	}
	labels := slices.Sorted(maps.Keys(wallLabels))
	inCell := make([][]float64, width) // cells by label
	for i := range inCell {
		inCell[i] = make([]float64, len(labels))
	}
	for _, phase := range r.Concurrency.Phases {
		label, known := slices.BinarySearch(labels, phase.Label)
		from := max(float64(phase.FromNs-r.Scope.FromNs)/length*float64(width), 0)
		to := min(float64(phase.ToNs-r.Scope.FromNs)/length*float64(width), float64(width))
		for i := int(from); known && i < width && float64(i) < to; i++ {
			inCell[i][label] += min(to, float64(i+1)) - max(from, float64(i))
		}
	}
	var l line
	drawn := map[string]bool{}
	for _, shares := range inCell {
		most := slices.Max(shares)
		if most <= 0 {
			l = append(l, span{" ", plain})
			continue
		}
		label := labels[slices.Index(shares, most)]
		drawn[label] = true
		l = append(l, wallLabels[label].cells(p, 1))
	}
	if len(drawn) < 2 {
		return nil // one label throughout says nothing beyond the shares
	}
	return l
}

// causeForms say what a label means and, as far as there is room, what caused
// it, largest first; shares are of the label's time.
func (p *page) causeForms(l wallLabel, ns int64, c result.Concurrency) []string {
	if l.causes == nil {
		return []string{l.means}
	}
	causes := l.causes(c)
	names := slices.Sorted(maps.Keys(causes))
	names = slices.DeleteFunc(names, func(name string) bool { return causes[name] <= 0 })
	slices.SortStableFunc(names, func(a, b string) int { return compareDesc(causes[a], causes[b]) })
	var forms []string
	for n := min(len(names), 3); n > 0; n-- {
		var parts []string
		for _, name := range names[:n] {
			word := name
			if w, ok := l.words[name]; ok {
				word = w
			}
			parts = append(parts, p.clean(word)+" "+units.Percent(causes[name], ns))
		}
		forms = append(forms, l.lead+strings.Join(parts, ", "))
	}
	return append(forms, l.means)
}
