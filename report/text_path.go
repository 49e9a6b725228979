package report

import (
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

// PathText writes critical paths for people.
func PathText(w io.Writer, r *result.PathReport, o Options) error {
	p := newPage(o)
	drawAbout(p, r.Trace, r.Question)
	groups := p.groupsNamed(r.Groups)
	for i := range r.Paths {
		drawPath(p, &r.Paths[i], numbered("PATH", i, len(r.Paths)), groups)
	}
	drawNotes(p, r.Notes, len(r.Paths) == 0)
	_, err := w.Write(p.out.Bytes())
	return err
}

// mostPathSteps is how many steps of a path are told one by one.
const mostPathSteps = 24

func drawPath(p *page, c *result.CriticalPath, title string, groups who) {
	whole := c.ToNs - c.FromNs
	p.heading(title, p.noted(c.Title, c.Of, c.Type, c.FromNs, c.ToNs))
	p.wrap(spaces(2), 2, text(plain, "What came one after the other in these "+units.Duration(whole)+
		", up to their end on "+p.goroutine(c.Goroutine, c.Group, -1, groups)+":"))
	drawPathKinds(p, c, whole)
	drawPathPieces(p, c, whole, groups)
	steps := chain{p: p, groups: groups, from: c.FromNs, whole: whole, most: max(mostPathSteps, p.Top)}
	if len(steps.story(c.Steps, level{group: -1})) > 0 {
		p.blank()
		drawChain(p, &steps)
	}
	drawRunnerUp(p, c, groups)
	drawBounds(p, c)
}

// drawPathKinds shows what the path consists of, by kind.
func drawPathKinds(p *page, c *result.CriticalPath, whole int64) {
	kinds := slices.Sorted(maps.Keys(c.KindsNs))
	kinds = slices.DeleteFunc(kinds, func(k string) bool { return c.KindsNs[k] <= 0 })
	slices.SortStableFunc(kinds, func(a, b string) int { return compareDesc(c.KindsNs[a], c.KindsNs[b]) })
	t := table{columns: []column{{least: 20}, {least: 5, drop: 1}, {right: true}, {right: true}}}
	for _, k := range kinds {
		w, ns := p.wordOf(k), c.KindsNs[k]
		bar := look{fill: "█", ascii: "#", tone: w.tone}
		t.rows = append(t.rows, []cell{
			textCell{forms: []string{w.name}, start: true},
			barCell{float64(ns) / float64(max(whole, 1)), bar, p.Width / 5},
			txt(strong, units.Percent(ns, whole)),
			txt(plain, units.Duration(ns)),
		})
	}
	t.draw(p, 4)
}

// drawPathPieces shows where in the program the path went through.
func drawPathPieces(p *page, c *result.CriticalPath, whole int64, groups who) {
	t := table{columns: []column{
		{title: "THROUGH", least: 24},
		{title: "SHARE", right: true},
		{title: "TIME", right: true},
		{title: "ITS OWN", right: true, drop: 1},
	}}
	shown := c.Pieces[:min(len(c.Pieces), p.Top)]
	for _, x := range shown {
		t.rows = append(t.rows, []cell{p.pieceCell(x, groups), p.pieceShare(x, whole), txt(strong, units.Duration(x.Ns)), timeCell(x.DirectNs)})
	}
	if len(t.rows) > 0 {
		p.blank()
	}
	t.draw(p, 2)
	p.more(len(c.Pieces)-len(shown), len(c.Pieces), "piece", "pieces")
	if t.shows("ITS OWN", p.Width-2) {
		p.wrap(spaces(2), 2, text(muted, "ITS OWN: in the goroutine at its end; the rest is in those whom that one waited for"))
	}
}

// drawRunnerUp says through whom the path would have gone otherwise.
func drawRunnerUp(p *page, c *result.CriticalPath, groups who) {
	if c.RunnerUp == nil {
		return
	}
	u := c.RunnerUp
	p.blank()
	p.fact("  Runner-up", text(plain, p.goroutine(u.Goroutine, u.Group, -1, groups)+" was done "+units.Duration(u.SlackNs)+
		" earlier, at "+units.Duration(u.EndedNs)+": making the goroutine that came last faster by more than that would let this one be waited for."))
}

// drawBounds shows what more processors, or faster parts, could do at best.
func drawBounds(p *page, c *result.CriticalPath) {
	if c.Work == nil {
		if why := p.cleanText(c.Refused); why != "" {
			p.blank()
			p.fact("  Bounds", text(plain, "none. "+why))
		}
		return
	}
	p.blank()
	p.wrap(line{{"  BOUNDS", strong}, {"  ", plain}}, 4, text(muted, "what could be won at best with these goroutines and this share of work among them; no predictions"))
	w := &c.Work.Work
	p.fact("  Work", text(plain, units.Duration(w.WorkNs)+" of running in "+units.Duration(w.Ns)+", all goroutines of it together"))
	p.fact("  Longest chain", p.spans(w))
	if w.SpanNs > 0 {
		p.fact("  Parallelism", joined(p.parallelism(w)...))
	}
	drawProcessorBounds(p, c.Work)
	drawWhatIf(p, c.Work)
}

// spans is the longest chain of running, and what makes it longer.
func (p *page) spans(w *result.Work) line {
	items := []line{text(plain, units.Duration(w.SpanNs)+" of running one after the other")}
	if w.SpanBurdenedNs-w.SpanNs > w.SpanNs/100 {
		items = append(items, text(plain, units.Duration(w.SpanBurdenedNs)+" with what wake-ups cost"))
	}
	if w.SpanLocksNs > w.SpanNs {
		items = append(items, text(plain, units.Duration(w.SpanLocksNs)+" with its locks"))
	}
	if w.SpanOutsideNs > w.SpanNs {
		items = append(items, text(plain, units.Duration(w.SpanOutsideNs)+" with waits for what does not belong to it"))
	}
	if w.SpanLatencyNs > max(w.SpanLocksNs, w.SpanOutsideNs) {
		items = append(items, text(plain, units.Duration(w.SpanLatencyNs)+" with both"))
	}
	return joined(items...)
}

// parallelism is how many processors the work could keep busy at most.
func (p *page) parallelism(w *result.Work) []line {
	items := []line{text(plain, "at most "+units.Average(w.Parallelism())+" Ps busy on average")}
	if w.SpanLocksNs > w.SpanNs {
		items = append(items, text(plain, units.Average(float64(w.WorkNs)/float64(w.SpanLocksNs))+" with its locks"))
	}
	if w.SpanLatencyNs > w.SpanLocksNs {
		items = append(items, text(plain, units.Average(float64(w.WorkNs)/float64(w.SpanLatencyNs))+" with all that it waits for"))
	}
	return items
}

// drawProcessorBounds shows how long the work takes at least. Processors that no
// longer change that have one row.
func drawProcessorBounds(p *page, b *result.Bounds) {
	t := table{columns: []column{
		{title: "ON Ps", right: true},
		{title: "AT LEAST", right: true},
		{title: "SO AT MOST", right: true},
		{title: "LIKELY WITHIN", right: true, drop: 1},
	}}
	for i, x := range b.Processors {
		rest := b.Processors[i+1:]
		last := len(rest) > 0 && !slices.ContainsFunc(b.Processors[i:], func(y result.ProcessorBound) bool { return y.AtLeastNs != x.AtLeastNs || about(b, y) > 0 })
		row := []cell{txt(plain, strconv.Itoa(x.P)), txt(strong, units.Duration(x.AtLeastNs)), nil, nil}
		if last {
			row[0] = txt(plain, strconv.Itoa(x.P)+" or more")
		}
		if x.AtLeastNs > 0 {
			row[2] = txt(plain, timesAsFast(float64(b.Ns)/float64(x.AtLeastNs)))
		}
		if ns := about(b, x); ns > 0 {
			row[3] = txt(plain, units.Duration(ns))
		}
		if t.rows = append(t.rows, row); last {
			break
		}
	}
	t.draw(p, 4)
}

// about is the estimate for a number of processors, 0 where there is none, or one
// processor is likely to do as well.
func about(b *result.Bounds, x result.ProcessorBound) int64 {
	if x.P > 1 && x.AboutNs >= b.WorkNs {
		return 0
	}
	return x.AboutNs
}

// timesAsFast is a bound for a speed-up. Where hardly anything would be left to do
// its digits say nothing.
func timesAsFast(factor float64) string {
	const many = 1000
	if factor > many {
		return "over " + units.Count(many) + " times as fast"
	}
	return units.Average(max(factor, 0)) + " times as fast"
}

// drawWhatIf shows what single changes could do, the most first.
func drawWhatIf(p *page, b *result.Bounds) {
	t := table{columns: []column{
		{title: "WHAT IF", least: 24},
		{title: "AT LEAST", right: true},
		{title: "SO AT MOST", right: true},
	}}
	shown := b.WhatIf[:min(len(b.WhatIf), p.Top)]
	for _, x := range shown {
		t.rows = append(t.rows, []cell{
			textCell{forms: p.changeForms(x)},
			txt(plain, units.Duration(x.AtLeastNs)),
			txt(strong, timesAsFast(x.SpeedUpAtMost)),
		})
	}
	t.draw(p, 4)
	p.more(len(b.WhatIf)-len(shown), len(b.WhatIf), "change", "changes")
}

// changeWords is how what is changed reads, before its place.
var changeWords = map[string]string{
	"code":    "",
	"lock":    "the lock of ",
	"io":      "the network in ",
	"syscall": "system calls in ",
	"timer":   "timers in ",
}

// changeForms are ways to say what is changed.
func (p *page) changeForms(x result.WhatIf) []string {
	word, ok := changeWords[x.What]
	if !ok {
		word = p.clean(x.What) + " in "
	}
	forms := p.spotForms(result.Piece{Frame: x.Frame})
	for i := range forms {
		forms[i] = word + forms[i] + p.changedTo(x)
	}
	return forms
}

// changedTo is what becomes of it.
func (p *page) changedTo(x result.WhatIf) string {
	switch {
	case x.Factor <= 0 && x.What == "lock":
		return " not there"
	case x.Factor <= 0:
		return " taking no time"
	case x.Factor == 0.5:
		return " twice as fast"
	}
	return " " + timesAsFast(1/x.Factor)
}
