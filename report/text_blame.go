package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

// drawFilled shows what went on during the waits.
func drawFilled(p *page, r *result.Result) {
	b := r.Blame
	if b.WaitedNs <= 0 || len(b.Pieces) == 0 {
		return
	}
	p.heading("WHAT FILLED THE WAITS", units.Duration(b.WaitedNs)+" of waiting; at rest left out")
	t := table{columns: []column{
		{title: "WHAT", least: 40},
		{title: "SHARE", right: true},
		{title: "TIME", right: true},
		{title: "DIRECT", right: true, drop: 3},
		{title: "IN TURN", right: true, drop: 1},
		{title: "Ps IDLED", right: true, drop: 2},
	}}
	shown := b.Pieces[:min(len(b.Pieces), p.Top)]
	for _, x := range shown {
		t.rows = append(t.rows, []cell{
			p.pieceCell(x, p.groupsOf(r)),
			p.pieceShare(x, b.WaitedNs),
			txt(strong, units.Duration(x.Ns)),
			timeCell(x.DirectNs),
			timeCell(x.PropagatedNs),
			timeCell(x.IdleBlockedNs),
		})
	}
	t.draw(p, 0)
	note := ""
	if t.shows("DIRECT", p.Width) {
		note = "DIRECT: in those who ended the waits; the rest is in those whom these waited for in turn."
	}
	if t.shows("Ps IDLED", p.Width) {
		note += " Ps IDLED: the processors' time that idled meanwhile."
	}
	if note != "" {
		p.wrap(spaces(2), 2, text(muted, note))
	}
	p.more(len(b.Pieces)-len(shown), len(b.Pieces), "piece", "pieces")
	p.omitted(b.PiecesOmitted, "piece", "pieces")
	if b.UnresolvedNs >= b.WaitedNs/20 && b.UnresolvedNs > 0 {
		p.wrap(text(alarm, "! "), 2, text(plain, "What filled "+units.Percent(b.UnresolvedNs, b.WaitedNs)+" of it is not known: it is longer ago than what is remembered."))
	}
}

// timeCell is a duration, a dash where there is none.
func timeCell(ns int64) cell {
	if ns == 0 {
		return txt(muted, "–")
	}
	return txt(plain, units.Duration(ns))
}

// omitted says what a list in the Result leaves out.
func (p *page) omitted(o result.Omitted, one, many string) {
	if o.Count > 0 {
		p.wrap(spaces(2), 2, text(muted, units.Counted(int64(o.Count), "further "+one, "further "+many)+" with "+units.Duration(o.Ns)+" "+units.Plural(int64(o.Count), "is", "are")+" not listed."))
	}
}

// drawWhoForWhom shows which groups waited for which, and the circles in that.
func drawWhoForWhom(p *page, r *result.Result) {
	b := r.Blame
	if b.WaitedNs <= 0 || len(b.Edges) == 0 {
		return
	}
	p.heading("WHO WAITED FOR WHOM", "by group; below: most of what filled the waits, and the longest of them")
	t := table{columns: []column{
		{title: "WHO", least: p.Width / 4},
		{title: "FOR WHOM", least: p.Width / 4},
		{title: "KIND", drop: 2},
		{title: "WAITS", right: true, drop: 1},
		{title: "TIME", right: true},
	}}
	shown := b.Edges[:min(len(b.Edges), p.Top)]
	for _, e := range shown {
		t.rows = append(t.rows, p.edgeRow(r, e))
		for _, l := range p.edgeNotes(r, e) {
			t.rows = append(t.rows, []cell{wideCell(append(spaces(6), l...))})
		}
	}
	t.draw(p, 0)
	p.more(len(b.Edges)-len(shown), len(b.Edges), "pair", "pairs")
	p.omitted(b.EdgesOmitted, "pair", "pairs")
	for _, k := range b.Knots {
		drawKnot(p, r, k)
	}
}

// nodeWords is how those read who are no group.
var nodeWords = map[string]string{
	"others":    "goroutines not asked for",
	"io":        "the network",
	"timer":     "timers",
	"syscall":   "system calls",
	"gc":        "the runtime (GC)",
	"scheduler": "a processor",
	"open":      "no end within the trace",
	"unknown":   "the trace does not say",
}

func (p *page) edgeRow(r *result.Result, e result.Edge) []cell {
	row := []cell{
		textCell{forms: p.groupForms(r, e.From)},
		nil,
		txt(plain, p.kindsIn(e)),
		nil,
		txt(strong, units.Duration(e.Ns)),
	}
	switch word, ok := nodeWords[e.Node]; {
	case e.To >= 0 && e.To == e.From:
		row[1] = txt(muted, "each other")
	case e.To >= 0:
		row[1] = textCell{forms: p.groupForms(r, e.To)}
	case ok:
		row[1] = txt(muted, word)
	default:
		row[1] = txt(muted, p.clean(e.Node))
	}
	if e.Waits > 0 {
		row[3] = txt(plain, units.Count(e.Waits))
	}
	return row
}

// groupForms are ways to show a group.
func (p *page) groupForms(r *result.Result, group int) []string {
	if group < 0 || group >= len(r.Groups) {
		return []string{"(unknown)"}
	}
	return p.funcForms(r.Groups[group].Name)
}

// kindsIn is the kind of most of an edge's waits, and that there are others.
func (p *page) kindsIn(e result.Edge) string {
	kinds := slices.Sorted(maps.Keys(e.Kinds))
	slices.SortStableFunc(kinds, func(a, b string) int { return compareDesc(e.Kinds[a], e.Kinds[b]) })
	if len(kinds) == 0 {
		return ""
	}
	if class, _, _ := strings.Cut(kinds[0], "/"); class == "runnable" {
		return class
	}
	_, kind, _ := strings.Cut(kinds[0], "/")
	if kind = p.clean(kind); len(kinds) > 1 {
		kind += ", " + p.ellipsis()
	}
	return kind
}

// edgeNotes say what an edge is about, in a line if it fits, else in two.
func (p *page) edgeNotes(r *result.Result, e result.Edge) []line {
	if p.Width < 60 {
		return nil
	}
	room := p.Width - 6
	details := p.edgeDetails(r, e)
	main := mainPieces(e.Pieces, e.Ns, 1)
	if len(main) == 0 {
		return fittingItems(details, room)
	}
	var lines []line
	share := span{units.Percent(main[0].Ns, e.Ns) + " ", p.wordOf(main[0].Kind).tone}
	for _, form := range p.pieceForms(main[0], p.groupsOf(r)) {
		filled := line{share, {form, muted}}
		if all := joined(append([]line{filled}, details...)...); all.width() <= room {
			return []line{all}
		}
		if lines == nil && filled.width() <= room {
			lines = []line{filled}
		}
	}
	return append(lines, fittingItems(details, room)...)
}

// fittingItems is a line of as many items as fit, and of one at least.
func fittingItems(items []line, room int) []line {
	for n := len(items); n > 0; n-- {
		if l := joined(items[:n]...); n == 1 || l.width() <= room {
			return []line{l}
		}
	}
	return nil
}

// edgeDetails is what is to be said of an edge beside its pieces.
func (p *page) edgeDetails(r *result.Result, e result.Edge) []line {
	var items []line
	add := func(s string) { items = append(items, text(muted, s)) }
	if len(e.At) > 0 {
		add("longest " + plainText(p.moments(e.At[:1])))
	}
	if e.LateNs > 0 && e.LateNs < e.Ns {
		add(units.Duration(e.LateNs) + " of it for the last alone")
	}
	if e.TimedOut > 0 {
		add(units.Counted(e.TimedOut, "more wait", "more waits") + " timed out, " + units.Duration(e.TimedOutNs))
	}
	if e.FutileWakeUps > 0 {
		add(units.Counted(e.FutileWakeUps, "wake-up", "wake-ups") + " in vain")
	}
	if by := p.telling(r, e.From); by != "" {
		add("created by " + by)
	}
	return items
}

// telling is where a group was created, if another one has the same entry function.
func (p *page) telling(r *result.Result, group int) string {
	if group < 0 || group >= len(r.Groups) || r.Groups[group].CreatedBy == "" {
		return ""
	}
	same := 0
	for _, g := range r.Groups {
		if g.Name == r.Groups[group].Name {
			same++
		}
	}
	if same < 2 {
		return ""
	}
	forms := p.creatorForms(r.Groups[group].CreatedBy)
	return forms[len(forms)-1]
}

// drawKnot tells of groups that wait for each other in a circle, some of it in vain. That
// they do is not worth a line otherwise: the two sides of any channel do.
func drawKnot(p *page, r *result.Result, k result.Knot) {
	if k.TimedOut == 0 {
		return
	}
	said := "Goroutines of " + p.listed(r, k.Groups) + " wait for each other in a circle: for " + units.Duration(k.InsideNs)
	if k.InsideNs > 0 {
		said += ", in " + units.Percent(k.WorkNs, k.InsideNs) + " of which one of them worked and in " + units.Percent(k.TimerNs, k.InsideNs) + " waited for a timer"
	}
	said += ". A timer ended " + units.Counted(k.TimedOut, "more such wait", "more such waits") + ", " + units.Duration(k.TimedOutNs) + " in all"
	if k.TrappedNs > 0 {
		said += "; for " + units.Duration(k.TrappedNs) + " both waited at the same time, each for the other"
	}
	said += "."
	if len(k.At) > 0 {
		said += " The longest: " + plainText(p.moments(k.At[:1])) + "."
	}
	p.wrap(text(alarm, "Knot:  "), hanging(p, "Knot:  "), text(plain, said))
}

// listed names groups in a sentence: at most three, and each once.
func (p *page) listed(r *result.Result, groups []int) string {
	const most = 3
	var names []string
	for _, g := range groups {
		if name := p.groupName(r, g); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	switch n := len(names); {
	case n == 0:
		return units.Counted(int64(len(groups)), "group", "groups")
	case n == 1:
		return names[0]
	case n > most:
		names = append(names[:most], units.Count(int64(n-most))+" more")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
