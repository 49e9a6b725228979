package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

// mdTable is a section with a table.
type mdTable struct {
	title     md
	about     string // what the numbers are, before the table
	columns   []mdColumn
	one, many string // what an item is, for sentences
	// all is how many items there are, and n how many of them were asked for. Row makes
	// the rows of one: there can be too many to make all.
	all, n int
	rows   func(i int) [][]md
	open   bool     // never folded
	notes  []string // behind the table
}

type mdColumn struct {
	title md
	right bool // numbers
}

// longTable is from how many rows on a table is folded.
const longTable = 6

// addTable writes as many items as there is room for in half of what is left, so that
// something is left for those that follow.
func (m *markdown) addTable(t mdTable) {
	if t.n == 0 {
		return
	}
	lines, shown, rows := m.tableLines(t, m.room()/2-size(t.notes)-len(t.about))
	if shown == 0 || !m.add(m.tableBlocks(t, lines, rows)...) {
		shown = 0
	}
	m.leave(t.n-shown, t.one, t.many)
}

// tableBlocks is a table with its heading and notes, folded if it is long.
func (m *markdown) tableBlocks(t mdTable, lines string, rows int) []string {
	blocks := append([]string{m.say(t.about), lines}, t.notes...)
	if left := t.all - t.n; left > 0 {
		blocks = append(blocks, m.say(moreText(left, t.all, t.one, t.many)))
	}
	if rows > longTable && !t.open {
		blocks = fold(md(units.Count(int64(t.all))+" "+t.many), blocks...)
	}
	return slices.Insert(blocks, 0, "### "+string(t.title))
}

// tableLines is a table with as many items as fit into some bytes, how many these are and
// how many rows they take.
func (m *markdown) tableLines(t mdTable, room int) (lines string, items, rows int) {
	title, rule := make([]md, len(t.columns)), make([]md, len(t.columns))
	for i, c := range t.columns {
		title[i], rule[i] = c.title, "---"
		if c.right {
			rule[i] = "---:"
		}
	}
	lines = tableRow(title) + "\n" + tableRow(rule)
	for i := range t.n {
		made, more := t.rows(i), ""
		for _, row := range made {
			more += "\n" + tableRow(row)
		}
		if len(lines)+len(more) > room {
			return lines, i, rows
		}
		lines += more
		rows += len(made)
	}
	return lines, t.n, rows
}

// tableRow is a line of a table.
func tableRow(cells []md) string {
	var b strings.Builder
	b.WriteByte('|')
	for _, c := range cells {
		b.WriteString(" " + tableCell(c) + " |")
	}
	return b.String()
}

// plainCell is a cell of the text report as it reads where there is room.
func (m *markdown) plainCell(c cell) md {
	if c == nil {
		return ""
	}
	return md(plainText(c.draw(m.page, c.natural())))
}

// markdownTime shows where the goroutines' time went.
func markdownTime(m *markdown, r *result.Result) {
	shares, engaged := engagedShares(r.Time)
	resting := plainText(m.restInBrief(r))
	if resting != "" {
		resting += "."
	}
	if engaged <= 0 {
		if resting != "" {
			m.add("### Where the time went", m.say(resting))
		}
		return
	}
	t := mdTable{
		title: "Where the time went", one: "class of time", many: "classes of time", open: true,
		about:   "Summed over the goroutines. What is at rest, idle by design, counts apart.",
		columns: []mdColumn{{title: "Goroutines were"}, {"Time", true}, {"Share", true}, {title: "Mostly"}},
	}
	rests := r.Time.AtRestNs > 0
	if rests {
		t.columns = append(t.columns, mdColumn{"At rest besides", true})
	}
	shares = slices.DeleteFunc(shares, func(s share) bool { return s.ns <= 0 && restOf(r.Time, s.look) <= 0 })
	t.all, t.n = len(shares), len(shares)
	t.rows = func(i int) [][]md {
		s := shares[i]
		row := []md{md(s.look.label), m.plainCell(timeCell(s.ns)), "–", ""}
		if s.ns > 0 {
			row[2] = md(units.Percent(s.ns, engaged))
		}
		if forms := m.kindForms(s); len(forms) > 0 {
			row[3] = m.prose(forms[0])
		}
		if rests {
			row = append(row, m.plainCell(timeCell(restOf(r.Time, s.look))))
		}
		return [][]md{row}
	}
	for _, note := range append(timeNotes(r.Time), resting) {
		if note != "" {
			t.notes = append(t.notes, m.say(note))
		}
	}
	m.addTable(t)
}

// restOf is the time of a look that is at rest.
func restOf(t result.Time, l look) int64 {
	var ns int64
	for key, rest := range t.AtRestKinds {
		class, kind, _ := strings.Cut(key, "/")
		if kernel := isKernel(kindTime{class: class, kind: kind}); kernel && l.class == "" || !kernel && class == l.class {
			ns += rest
		}
	}
	return ns
}

// keyFacts are the facts about the processors that a summary has room for, and how they
// read outside their list.
var keyFacts = []struct {
	label string
	said  md
}{
	{"On average", "On average"},
	{"Efficiency", "Efficiency"},
	{"One at a time", "One at a time"},
	{"On a core", "On a core"},
	{"  idle while", "Ps idled while"},
	{"Waiting for a P", "Waiting for a P"},
	{"  because", "They waited because"},
	{"  who ran instead", "Who ran instead"},
}

// markdownParallelism shows what the program did at each instant, and how much ran at
// once.
func markdownParallelism(m *markdown, r *result.Result) {
	parts, whole := wallParts(r)
	t := mdTable{
		title: "Parallelism", one: "label", many: "labels", open: true,
		about:   "Each instant of the " + units.Duration(whole) + " has one label; goroutines at rest left out.",
		columns: []mdColumn{{title: "The program was"}, {"Share", true}, {"Time", true}, {title: "That is"}},
	}
	t.all, t.n = len(parts), len(parts)
	t.rows = func(i int) [][]md {
		l := parts[i]
		return [][]md{{m.prose(l.Label), md(units.Percent(l.Ns, whole)), md(units.Duration(l.Ns)), m.prose(m.causeForms(wallLabels[l.Label], l.Ns, r.Concurrency)[0])}}
	}
	if facts := m.facts(r); len(facts) > 0 {
		if len(parts) == 0 {
			m.add("### Parallelism", list(facts), pMeans)
			return
		}
		t.notes = []string{list(facts), pMeans}
	}
	m.addTable(t)
}

const pMeans = "A P is what the scheduler runs goroutines on; there are GOMAXPROCS of them."

// facts are the key numbers.
func (m *markdown) facts(r *result.Result) []md {
	var items []md
	if buckets, total := filledBuckets(r); total > 0 {
		var shares []string
		for _, b := range buckets {
			shares = append(shares, b.label(mostProcessors(r))+" for "+units.Percent(b.ns, total))
		}
		items = append(items, "**Running at once:** "+m.prose(strings.Join(shares, ", ")+" of the time"))
	}
	known := m.processorFacts(r)
	for _, key := range keyFacts {
		for _, f := range known {
			if said := plainText(f.text); f.label == key.label && said != "" {
				items = append(items, "**"+key.said+":** "+m.prose(said))
			}
		}
	}
	if gc := append(m.gcCycles(r), m.gcWork(r.GC)...); len(gc) > 0 {
		items = append(items, "**GC cycles:** "+m.prose(plainText(joined(gc...))))
	}
	return items
}

// classTitles are the columns of the tableClasses.
func classTitles() []mdColumn {
	columns := make([]mdColumn, len(tableClasses))
	for i, class := range tableClasses {
		columns[i] = mdColumn{md(upperFirst(lookOf(class).word)), true}
	}
	return columns
}

// classShares are their cells.
func (m *markdown) classShares(t result.Time) []md {
	cells := make([]md, len(tableClasses))
	for i, c := range classCells(t) {
		cells[i] = m.plainCell(c)
	}
	return cells
}

// markdownGroups shows the groups that did something; those at rest follow in a line.
func markdownGroups(m *markdown, r *result.Result) {
	busy, resting, _ := splitGroups(r)
	t := mdTable{
		title: "Groups", one: "group", many: "groups", all: len(busy), n: min(len(busy), m.Top),
		about:   "Goroutines by entry function; times are summed, at rest left out, and shares are of them.",
		columns: slices.Concat([]mdColumn{{title: "Group"}, {"N", true}, {"Time", true}}, classTitles(), []mdColumn{{"Worst wait, p99", true}, {title: "At once"}}),
	}
	t.rows = func(i int) [][]md {
		g := busy[i]
		row := []md{m.code(m.funcForms(g.Name)[0]), md(units.Count(int64(g.Count))), md(units.Duration(engagedNs(g.Time)))}
		worst, once := md(""), ""
		if l, ns := worstWait(g.Waits); ns >= 0 {
			worst = md(l.word + " " + units.Duration(ns))
		}
		if c := m.atOnceCells(g, 0)[0]; c != nil {
			once = string(m.plainCell(c))
		}
		rows := [][]md{slices.Concat(row, m.classShares(g.Time), []md{worst, m.prose(once)})}
		for _, in := range largestInside(g) {
			rows = append(rows, slices.Concat(
				[]md{"↳ " + m.insideName(in), "", md(units.Duration(engagedNs(in.Time)))}, m.classShares(in.Time), []md{"", ""}))
		}
		return rows
	}
	if items := m.restingItems(resting); len(items) > 0 {
		rest := "At rest: " + plainText(joined(items...))
		if t.n == 0 {
			m.add("### Groups", m.say(rest))
			return
		}
		t.notes = append(t.notes, m.say(rest))
	}
	m.addTable(t)
}

func (m *markdown) insideName(in result.Inside) md {
	if in.Func == "" {
		return "(the library, or no stack)"
	}
	return m.code(m.funcForms(in.Func)[0])
}

// markdownSites shows where goroutines waited longest in all.
func markdownSites(m *markdown, r *result.Result) {
	var sites []result.Site
	for _, s := range r.Sites {
		if s.TotalNs > 0 && slices.Contains(waitClasses, s.Class) {
			sites = append(sites, s)
		}
	}
	slices.SortStableFunc(sites, func(a, b result.Site) int {
		return cmp.Or(compareDesc(a.TotalNs, b.TotalNs), compareDesc(a.Waits, b.Waits))
	})
	t := mdTable{
		title: "Waits", one: "place", many: "places", all: len(sites), n: min(len(sites), m.Top),
		about:   "The places in the code with the most waiting, at rest left out, and what mostly filled it.",
		columns: []mdColumn{{title: "Kind"}, {title: "Where"}, {"Waits", true}, {"Total", true}, {"p99", true}, {"Max", true}, {title: "Mostly"}},
	}
	t.rows = func(i int) [][]md {
		s := sites[i]
		return [][]md{{
			m.prose(cmp.Or(s.Kind, s.Class)), m.where(s), md(units.Count(s.Waits)), md(units.Duration(s.TotalNs)),
			md(units.Duration(s.P99Ns)), md(units.Duration(s.MaxNs)), m.largest(s.Pieces, s.TotalNs, m.groupsOf(r)),
		}}
	}
	m.addTable(t)
}

// where is a place, by what the user calls it before what it is in the code.
func (m *markdown) where(s result.Site) md {
	place := m.prose(m.place(s.Frames))
	if s.Rule != nil && s.Rule.Name != "" {
		return m.prose(s.Rule.Name+":") + " " + place
	}
	return place
}

// markdownQueues shows the locks and the channels.
func markdownQueues(m *markdown, r *result.Result) {
	locks, channels := splitQueues(r)
	t := mdTable{
		title: "Locks and channels", one: "lock or channel", many: "locks and channels",
		all: len(locks) + len(channels), n: min(len(locks), m.Top) + min(len(channels), m.Top),
		about: queuesNote + " Busy is the share of the time in which somebody waited, Ps idled what of their time nobody used meanwhile.",
		columns: []mdColumn{{title: "What"}, {title: "Waited for in"}, {"Waits", true}, {"Total", true}, {"Most at once", true},
			{"Busy", true}, {"Ps idled", true}, {title: "Besides"}},
	}
	locks = locks[:min(len(locks), m.Top)]
	t.rows = func(i int) [][]md {
		if i < len(locks) {
			return [][]md{m.queueRow(r, locks[i], "lock", m.lockNote(locks[i]))}
		}
		c := channels[i-len(locks)]
		return [][]md{m.queueRow(r, c, "channel", m.channelNote(r, c))}
	}
	m.addTable(t)
}

func (m *markdown) queueRow(r *result.Result, c result.SiteClass, what md, how line) []md {
	where := md("?")
	if len(c.Sites) > 0 && c.Sites[0] >= 0 && c.Sites[0] < len(r.Sites) {
		where = m.where(r.Sites[c.Sites[0]])
	}
	return []md{
		what, where, md(units.Count(c.Waits)), md(units.Duration(c.TotalNs)), md(units.Count(int64(c.MostWaiting))),
		md(units.Percent(c.BusyNs, r.Scope.DurationNs())), md(units.Percent(c.IdleBlockedNs, r.Scheduler.PTimeNs.Sum())), m.prose(plainText(how)),
	}
}

func markdownTasks(m *markdown, r *result.Result) {
	m.spans(r, "Tasks", "tasks", r.Tasks, "(began before the trace)")
}

func markdownRegions(m *markdown, r *result.Result) {
	m.spans(r, "Regions", "regions", r.Regions, "(unnamed)")
}

// spans shows tasks or regions by type. Unnamed is what those without a type are called.
func (m *markdown) spans(r *result.Result, title md, what string, all []result.Span, unnamed md) {
	all = sortedSpans(all)
	t := mdTable{
		title: title, one: "type of " + what, many: "types of " + what, all: len(all), n: min(len(all), m.Top),
		about:   "Lengths are of those that began and ended in the trace (done).",
		columns: []mdColumn{{title: "Type"}, {"N", true}, {"Done", true}, {"Median", true}, {"p99", true}, {"Max", true}, {title: "Mostly"}},
	}
	t.rows = func(i int) [][]md {
		s := all[i]
		row := []md{cmp.Or(m.code(s.Type), unnamed), md(units.Count(s.Count)), md(units.Count(s.Complete)), "", "", "", ""}
		if s.Duration.Count > 0 {
			row[3], row[4], row[5] = md(units.Duration(s.Duration.P50Ns)), md(units.Duration(s.Duration.P99Ns)), md(units.Duration(s.Duration.MaxNs))
		}
		if s.Path != nil && s.Path.Ns > 0 {
			row[6] = m.largest(s.Path.Pieces, s.Path.Ns, m.groupsOf(r))
		}
		return [][]md{row}
	}
	m.addTable(t)
}

// markdownGoroutines shows single goroutines, if they were asked for.
func markdownGoroutines(m *markdown, r *result.Result) {
	if !m.Goroutines {
		return
	}
	user := userGoroutines(r)
	t := mdTable{
		title: "Goroutines", one: "goroutine", many: "goroutines", all: len(user), n: min(len(user), m.Top),
		about:   "Longest held up first; times are without rest, and shares are of them.",
		columns: slices.Concat([]mdColumn{{"ID", true}, {title: "Entry"}, {"Time", true}}, classTitles()),
	}
	t.rows = func(i int) [][]md {
		g := user[i]
		return [][]md{slices.Concat(
			[]md{md(strconv.FormatInt(g.ID, 10)), m.code(m.funcForms(g.Name)[0]), md(units.Duration(engagedNs(g.Time)))}, m.classShares(g.Time))}
	}
	m.addTable(t)
}
