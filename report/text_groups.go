package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/units"
)

// tableClasses is the classes that tables give a column each. What is missing
// to 100 % is runtime work or unknown.
var tableClasses = []string{"running", "runnable", "blocked-sync", "blocked-io", "timer"}

// classColumns are the columns of the tableClasses; drop counts from first.
func classColumns(first int) []column {
	columns := make([]column, len(tableClasses))
	order := map[string]int{"timer": first, "blocked-io": first + 1, "runnable": first + 2}
	for i, class := range tableClasses {
		columns[i] = column{title: lookOf(class).short, right: true, drop: order[class]}
	}
	return columns
}

// classCells are the shares of engaged time, the largest in its colour.
func classCells(t result.Time) []cell {
	engaged := engagedNs(t)
	cells := make([]cell, len(tableClasses))
	largest := int64(0)
	for _, class := range tableClasses {
		largest = max(largest, engagedClass(t, class))
	}
	for i, class := range tableClasses {
		ns := engagedClass(t, class)
		switch {
		case ns <= 0 || engaged <= 0:
			cells[i] = txt(muted, "–")
		case ns == largest && class != "timer": // its colour is too faint for text
			cells[i] = txt(lookOf(class).tone, units.Percent(ns, engaged))
		default:
			cells[i] = txt(plain, units.Percent(ns, engaged))
		}
	}
	return cells
}

// sharesNote explains the columns of the tableClasses.
const sharesNote = "shares are of it; wait = runnable"

// splitGroups are the groups that did something, by the time of it, those that idled by
// design and those of the runtime.
func splitGroups(r *result.Result) (busy, resting, system []result.Group) {
	for _, g := range r.Groups {
		switch {
		case g.System:
			system = append(system, g)
		case g.Verdict == "at-rest" || engagedNs(g.Time) <= 0:
			resting = append(resting, g)
		default:
			busy = append(busy, g)
		}
	}
	sortGroups(busy)
	return busy, resting, system
}

// drawGroups shows the groups that did something, then those at rest.
func drawGroups(p *page, r *result.Result) {
	busy, resting, system := splitGroups(r)
	if len(busy)+len(resting)+len(system) == 0 {
		return
	}
	note := "by entry function"
	if len(busy) > 0 {
		note += "; TIME is summed, at rest left out; " + sharesNote
	}
	p.heading("GROUPS", note)
	drawBusyGroups(p, busy, criticality(r))
	drawRestingGroups(p, resting)
	drawSystemGroups(p, r, system)
}

// sortGroups orders by engaged time.
func sortGroups(groups []result.Group) {
	slices.SortStableFunc(groups, func(a, b result.Group) int {
		return cmp.Or(compareDesc(engagedNs(a.Time), engagedNs(b.Time)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
}

// criticality is that of all groups: the time in which anything ran.
func criticality(r *result.Result) int64 {
	var sum int64
	for _, g := range r.Groups {
		sum += g.Parallelism.CriticalityNs
	}
	return sum
}

func drawBusyGroups(p *page, groups []result.Group, critical int64) {
	t := table{columns: []column{
		{title: "GROUP", least: 24},
		{title: "N", right: true, drop: 11},
		{title: "TIME", right: true},
	}}
	t.columns = append(t.columns, classColumns(8)...)
	t.columns = append(t.columns,
		column{title: "WORST WAIT p99", drop: 6},
		column{title: "AT ONCE", least: 11, drop: 7},
		column{title: "2+ ON/RAN", right: true, drop: 4},
		column{title: "CRITICAL", right: true, drop: 3},
		column{title: "MOSTLY", drop: 2},
		column{title: "CREATED BY", least: 24, drop: 1})
	shown := groups[:min(len(groups), p.Top)]
	for _, g := range shown {
		t.rows = append(t.rows, p.groupRow(g, critical))
		for _, in := range largestInside(g) {
			t.rows = append(t.rows, p.insideRow(in))
		}
	}
	t.draw(p, 0)
	p.more(len(groups)-len(shown), len(groups), "group", "groups")
	if t.shows("2+ ON/RAN", p.Width) {
		p.wrap(spaces(2), 2, text(muted, "2+ ON/RAN: of the time with one of the group in progress / running, the share with two or more"))
	}
	if t.shows("CRITICAL", p.Width) {
		p.wrap(spaces(2), 2, text(muted, "CRITICAL: the group's share of the time in which anything ran, divided among those that did"))
	}
}

// groupRow is one group; critical is the criticality of all groups together.
func (p *page) groupRow(g result.Group, critical int64) []cell {
	row := []cell{
		textCell{forms: p.funcForms(g.Name)},
		txt(plain, units.Count(int64(g.Count))),
		txt(plain, units.Duration(engagedNs(g.Time))),
	}
	row = append(row, classCells(g.Time)...)
	row = append(row, worstWaitCell(g.Waits))
	row = append(row, p.atOnceCells(g, critical)...)
	return append(row, txt(plain, p.verdictWord(g.Verdict)), textCell{forms: p.creatorForms(g.CreatedBy), tone: muted})
}

// atOnceWords is the verdicts on how much of a group ran at once.
var atOnceWords = map[string][]string{
	"sequential":       {"sequential"},
	"interleaved-only": {"interleaved only", "interleaved"},
	"partly-parallel":  {"partly parallel", "partly"},
	"parallel":         {"parallel"},
}

// atOnceCells say whether members of a group went on and ran at the same time,
// and how much of the time that anything ran is the group's.
func (p *page) atOnceCells(g result.Group, critical int64) []cell {
	cells := make([]cell, 3)
	if g.Parallelism.Verdict == "" {
		return cells
	}
	cells[2] = txt(plain, units.Percent(g.Parallelism.CriticalityNs, critical))
	if g.Count == 1 {
		return cells // it goes without saying
	}
	words, known := atOnceWords[g.Parallelism.Verdict]
	if !known {
		words = []string{p.clean(g.Parallelism.Verdict)}
	}
	cells[0] = textCell{forms: words, start: true}
	cells[1] = txt(plain, units.PercentOf(g.Parallelism.CF)+" / "+units.PercentOf(g.Parallelism.PF))
	return cells
}

// creatorForms are ways to show a go statement. Where library code started the
// goroutine, the program's call that led there follows after "<", and is the
// one to keep.
func (p *page) creatorForms(createdBy string) []string {
	full := p.clean(names.ShortPlace(createdBy))
	_, own, ok := strings.Cut(full, " < ")
	if !ok {
		return []string{full}
	}
	return []string{full, own}
}

// worstWait is the class whose p99 is the highest. Timers are deliberate, and
// count only where nothing else waited. Without any it is -1.
func worstWait(waits result.Latencies) (best look, p99 int64) {
	p99 = -1
	for _, class := range []string{"runnable", "blocked-sync", "blocked-io", "runtime", "timer"} {
		if class == "timer" && p99 >= 0 {
			break
		}
		if l := waits[class]; l.Count > 0 && l.P99Ns > p99 {
			best, p99 = lookOf(class), l.P99Ns
		}
	}
	return best, p99
}

func worstWaitCell(waits result.Latencies) cell {
	best, p99 := worstWait(waits)
	if p99 < 0 {
		return nil
	}
	return txt(plain, best.short+" "+units.Duration(p99))
}

// verdictWord is the verdict on a group as the table's columns call it.
func (p *page) verdictWord(verdict string) string {
	switch verdict {
	case "running":
		return "running"
	case "at-rest":
		return "at rest"
	}
	return p.clean(lookOf(verdict).short)
}

// largestInside is the three largest parts of a group that did something.
func largestInside(g result.Group) []result.Inside {
	parts := slices.Clone(g.Inside)
	parts = slices.DeleteFunc(parts, func(in result.Inside) bool { return engagedNs(in.Time) <= 0 })
	slices.SortStableFunc(parts, func(a, b result.Inside) int {
		return cmp.Or(compareDesc(engagedNs(a.Time), engagedNs(b.Time)), cmp.Compare(a.Func, b.Func))
	})
	return parts[:min(len(parts), 3)]
}

func (p *page) insideRow(in result.Inside) []cell {
	name := textCell{lead: text(muted, " ↳ "), forms: []string{"(the library, or no stack)"}, tone: muted}
	if in.Func != "" {
		name.forms, name.tone = p.funcForms(in.Func), plain
	}
	row := []cell{name, nil, txt(plain, units.Duration(engagedNs(in.Time)))}
	return append(row, classCells(in.Time)...)
}

// more says how many rows were left out, and how to see them.
func (p *page) more(left, all int, one, many string) {
	if left > 0 {
		p.wrap(spaces(2), 2, text(muted, moreText(left, all, one, many)))
	}
}

func moreText(left, all int, one, many string) string {
	return units.Count(int64(left)) + " more " + units.Plural(int64(left), one, many) + " (--top" + units.NBSP + strconv.Itoa(all) + ")"
}

// restRules is why a wait was regarded as idle by design.
var restRules = map[string]string{
	"whole-trace":     "waited throughout",
	"known-site":      "known idle place",
	"idle-connection": "idle connection",
	"parked-workers":  "parked workers",
	"context-watch":   "watch a context",
	"ticker":          "ticker",
	"asked":           "asked for",
	"site-rule":       "site rule",
}

// drawRestingGroups lists the groups that did nothing but idle by design.
func drawRestingGroups(p *page, groups []result.Group) {
	if items := p.restingItems(groups); len(items) > 0 {
		p.wrap(text(strong, "At rest:  "), hanging(p, "At rest:  "), joined(items...))
	}
}

// restingItems are groups with the reasons for which they count as idle by design, those
// of the most goroutines first.
func (p *page) restingItems(groups []result.Group) []line {
	slices.SortStableFunc(groups, func(a, b result.Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	var items []line
	for _, g := range groups[:min(len(groups), p.Top)] {
		item := line{{units.Count(int64(g.Count)) + " × " + p.funcForms(g.Name)[0], plain}}
		if why := p.restRule(g); why != "" {
			item = append(item, span{" (" + why + ")", muted})
		}
		items = append(items, item)
	}
	if left := len(groups) - p.Top; left > 0 {
		items = append(items, text(muted, units.Counted(int64(left), "more group", "more groups")))
	}
	return items
}

// restRule is the rule behind the most of a group's rest.
func (p *page) restRule(g result.Group) string {
	if len(g.AtRest) == 0 {
		return ""
	}
	most := slices.MaxFunc(g.AtRest, func(a, b result.AtRest) int { return cmp.Compare(a.TotalNs, b.TotalNs) })
	if words, ok := restRules[most.Rule]; ok {
		return words
	}
	return p.clean(most.Rule)
}

// drawSystemGroups sums up the goroutines of the runtime and of the tracer.
func drawSystemGroups(p *page, r *result.Result, groups []result.Group) {
	if len(groups) == 0 {
		return
	}
	n := 0
	for _, g := range groups {
		n += g.Count
	}
	p.wrap(text(strong, "Runtime:  "), hanging(p, "Runtime:  "), text(plain,
		units.Counted(int64(n), "goroutine", "goroutines")+" of the runtime and the tracer ran for "+units.Duration(r.SystemTime.RunningNs)+"; not counted above"))
}
